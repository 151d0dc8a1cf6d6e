"""A study: sources × targets × folds, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.api.saying import Say, silent
from whence.nets.forward import check_device
from whence.records import Outcome
from whence.study.engines import make_engine
from whence.study.known import Status
from whence.study.study_file import StudyFile, make_study, read_study_file

if TYPE_CHECKING:
    from whence.report.verdict import Verdict
    from whence.study.cost import Cost, Price
    from whence.study.engines import Engine
    from whence.study.forecast import Forecast
    from whence.study.plan import Plan
    from whence.study.watching import Watcher


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
        from whence.study.planning import make_plan

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
        from whence.study.forecast import forecast
        from whence.study.known import all_that_is_known, missing_entries
        from whence.study.selection import selected
        from whence.study.throughput import Throughput

        plan = self.plan(device=device, skip_unreadable=skip_unreadable, say=say)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            rows = {row.job: row for table in ("outcomes", "pretrainings") for row in ledger.rows(table)}
        throughput = Throughput.of_earlier_jobs()
        throughput.fill_in((e.job, rows[e.job.key]) for e in plan.entries if e.job.key in rows)
        return forecast(missing_entries(plan, set(rows), selected(plan, only)), throughput)

    def rebuild(self, *, device: str = "auto", skip_unreadable: bool = False) -> tuple[int, int]:
        """Make the ledger anew from job folders and tables: how many jobs it holds, how many only the old one did."""
        from whence.study.rebuild import rebuild

        return rebuild(self.plan(device=device, skip_unreadable=skip_unreadable), self.folder)

    def export(
        self, folder: str | Path, *, format: str = "csv", device: str = "auto", skip_unreadable: bool = False
    ) -> list[Path]:
        """Write the study's tables to a folder, as `csv` or `parquet`; return the files."""
        from whence.errors import unknown_name
        from whence.study.known import all_that_is_known
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
        from whence.study.known import all_that_is_known

        plan = self.plan(device=device, skip_unreadable=skip_unreadable)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            outcomes, pretrainings = (ledger.rows(t, plan.keys) for t in ("outcomes", "pretrainings"))
        return cost_of([*outcomes, *pretrainings]), prices(outcomes, pretrainings)

    def status(self, *, device: str = "auto", skip_unreadable: bool = False) -> Status:
        """Where the study stands; nothing is run or written."""
        from whence.study.known import look

        return look(self.plan(device=device, skip_unreadable=skip_unreadable), self.folder)

    def outcomes(self, *, device: str = "auto", skip_unreadable: bool = False) -> list[Outcome]:
        """The outcomes measured so far of what the study asks for."""
        from whence.study.known import all_that_is_known

        plan = self.plan(device=device, skip_unreadable=skip_unreadable)
        with all_that_is_known(plan, self.folder) as (plan, ledger):
            return ledger.rows("outcomes", plan.keys)

    def verdicts(self, *, device: str = "auto", skip_unreadable: bool = False) -> list[Verdict]:
        """For each target which source was best and how sure that is, compared fold by fold."""
        from whence.report.forms import form_of
        from whence.report.of_study import verdicts_of

        outcomes = self.outcomes(device=device, skip_unreadable=skip_unreadable)
        return verdicts_of(outcomes, form_of(self.fields.transferability))

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
        transferability: str | None = None,
        export: Path | None = None,
        device: str = "auto",
    ) -> Path:
        """Write the study's page (by default `report.html` in its folder); return its path.

        `beside`: further studies to compare with. `scores`: tables of scores or distances (CSV) beside those in the
        study's folder. `transferability`: "auc" (equation (1)) or "error" (on the classification error), by default
        what the study file says. `export`: a folder for every figure (SVG, PDF, PNG) and table (CSV, LaTeX, Markdown).
        """
        from whence.report.of_study import gather, write_page
        from whence.report.together import together

        found = [
            gather(
                one.plan(device=device), one.folder, scores, transferability or self.fields.transferability
            )
            for one in (self, *beside)
        ]
        page = Path(path or self.folder / "report.html")
        return write_page(together(found), page, export)
