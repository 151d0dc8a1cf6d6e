"""The few functions and classes that people import: `import whence; whence.rank("xrays/")`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from whence.data import Dataset, open_dataset
from whence.errors import InputError, WorkFailed
from whence.nets.forward import check_device
from whence.records import Outcome, Pretraining, Value, as_row
from whence.study.driver import Status
from whence.study.engines import make_engine
from whence.study.study_file import StudyFile, make_study, read_study_file

if TYPE_CHECKING:
    import pandas as pd

    from whence.recommend.distances import Distances
    from whence.recommend.scoring import Scores
    from whence.report.paper import PaperAnalysis
    from whence.report.verdict import Verdict
    from whence.study.cost import Cost, Price
    from whence.study.engines import Engine
    from whence.study.forecast import Forecast
    from whence.study.merging import Conflict
    from whence.study.plan import Plan
    from whence.study.watching import Watcher

__all__ = [
    "Checkpoint",
    "Ranking",
    "Study",
    "distance",
    "distances",
    "finetune",
    "open_dataset",
    "pretrain",
    "rank",
    "score",
    "scores",
]

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing: the progress of a function called from Python."""


@dataclass(frozen=True)
class Checkpoint:
    """A pretrained network on disk and how good it was at its own task."""

    path: Path
    row: Pretraining

    @property
    def source(self) -> str:
        """The name under which a study or `finetune` takes it as source."""
        return f"file:{self.path}"


def pretrain(
    source: Dataset | str | Path,
    *,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    energy: str | None = None,
    say: Say = silent,
) -> Checkpoint:
    """Train `backbone` on a source dataset (one grouped, stratified 80–10–10 split) and keep the checkpoint.

    The same call again returns the checkpoint that is there. `energy`, a country's code (NLD, USA …), measures energy
    and carbon with codecarbon. Raises `InputError` for what cannot be opened,
    `WorkFailed` with the reason if training failed.
    """
    from whence.study.single import pretrain_plan, run_plan
    from whence.study.work import checkpoint_path

    plan = pretrain_plan(source, backbone, recipe, seed, check_device(device), say, energy)
    found = run_plan(plan, make_engine(engine, device=check_device(device)), say)[0]
    assert isinstance(found, Pretraining)
    return Checkpoint(checkpoint_path(found.job), found)


def finetune(
    source: Checkpoint | Dataset | str | Path,
    target: Dataset | str | Path,
    *,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    folds: int | Literal["official"] = 5,
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    workers: int | None = None,
    energy: str | None = None,
    say: Say = silent,
) -> list[Outcome]:
    """Fine-tune a source on a target, fold by fold; return one outcome per fold.

    A source that is a dataset is pretrained on first. What was measured before is not measured again. `energy`, a
    country's code (NLD, USA …), measures energy and carbon with codecarbon.
    """
    from whence.study.single import finetune_plan, run_plan

    if isinstance(source, Checkpoint):
        source = source.source
    plan = finetune_plan(source, target, backbone, recipe, folds, seed, check_device(device), say, energy)
    chosen = make_engine(engine, workers=workers, device=check_device(device))
    return [row for row in run_plan(plan, chosen, say) if isinstance(row, Outcome)]


def look(
    source: Checkpoint | Dataset | str | Path,
    target: Dataset | str | Path,
    folder: str | Path,
    *,
    layer: str | None = None,
    with_images: bool = False,
    images: int = 8,
    fold: int = 1,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    folds: int | Literal["official"] = 5,
    seed: int = 1,
    device: str = "auto",
    say: Say = silent,
) -> dict[str, Any]:
    """Draw where the network of one fine-tuned fold looks, into `folder`: the document of `whence look --json`.

    The fold is trained again, to the same bits as `finetune` does on the same machine. Only `with_images` draws
    pictures in which images of the target can be seen. Raises `InputError` for an unknown layer or fold.
    """
    from whence.study.looking import look_fold
    from whence.study.single import finetune_plan

    if isinstance(source, Checkpoint):
        source = source.source
    plan = finetune_plan(source, target, backbone, recipe, folds, seed, check_device(device), say)
    return look_fold(plan, fold, Path(folder), layer, images if with_images else 0, say)


@dataclass(frozen=True)
class Ranking:
    """Sources for one target, best first. `document` is what `whence rank --json` prints."""

    document: dict[str, Any]

    @property
    def best(self) -> str:
        """The source that is ranked first."""
        return str(self.document["ranking"][0]["source"])

    def to_frame(self) -> pd.DataFrame:
        """One row per source, best first: source, predicted, low, high, transferability, p_best, reasons."""
        import pandas as pd

        return pd.DataFrame(self.document["ranking"])

    def report(self, path: str | Path) -> Path:
        """Write the ranking as one self-contained HTML page; return its path."""
        from whence.paths import replacing
        from whence.report.ranking_page import render_ranking

        with replacing(Path(path)) as file:
            file.write(render_ranking(self.document))
        return Path(path)


def rank(
    target: Dataset | str | Path,
    *,
    sources: Sequence[str] | None = None,
    backbone: str = "resnet50",
    size: int = 64,
    folds: int = 5,
    budget: str | None = None,
    recipe: str | Mapping[str, Any] = "small",
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    workers: int | None = None,
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Ranking:
    """Rank sources for a target on the evidence there is: published outcomes, a probe of each source's features
    on the target, outcomes measured on this target before, and, where `budget` allows for it, a race.

    Without `sources`, the candidates are the checkpoints of this backbone in the cache, ImageNet's weights if
    they can be had, and `none`. `budget`, such as "30m" or "k=3" (as much as fine-tuning three sources), is what short
    fine-tunings by `recipe` at `size` may cost; the same call goes on with a race that was cut off. Raises `InputError`
    for what cannot be opened or has too few images, `WorkFailed` where a fine-tuning failed.
    """
    from whence.knowledge import known_outcomes
    from whence.recommend.candidates import find_candidates
    from whence.recommend.racing import read_budget, run_race
    from whence.recommend.ranking import document
    from whence.recommend.situation import look_at

    allowed = read_budget(budget) if budget else None
    if not isinstance(target, Dataset):
        target = open_dataset(target, skip_unreadable=skip_unreadable)
    device = check_device(device)
    found = find_candidates(
        target, sources, backbone, size=size, folds=folds, seed=seed, device=device, say=say
    )
    known = known_outcomes(without_target=target.fingerprint)
    situation = look_at(found.candidates, known, target.name, seed=seed)
    if allowed is None:
        return Ranking(document(found.candidates, situation, target.name))
    settings = {"base": recipe} if isinstance(recipe, str) else dict(recipe)
    with closing(make_engine(engine, workers=workers, device=device)) as chosen:
        raced = run_race(
            target, found.starts, situation, allowed, chosen, backbone=backbone, recipe=settings | {"size": size},
            folds=folds, seed=seed, device=device, say=say,
        )  # fmt: skip
    answer = document(found.candidates, situation, target.name, raced.runs)
    return Ranking(answer | {"race": raced.document(situation, allowed)})


def score(
    measure: str,
    source: Checkpoint | str | Path,
    target: Dataset | str | Path,
    *,
    layer: str = "penultimate",
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    draws: int = 50,
    say: Say = silent,
) -> Value:
    """One score of a source on a target: `.value`, its 90 % interval `.low` to `.high`, and `.seconds`.

    Arguments as for `scores`. Raises `InputError` where the measure does not apply, saying why.
    """
    found = scores(
        target, [source], measures=[measure], layers=[layer], backbone=backbone, size=size, seed=seed, device=device,
        draws=draws, say=say,
    )  # fmt: skip
    return found.values[0].value


def scores(
    target: Dataset | str | Path,
    sources: Sequence[Checkpoint | str | Path],
    *,
    measures: Sequence[str] = (),
    layers: Sequence[str] = ("penultimate",),
    backbone: str = "resnet50",
    size: int = 64,
    folds: int = 5,
    seed: int = 1,
    device: str = "auto",
    draws: int = 50,
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Scores:
    """Transferability scores of sources on a target, ranked within each measure; all that apply without `measures`.

    Sources are named as for `rank`; a dataset must have been pretrained on. A checkpoint that says of which backbone it
    is, is read as that one. `draws` is the number of half samples behind each interval (0: none). Raises
    `InputError` for what cannot be opened, an unknown measure or layer, and where no measure applies.
    """
    from whence.recommend.scoring import Settings, score_sources

    if not sources:
        raise InputError("a source and a target are needed: give at least one source before the target")
    if not isinstance(target, Dataset):
        target = open_dataset(target, skip_unreadable=skip_unreadable)
    names = [source.source if isinstance(source, Checkpoint) else str(source) for source in sources]
    settings = Settings(tuple(layers), size, folds, seed, check_device(device), draws)
    return score_sources(target, names, backbone, measures=measures, settings=settings, say=say)


def scores_document(found: Scores) -> dict[str, Any]:
    """The document of `whence score --json`."""
    return {
        "values": [
            {
                **as_row(row.value),
                "layer": row.layer,
                "backbone": row.backbone,
                "rank": row.rank,
                "note": row.note,
            }
            for row in found.values
        ],
        "left_out": [{"measure": m, "source": s, "reason": why} for m, s, why in found.left_out],
    }


def distance(
    measure: str,
    a: Dataset | str | Path,
    b: Dataset | str | Path,
    *,
    probe: Checkpoint | str = "imagenet",
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    say: Say = silent,
) -> Value:
    """One distance between two datasets: `.value`, its 90 % interval `.low` to `.high`, and `.seconds`.

    Arguments as for `distances`, which also gives the noise floor that a distance has to be compared with. Raises
    `InputError` where the measure does not apply, saying why.
    """
    found = distances(
        [a, b],
        measures=[measure],
        probe=probe,
        backbone=backbone,
        size=size,
        seed=seed,
        device=device,
        say=say,
    )
    return found.values[0].value


def distances(
    datasets: Sequence[Dataset | str | Path],
    *,
    matrix: bool = False,
    measures: Sequence[str] = (),
    probe: Checkpoint | str = "imagenet",
    protocol: str = "halves",
    labels: int | str = 1,
    images: int | None = None,
    ratings: str | Path | None = None,
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Distances:
    """Distances between two datasets, or with `matrix` between any two of many, each beside its noise floor.

    All distances that apply without `measures`. `probe` is the network that looks at the images, named as a source of
    `rank`. Between two datasets a value is of all images; in a matrix, of samples that are of one size for all,
    `images` each (by default half of the smallest dataset, 500 at most). `protocol` and `labels` are Task2Vec's: see
    `whence.features.task2vec.embed`. `ratings` is the folder of experts' answers (`whence rate -o`); the automatic
    rater answers what nobody did. Raises `InputError` for what cannot be opened, an unknown measure, and where no
    measure applies.
    """
    from whence.recommend.distances import measure_distances
    from whence.recommend.seen import Settings

    if not matrix and len(datasets) != 2:
        raise InputError(
            f"a distance takes two datasets, or more with --matrix (matrix=True); {len(datasets)} given"
        )
    opened = [
        d if isinstance(d, Dataset) else open_dataset(d, skip_unreadable=skip_unreadable) for d in datasets
    ]
    found = measure_distances(
        opened,
        raters=_raters(opened, measures, ratings, seed, say),
        measures=measures,
        probe=probe.source if isinstance(probe, Checkpoint) else probe,
        backbone=backbone,
        whole=not matrix,
        settings=Settings(size, images, protocol, _labels(labels), seed, check_device(device)),
        say=say,
    )
    return found if ratings else _without_people(found)


def _without_people(found: Distances) -> Distances:
    """The same, with a note where experts are asked and nobody has answered."""
    from whence.measures import get

    note = "no expert was asked (--ratings): the automatic rater's answers"
    asking = [
        row if "raters" not in get(row.value.measure).needs else replace(row, note=note)
        for row in found.values
    ]
    return replace(found, values=asking)


def _raters(
    datasets: Sequence[Dataset], measures: Sequence[str], ratings: str | Path | None, seed: int, say: Say
) -> list[Any]:
    """The experts' answers about each dataset, where a measure asks for them."""
    from whence.measures import get

    if measures and not any("raters" in get(name).needs for name in measures):
        return []
    from whence.rating import answers_about

    return answers_about(datasets, Path(ratings) if ratings else None, seed=seed, say=say)


def _labels(given: int | str) -> int | Literal["exact"]:
    """How many labels Task2Vec draws, as typed or as given."""
    if given == "exact":
        return "exact"
    if (isinstance(given, str) and not given.isascii()) or not str(given).isdigit() or int(given) < 1:
        raise InputError(f"labels is {given!r}; accepted is exact, or how many labels to draw per image")
    return int(given)


def distances_document(found: Distances) -> dict[str, Any]:
    """The document of `whence distance --json`."""
    return {
        "values": [
            {
                **as_row(row.value),
                "sampled": row.sampled,
                "noise": row.noise,
                "noise_high": row.noise_high,
                "below_noise": row.below_noise,
                "images": row.images,
                "note": row.note,
            }
            for row in found.values
        ],
        "noise": [as_row(row) for row in found.noise],
        "left_out": [
            {"measure": m, "source": a, "target": b, "reason": why} for m, a, b, why in found.left_out
        ],
    }


def draw_distances(found: Distances, path: str | Path) -> Path:
    """Write distances as clustered heat maps, one per measure: .svg, .pdf, .png or .html; return the path."""
    from whence.report.distances import draw

    draw(found, Path(path))
    return Path(path)


def add_knowledge(what: str | Path, *, device: str = "auto") -> str:
    """Add a study's outcomes (its file) or a table of outcomes (CSV) to the knowledge base; the name it is kept under.

    Raises `InputError` for a file that is neither, lacks a column, or holds no outcome.
    """
    from whence.knowledge import remember
    from whence.knowledge.tables import read_outcomes

    path = Path(what)
    if path.suffix in (".yaml", ".yml"):
        kept = Study.from_file(path).remember(device=device)
        if kept is None:
            raise InputError(
                f"the study of {str(path)!r} has no outcome yet; run it first: whence study run {path}"
            )
        return kept
    return remember(path.stem, read_outcomes(path), str(path.absolute()))


def evaluate_knowledge(
    outcomes: str | Path | None = None, scores: str | Path | None = None, *, apart: str = "target"
) -> dict[str, Any]:
    """How well each way of ranking does on targets left out in turn: the document of `whence knowledge evaluate`.

    Without `outcomes` (and `scores`) the published ones of Juodelyte et al. (2024) judge. See
    `recommend.evaluation.evaluate` for what the columns must be. Raises `InputError`.
    """
    import pandas as pd

    from whence.errors import unknown_name
    from whence.knowledge import published_outcomes, published_scores
    from whence.knowledge.tables import read_outcomes, read_scores
    from whence.recommend.evaluation import TRIES, evaluate, evaluation_document

    if apart not in ("target", "family"):
        raise unknown_name("way to leave out", apart, ["target", "family"])
    if outcomes is None:
        table, known = published_outcomes(), published_scores()
        table = table[table["study"] == "juodelyte2024"]
    else:
        table = read_outcomes(Path(outcomes))
        known = pd.DataFrame(columns=["measure", "source", "target", "value"])
    if scores is not None:
        known = read_scores(Path(scores))
    return evaluation_document(evaluate(table, known, apart=apart, races=TRIES))  # type: ignore[arg-type]


def analyse_paper(folder: str | Path | None = None) -> PaperAnalysis:
    """Recompute the paper's tables, figures and correlations from its published outcomes; write them into `folder`."""
    from whence.report.paper import analyse
    from whence.report.paper_page import write_paper

    found = analyse()
    if folder is not None:
        write_paper(found, Path(folder))
    return found


class Study:
    """Sources × targets × folds, and what came of it, kept in a folder beside the study file."""

    def __init__(self, fields: StudyFile, folder: Path, base: Path | None = None) -> None:
        """Take a validated study whose results stand in `folder`; relative paths start from `base`."""
        self.fields, self.folder, self.base = fields, folder, base
        self._plans: dict[tuple[str, bool], Plan] = {}

    @classmethod
    def from_file(cls, path: str | Path) -> Study:
        """Read a study file; its results stand in a folder of its name beside it."""
        path = Path(path)
        fields = read_study_file(path)
        return cls(fields, path.parent / fields.name, path.parent)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], folder: str | Path) -> Study:
        """Make a study from the fields of a study file."""
        return cls(make_study(fields), Path(folder))

    def plan(self, *, device: str = "auto", skip_unreadable: bool = False, say: Say = silent) -> Plan:
        """Open everything and name all jobs; nothing is trained."""
        from whence.study.plan import make_plan

        wanted = check_device(device), skip_unreadable
        if wanted not in self._plans:
            self._plans[wanted] = make_plan(
                self.fields, base=self.base, device=wanted[0], skip_unreadable=skip_unreadable, say=say
            )
        return self._plans[wanted]

    def run(
        self,
        *,
        engine: str | None = None,
        engine_options: Mapping[str, Any] | None = None,
        workers: int | None = None,
        device: str = "auto",
        skip_unreadable: bool = False,
        only: Sequence[str] = (),
        max_hours: float = math.inf,
        mlflow_uri: str | None = None,
        watchers: Sequence[Watcher] = (),
        say: Say = silent,
    ) -> Status:
        """Run what is missing; the same call goes on where an earlier one was cut off.

        `engine`, its options and `workers` take the place of the study file's. `only` names jobs to which the run is
        narrowed down, by a part of their words or the beginning of their key; after `max_hours` no job is begun that
        would not end in time. `mlflow_uri` is an MLflow server that can be watched meanwhile, or "local" for a file in
        the study's folder. `watchers` are told what happens, too.
        """
        from whence.study.driver import run
        from whence.study.tracking import make_tracker

        chosen = self._engine(engine, engine_options, workers, check_device(device))
        plan = self.plan(device=device, skip_unreadable=skip_unreadable, say=say)
        for warning in plan.warnings:
            say(f"warning: {warning}")
        for note in plan.notes:
            say(note)
        if mlflow_uri or self.fields.tracking:
            uri = mlflow_uri or (self.fields.tracking.uri if self.fields.tracking else None)
            watchers = [*watchers, make_tracker(self.fields.name, self.folder, uri, say)]
        return run(plan, self.folder, chosen, say, watchers=watchers, only=only, max_hours=max_hours)

    def _engine(
        self, name: str | None, options: Mapping[str, Any] | None, workers: int | None, device: str
    ) -> Engine:
        """The engine that was asked for; the study file's options count for its own engine only."""
        asked = self.fields.engine
        if name is None or name == asked.name:
            return make_engine(
                asked.name, asked.options | dict(options or {}), workers=workers, device=device
            )
        return make_engine(name, options, workers=workers, device=device)

    def forecast(
        self,
        *,
        device: str = "auto",
        skip_unreadable: bool = False,
        only: Sequence[str] = (),
        say: Say = silent,
    ) -> Forecast:
        """What `run` would do: jobs, hours, energy and disk, as far as earlier jobs tell. Nothing is run or written."""
        from whence.study.driver import known_now, missing_entries
        from whence.study.forecast import forecast
        from whence.study.selection import selected
        from whence.study.throughput import Throughput

        plan, known = known_now(
            self.plan(device=device, skip_unreadable=skip_unreadable, say=say), self.folder
        )
        missing = missing_entries(plan, known, selected(plan, only))
        return forecast(missing, Throughput.of_earlier_jobs())

    def rebuild(self, *, device: str = "auto", skip_unreadable: bool = False) -> tuple[int, int]:
        """Make the ledger anew from job folders and tables: how many jobs it holds, how many only the old one did."""
        from whence.study.rebuild import rebuild

        return rebuild(self.plan(device=device, skip_unreadable=skip_unreadable), self.folder)

    def export(
        self, folder: str | Path, *, format: str = "csv", device: str = "auto", skip_unreadable: bool = False
    ) -> list[Path]:
        """Write the study's tables to a folder, as `csv` or `parquet`; return the files."""
        from whence.errors import unknown_name
        from whence.study.driver import all_that_is_known
        from whence.study.tables import FILES, export_parquet, export_tables

        if format not in ("csv", "parquet"):
            raise unknown_name("format", format, ["csv", "parquet"])
        folder, plan = Path(folder), self.plan(device=device, skip_unreadable=skip_unreadable)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            if format == "parquet":
                return export_parquet(ledger, folder, plan.keys)
            export_tables(ledger, folder, plan.keys)
            return [folder / name for name in FILES.values()]

    def cost(self, *, device: str = "auto", skip_unreadable: bool = False) -> tuple[Cost, list[Price]]:
        """What all jobs so far have cost, and what each source's pretraining cost per AUC point that it gained."""
        from whence.study.cost import cost_of, prices
        from whence.study.driver import all_that_is_known

        plan = self.plan(device=device, skip_unreadable=skip_unreadable)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            outcomes, pretrainings = (ledger.rows(t, plan.keys) for t in ("outcomes", "pretrainings"))
        return cost_of([*outcomes, *pretrainings]), prices(outcomes, pretrainings)

    def status(self, *, device: str = "auto", skip_unreadable: bool = False) -> Status:
        """Where the study stands; nothing is run or written."""
        from whence.study.driver import look

        return look(self.plan(device=device, skip_unreadable=skip_unreadable), self.folder)

    def outcomes(self, *, device: str = "auto", skip_unreadable: bool = False) -> list[Outcome]:
        """The outcomes measured so far of what the study asks for."""
        from whence.study.driver import all_that_is_known

        plan = self.plan(device=device, skip_unreadable=skip_unreadable)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            return ledger.rows("outcomes", plan.keys)

    def verdicts(self, *, device: str = "auto", skip_unreadable: bool = False) -> list[Verdict]:
        """For each target which source was best and how sure that is, compared fold by fold."""
        from whence.report.of_study import verdicts_of

        return verdicts_of(self.outcomes(device=device, skip_unreadable=skip_unreadable))

    def remember(self, *, device: str = "auto") -> str | None:
        """Add what was measured to the knowledge base (`run` does so by itself); the name under which it is kept."""
        from whence.study.experience import remember_study
        from whence.study.ledger import Ledger

        plan = self.plan(device=device)
        with Ledger.of_study(self.folder) as ledger:
            return remember_study(plan, ledger, self.folder)

    def report(
        self,
        path: str | Path | None = None,
        *,
        beside: Sequence[Study] = (),
        scores: Sequence[str | Path] = (),
        export: Path | None = None,
        device: str = "auto",
    ) -> Path:
        """Write the study's page (by default `report.html` in its folder); return its path.

        `beside`: further studies to compare with. `scores`: tables of scores or distances (CSV) beside those in the
        study's folder. `export`: a folder for every figure (SVG, PDF, PNG) and table (CSV, LaTeX, Markdown).
        """
        from whence.report.of_study import gather, write_page
        from whence.report.together import together

        found = [gather(one.plan(device=device), one.folder, scores) for one in (self, *beside)]
        page = Path(path or self.folder / "report.html")
        return write_page(together(found), page, export)


def merge_studies(first: str | Path, second: str | Path, into: str | Path) -> list[Conflict]:
    """Bring what two sites measured, in their studies' folders, into one folder: ledger and tables.

    Returns where the two disagree; there the first is kept. Raises `InputError` for a folder that holds no results.
    """
    from whence.study.ledger import NAME, Ledger
    from whence.study.merging import merge
    from whence.study.tables import export_tables, import_tables

    into = Path(into)
    if (into / NAME).exists():
        raise InputError(f"{into} holds a ledger already; give a folder that does not exist yet")
    ledgers = []
    for folder in (Path(first), Path(second)):
        ledger = Ledger(None)
        with Ledger.of_study(folder) as found:
            ledger.add(found.measured())
        ledger.add(import_tables(folder))
        if not ledger.jobs():
            raise InputError(
                f"{folder} holds no results; give the folder of a study, which holds {NAME} or its tables"
            )
        ledgers.append(ledger)
    with Ledger(into / NAME) as ledger:
        conflicts = merge(ledgers[0], ledgers[1], ledger)
        export_tables(ledger, into)
    return conflicts


NAMED = 5  # failures that an error names


def raise_failures(status: Status) -> None:
    """Raise `WorkFailed` if any job failed, naming the first ones and how to try just those again."""
    if status.failures:
        told = "; ".join(f"{failure['job']}: {failure['reason']}" for failure in status.failures[:NAMED])
        more = f"; and {status.failed - NAMED} more" if status.failed > NAMED else ""
        again = " ".join(f"--only {failure['key'][:8]}" for failure in status.failures[:NAMED])
        which = "the first ones" if more else "just these"
        raise WorkFailed(
            f"{status.failed} of {status.done + status.failed + status.waiting} jobs failed: {told}{more}. What was "
            f"finished is kept. The same command tries the rest again; {which}: {again}"
        )
