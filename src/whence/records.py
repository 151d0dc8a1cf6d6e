"""The one schema of every table, file and JSON document: frozen records without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# One NaN for all, so that equal records compare equal. Tables from before a field existed lack its column.
NOT_MEASURED = float("nan")


@dataclass(frozen=True, slots=True)
class Card:
    """Facts about a dataset or checkpoint that its pixels do not tell.

    `expected` are the real counts, `printed` those that the paper prints where the two disagree;
    `trained_on` is the name of what a checkpoint learned from.
    """

    name: str
    title: str = ""
    origin: str | None = None  # "medical" or "natural"
    modality: str | None = None
    licence: str | None = None
    citation: str | None = None
    url: str | None = None
    trained_on: str | None = None
    preprocessing: str | None = None
    derivation: str | None = None  # how it was made from another dataset
    obtain: str | None = None  # where it comes from, and what a person must do to have it
    verified: str | None = None  # what tells that the files are the right ones
    expected: dict[str, int] = field(default_factory=dict)
    printed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the data that can spoil a study. `severity` is "info", "warning" or "error".

    `example` names images by path: it is for their owner's eyes, and enters no page.
    """

    severity: str
    what: str
    advice: str
    example: str = ""

    def told(self) -> str:
        """What was found, with its example."""
        return f"{self.what} (such as {self.example})" if self.example else self.what

    def __str__(self) -> str:
        """One line for a terminal: severity, what was found, and advice."""
        return f"{self.severity}: {self.told()}. {self.advice[:1].upper()}{self.advice[1:]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measured fold of one source on one target.

    AUCs are one-vs-rest, weighted by class priors, in [0, 1]; accuracies are shares in [0, 1]; higher is better. Those
    without a prefix are of the test images. `job` is the key of the job that measured it; equal keys mean equal
    inputs, so equal results. `energy_kwh` and `co2_g` (grams) are NaN where they were not measured.
    """

    study: str
    source: str
    source_recipe: str  # short hash of the recipe that pretrained the source; "" for ready weights and none
    target: str
    target_variant: str  # "" for the whole dataset
    backbone: str
    recipe: str
    fold: int
    seed: int
    auc: float
    accuracy: float
    validation_auc: float
    validation_accuracy: float
    train_auc: float
    train_accuracy: float
    converged: bool
    epochs: int
    train_images: int
    test_images: int
    seconds: float
    note: str
    device: str
    host: str
    job: str
    energy_kwh: float = NOT_MEASURED  # estimated by codecarbon where that was asked for
    co2_g: float = NOT_MEASURED
    engine: str = ""  # that ran the job; "" where it was not written down


@dataclass(frozen=True, slots=True)
class Pretraining:
    """What a source's own network reached on its own split (the paper's Table II). Fields as those of `Outcome`."""

    study: str
    source: str
    backbone: str
    recipe: str
    seed: int
    auc: float
    accuracy: float
    validation_auc: float
    validation_accuracy: float
    train_auc: float
    train_accuracy: float
    converged: bool
    epochs: int
    train_images: int
    test_images: int
    seconds: float
    note: str
    device: str
    host: str
    job: str
    energy_kwh: float = NOT_MEASURED  # estimated by codecarbon where that was asked for
    co2_g: float = NOT_MEASURED
    engine: str = ""  # that ran the job; "" where it was not written down


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One epoch of one job.

    `loss` and `train_accuracy` are those of the batches that were learned from, moved images and dropout included; the
    others are measured after the epoch. The test's steers nothing.
    """

    job: str
    epoch: int  # from 1
    loss: float  # mean training loss over the epoch
    validation_auc: float
    test_auc: float
    train_accuracy: float = NOT_MEASURED
    validation_accuracy: float = NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Prediction:
    """One test image of one fold. `image` is the hash of its content, never a file name.

    `label` numbers the classes; `probabilities` has one entry per class, summing to 1.
    """

    job: str
    fold: int
    image: str
    label: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a measure, with its 90 % interval where one was computed.

    Of a distance, `source` and `target` are the two datasets. `seconds` are the measure's own, without those that
    extracting features took.
    """

    measure: str
    kind: str  # "distance" (lower is closer) or "score" (higher is better)
    source: str
    target: str
    value: float
    low: float | None
    high: float | None
    seconds: float


def column_names(record: type) -> list[str]:
    """The names of a record's fields, in order: the header of its table."""
    return [f.name for f in fields(record)]


def as_row(record: Any) -> dict[str, Any]:
    """A record as a plain dictionary, in the order of its fields."""
    return {name: getattr(record, name) for name in column_names(type(record))}
