"""Five SIGKILLs of driver and workers in a study of twelve real jobs: `benchmarks/study_kills.py`, small."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.slow
@pytest.mark.ci
def test_five_kills_leave_the_ledger_of_an_undisturbed_run() -> None:
    command = [
        sys.executable,
        str(REPOSITORY / "benchmarks" / "study_kills.py"),
        "--kills",
        "5",
        "--jobs",
        "12",
    ]
    moments = ["--epochs", "12", "--between", "0.3", "1.5"]
    ended = subprocess.run([*command, *moments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "5 kills in" in ended.stdout
