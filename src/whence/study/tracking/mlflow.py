"""A study in MLflow: an experiment of its name, one run for the study, and under it one for each job."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from typing import Any

from whence.records import CurvePoint, as_row
from whence.study.ledger import Measured
from whence.study.plan import Entry
from whence.study.words import describe

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}
MEASURED = (
    "auc",
    "accuracy",
    "validation_auc",
    "validation_accuracy",
    "train_auc",
    "train_accuracy",
    "seconds",
)
FILES = ("log.txt", "curves.json", "result.json")
ENDS = {"done": "FINISHED", "failed": "FAILED"}


@dataclass
class JobNow:
    """How a job stands."""

    entry: Entry
    state: str = "running"  # or done, or failed
    points: dict[int, CurvePoint] = field(default_factory=dict)
    found: Measured | None = None
    reason: str = ""

    def copy(self) -> JobNow:
        """The same, with points of its own."""
        return JobNow(self.entry, self.state, dict(self.points), self.found, self.reason)


class Book:
    """What MLflow knows of a study. Every call may raise whatever MLflow does; each can be made again."""

    def __init__(self, study: str, uri: str, artifacts: str | None) -> None:
        """Nothing is asked of the server yet, and MLflow is not imported."""
        self.study, self.uri, self.artifacts = study, uri, artifacts
        self.client: Any = None
        self.runs: dict[str, str] = {}  # job's key → run
        self.ended: set[str] = set()
        self.logged: dict[str, int] = {}  # job's key → last epoch that MLflow has

    def open(self) -> None:
        """Connect, unless that is done; find or make the experiment and the study's run, and see what is there."""
        if self.client is not None:
            return
        client = _client(self.uri)
        found = client.get_experiment_by_name(self.study)
        self.experiment = (
            found.experiment_id
            if found
            else client.create_experiment(self.study, artifact_location=self.artifacts)
        )
        self.parent, token = "", None
        while True:
            page = client.search_runs([self.experiment], max_results=1000, page_token=token)
            for run in page:
                self._see(client, run)
            if not (token := page.token):
                break
        if not self.parent:
            tags = {"whence.study": self.study, "mlflow.runName": self.study}
            self.parent = client.create_run(self.experiment, tags=tags).info.run_id
        client.update_run(self.parent, status="RUNNING")
        self.client = client

    def forget_connection(self) -> None:
        """Look again at what is there, the next time."""
        self.client = None

    def knows_end_of(self, key: str) -> bool:
        """Whether MLflow has the job as done."""
        return key in self.ended

    def tell(self, now: JobNow) -> None:
        """Bring a job's run up to how it stands."""
        from mlflow.entities import Metric

        key, at = now.entry.job.key, int(time.time() * 1000)
        run = self.runs.get(key) or self._make_run(now.entry)
        new = [point for number, point in sorted(now.points.items()) if number > self.logged.get(key, 0)]
        metrics = [
            Metric(name, value, at, point.epoch)
            for point in new
            for name, value in as_row(point).items()
            if name not in ("job", "epoch")
        ]
        if now.found:
            row = as_row(now.found.row)
            metrics += [Metric(f"final_{name}", row[name], at, 0) for name in MEASURED]
        for first in range(0, len(metrics), 1000):
            self.client.log_batch(run, metrics=metrics[first : first + 1000])
        if new:
            self.logged[key] = new[-1].epoch
        if now.state not in ENDS:
            self.client.update_run(run, status="RUNNING")
            return
        for name in FILES:
            if (file := now.entry.job.folder / name).exists():
                self.client.log_artifact(run, str(file))
        if now.reason:
            self.client.set_tag(run, "whence.reason", now.reason[:5000])
        self.client.set_terminated(run, ENDS[now.state])
        if now.state == "done":
            self.ended.add(key)
        self.client.log_metric(self.parent, "jobs_done", len(self.ended))

    def close(self, states: list[str]) -> None:
        """End the study's own run: as failed where a job failed, as killed where one was cut off."""
        if self.client is not None:
            end = "FAILED" if "failed" in states else "KILLED" if "running" in states else "FINISHED"
            self.client.set_terminated(self.parent, end)

    def _see(self, client: Any, run: Any) -> None:
        key = run.data.tags.get("whence.job")
        if key is None:
            self.parent = run.info.run_id if "whence.study" in run.data.tags else self.parent
            return
        self.runs[key] = run.info.run_id
        if run.info.status == "FINISHED":
            self.ended.add(key)
        history = client.get_metric_history(run.info.run_id, "loss") if "loss" in run.data.metrics else []
        self.logged[key] = max((point.step for point in history), default=0)

    def _make_run(self, entry: Entry) -> str:
        from mlflow.entities import Param

        job = entry.job
        tags = {
            "whence.job": job.key,
            "kind": job.kind,
            "source": entry.source,
            "target": entry.target,
            "fold": str(entry.fold + 1) if entry.target else "",
            "mlflow.parentRunId": self.parent,
            "mlflow.runName": describe(entry),
        }
        asked = {name: value for name, value in job.inputs.items() if name != "recipe"} | {
            f"recipe.{name}": value for name, value in job.inputs.get("recipe", {}).items()
        }
        asked |= {"source": entry.source, "target": entry.target, "recipe": entry.recipe}
        run: str = self.client.create_run(self.experiment, tags=tags).info.run_id
        self.runs[job.key] = run
        self.client.log_batch(run, params=[Param(name, str(value)[:6000]) for name, value in asked.items()])
        return run


def _client(uri: str) -> Any:
    """MLflow's client, without usage statistics and without words on our terminal."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)
