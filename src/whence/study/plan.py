"""The plan of a study: all its jobs, what each stands for, and the datasets they are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from whence.data import Dataset
from whence.study.job import Job
from whence.study.study_file import StudyFile
from whence.training.recipe import Origin, Recipe


@dataclass(frozen=True)
class Entry:
    """A job and what it stands for in the study's tables."""

    job: Job
    source: str
    backbone: str
    recipe: str
    seed: int
    target: str = ""  # empty for a pretraining
    source_recipe: str = ""
    fold: int = -1


@dataclass(frozen=True)
class Plan:
    """All jobs of a study, in the order in which they are best run, and the datasets they are about."""

    study: StudyFile
    pretrainings: list[Entry]
    finetunings: list[Entry]
    sources: dict[str, Dataset]  # label → dataset, for the sources that are datasets
    targets: dict[str, Dataset]
    trained_on: dict[str, str] = field(default_factory=dict)  # source's label → what other studies call it
    recipes: dict[tuple[str, str], Recipe] = field(
        default_factory=dict
    )  # (target's label, recipe's name) → recipe
    origins: dict[tuple[str, str], dict[str, Origin]] = field(default_factory=dict)  # its fields' origins
    notes: list[str] = field(default_factory=list)  # what a user is told before the jobs begin
    warnings: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """Pretrainings first: they are the longest, and much waits for them."""
        return [*self.pretrainings, *self.finetunings]

    @property
    def keys(self) -> set[str]:
        """The keys of all jobs that the study asks for."""
        return {entry.job.key for entry in self.entries}
