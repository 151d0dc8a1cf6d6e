"""MLflow, really: a server started here, a study tracked while it runs, the server killed in the middle."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from whence.api import Study
from whence.records import as_row

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("mlflow") is None,
        reason="mlflow is not installed: pip install 'whence[mlflow]'",
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A real `mlflow server` on loopback, with a SQLite backend."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        stores = [
            "--backend-store-uri", f"sqlite:///{self.folder}/server.db", "--artifacts-destination", str(self.folder)
        ]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words, *stores],
                env=os.environ | quiet,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 240
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "server.log").read_text()
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            time.sleep(0.3)

    def kill(self) -> None:
        """SIGKILL for the server and all that it started."""
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "mlflow"
    folder.mkdir()
    server = Server(folder)
    server.start()
    yield server
    server.kill()


def runs_of(uri: str, study: str) -> tuple[Any, list[Any], Any]:
    """The study's own run, those of its jobs, and the client."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    runs = list(client.search_runs([experiment.experiment_id]))
    (parent,) = [run for run in runs if "whence.study" in run.data.tags]
    return parent, [run for run in runs if "whence.job" in run.data.tags], client


def test_a_study_is_tracked_and_a_server_that_dies_harms_nothing(
    study_file: Callable[..., Path], server: Server, tmp_path: Path
) -> None:
    """One server for all: starting it takes as long as the study."""
    study = Study.from_file(study_file(sources=["natural", "none"], targets=["cells"]))
    told: list[str] = []
    ended = 0

    def say(line: str) -> None:
        nonlocal ended
        told.append(line)
        ended += "AUC" in line
        if ended == 2:
            server.kill()

    status = study.run(engine="inline", device="cpu", mlflow_uri=server.uri, say=say)
    assert (status.done, status.failed) == (5, 0)
    assert any("tracking: MLflow does not answer" in line for line in told)
    assert any("tracking: MLflow has not heard of" in line for line in told)

    server.start()
    told.clear()
    study.run(engine="inline", device="cpu", mlflow_uri=server.uri, say=told.append)
    assert not any("tracking" in line for line in told)
    parent, jobs, client = runs_of(server.uri, "mini")
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in jobs} == {parent.info.run_id}
    assert sorted(
        (run.data.tags["source"], run.data.tags["target"], run.data.tags["fold"]) for run in jobs
    ) == [
        ("natural", "", ""),
        ("natural", "cells", "1"),
        ("natural", "cells", "2"),
        ("none", "cells", "1"),
        ("none", "cells", "2"),
    ]
    outcomes = {o.job: o for o in study.outcomes(device="cpu")}
    for run in jobs:
        assert run.info.status == "FINISHED"
        assert run.data.params["recipe.learning_rate"]
        assert run.data.params["backbone"] == "test_resnet"
        steps = [m.step for m in client.get_metric_history(run.info.run_id, "validation_auc")]
        assert steps == [1, 2]
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert files == {"log.txt", "curves.json", "result.json"}
        if (outcome := outcomes.get(run.data.tags["whence.job"])) is not None:
            assert run.data.metrics["final_auc"] == as_row(outcome)["auc"]
    if os.environ.get("WHENCE_SCREENSHOTS"):
        look_at(server.uri, parent, Path(os.environ["WHENCE_SCREENSHOTS"]))


def look_at(uri: str, parent: Any, folder: Path) -> None:
    """MLflow's own page with the study's runs in it, in headless Chromium: five jobs folded under the study's."""
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1500,900"):
        options.add_argument(word)
    options.binary_location = "/usr/bin/chromium"
    with webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver")) as browser:
        browser.get(f"{uri}/#/experiments/{parent.info.experiment_id}/runs")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            WebDriverWait(browser, 60).until(
                lambda b: "6 matching runs" in b.find_element(By.TAG_NAME, "body").text
            )
        finally:
            browser.save_screenshot(str(folder / "mlflow.png"))


def test_without_a_server_a_file_beside_the_study_is_written(
    study_file: Callable[..., Path],
) -> None:
    study = Study.from_file(study_file(sources=["none"], targets=["cells"], tracking="mlflow"))
    study.run(engine="inline", device="cpu")
    _, jobs, _ = runs_of(f"sqlite:///{(study.folder / 'mlflow.db').absolute()}", "mini")
    assert [run.info.status for run in jobs] == ["FINISHED"] * 2
    assert (study.folder / "mlflow-files").is_dir()
