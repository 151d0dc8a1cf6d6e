"""whence study export|rebuild and merge as typed: nothing that was measured gets lost or changed on the way."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from whence.cli.app import app
from whence.paths import home
from whence.study.ledger import TABLES, Ledger

TABLE_FILES = {"outcomes.csv", "pretrainings.csv", "curves.csv", "predictions.csv.gz"}


def whence(*words: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, [*map(str, words)])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def study(tmp_path: Path, picture_folder: Callable[..., Path]) -> Path:
    """The file of a small study that has run."""
    picture_folder(("cat", "dog"), per_class=10, seed=1, name="natural")
    picture_folder(("healthy", "ill"), per_class=10, seed=2, name="xrays")
    path = tmp_path / "mini.yaml"
    fields = {
        "sources": ["natural", "none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": {"base": "small", "size": 16, "epochs": 1, "batch": 8},
        "folds": 2,
        "engine": "inline",
    }
    path.write_text(yaml.safe_dump(fields | {"name": "mini"}))
    code, _, told = whence("study", "run", path, "--device", "cpu", "--quiet")
    assert code == 0, told
    return path


def content(ledger: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    with Ledger(ledger) as opened:
        return {table: opened.rows(table) for table in TABLES}


def test_export_writes_the_tables_that_the_run_wrote(study: Path, tmp_path: Path) -> None:
    code, printed, _ = whence("study", "export", study, "-o", tmp_path / "out", "--device", "cpu", "--json")
    assert code == 0
    assert {Path(file).name for file in json.loads(printed)["files"]} == TABLE_FILES
    for name in TABLE_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (study.parent / "mini" / name).read_bytes()
    code, _, told = whence("study", "export", study, "-o", tmp_path / "out", "--format", "xlsx")
    assert code == 2
    assert "unknown format 'xlsx'" in told
    assert "parquet" in told


def test_rebuild_makes_the_same_ledger_from_folders_and_from_tables(study: Path) -> None:
    ledger = study.parent / "mini" / "ledger.db"
    before = content(ledger)
    ledger.write_bytes(b"no database at all" * 100)
    code, printed, told = whence("study", "rebuild", study, "--device", "cpu")
    assert (code, printed) == (0, "the ledger holds 5 jobs\n"), told
    assert content(ledger) == before
    shutil.rmtree(home() / "jobs")
    ledger.unlink()
    code, printed, _ = whence("study", "rebuild", study, "--device", "cpu", "--json")
    assert (code, json.loads(printed)) == (0, {"jobs": 5, "only_in_the_old_one": 0})
    assert content(ledger) == before


def test_rebuild_tells_of_what_only_the_old_ledger_held_and_keeps_it(study: Path) -> None:
    folder = study.parent / "mini"
    shutil.rmtree(home() / "jobs" / "finetune")
    for name in TABLE_FILES:
        (folder / name).unlink()
    code, printed, _ = whence("study", "rebuild", study, "--device", "cpu")
    assert (code, printed) == (0, "the ledger holds 1 jobs; 4 more stood in the old one alone\n")
    with sqlite3.connect(folder / "ledger-before-rebuild.db") as old:
        assert old.execute("SELECT count(*) FROM outcomes").fetchone() == (4,)


def test_merge_brings_two_sites_together_and_lists_where_they_disagree(study: Path, tmp_path: Path) -> None:
    here, there = study.parent / "mini", tmp_path / "there"
    there.mkdir()
    for name in TABLE_FILES:
        shutil.copy(here / name, there / name)
    code, printed, told = whence("study", "merge", here, there, "-o", tmp_path / "both")
    assert (code, printed.strip()) == (0, str(tmp_path / "both")), told
    assert content(tmp_path / "both" / "ledger.db") == content(here / "ledger.db")

    with (there / "outcomes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["auc"], measured = "0.125", rows[0]["auc"]
    with (there / "outcomes.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, printed, told = whence("study", "merge", here, there, "-o", tmp_path / "apart", "--json")
    assert code == 1
    assert "1 conflict between" in told
    assert json.loads(printed)["conflicts"] == [
        {"job": rows[0]["job"], "what": "auc", "kept": float(measured), "other": 0.125}
    ]
    with Ledger(tmp_path / "apart" / "ledger.db") as merged:
        assert float(measured) in [row.auc for row in merged.rows("outcomes")]


def test_merge_refuses_folders_without_results_and_one_that_is_taken(study: Path, tmp_path: Path) -> None:
    here = study.parent / "mini"
    (tmp_path / "empty").mkdir()
    code, _, told = whence("study", "merge", here, tmp_path / "empty", "-o", tmp_path / "both")
    assert code == 2
    assert "holds no results" in told
    code, _, told = whence("study", "merge", here, here, "-o", here)
    assert code == 2
    assert "holds a ledger already" in told


def test_names_with_brackets_are_printed_whole(study: Path) -> None:
    fields = yaml.safe_load(study.read_text()) | {"targets": ["xrays[n=16]"], "name": "part"}
    study.write_text(yaml.safe_dump(fields))
    code, printed, told = whence("study", "run", study, "--dry-run", "--device", "cpu", "--quiet")
    assert code == 0, told
    assert "natural → xrays[n=16]" in printed
