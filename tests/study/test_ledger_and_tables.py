"""The ledger and its tables: what goes in comes back to the last bit."""

import csv
import gzip
import math
import sqlite3
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InputError
from whence.records import CurvePoint, Outcome, Prediction
from whence.study.ledger import Ledger, Measured
from whence.study.merging import Conflict, merge
from whence.study.migrations import SCHEMA, STEPS
from whence.study.tables import FILES, export_parquet, export_tables, import_tables

unit = st.floats(0, 1) | st.just(float("nan"))
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


def one(job: str, fold: int = 0, auc: float = 0.5, note: str = "") -> Measured:
    row = Outcome(
        "s", "src", "", "tgt", "", "net", "small", fold, 1, auc, 0.5, 0.5, 0.5, 0.5, 0.5, True, 2, 8, 2, 1.5, note,
        "cpu", "host", job,
    )  # fmt: skip
    curve = [CurvePoint(job, e, 1 / 3 / e, auc, 0.1) for e in (1, 2)]
    return Measured(
        row, curve, [Prediction(job, fold, f"image{i}", i, (0.1 * i, 1 - 0.1 * i)) for i in range(2)]
    )


def same(a: object, b: object) -> bool:
    return all(
        x == y or (isinstance(x, float) and isinstance(y, float) and math.isnan(x) and math.isnan(y))
        for x, y in zip(astuple(a), astuple(b), strict=True)  # type: ignore[call-overload]
    )


@given(auc=unit, note=words)
def test_a_job_comes_back_from_ledger_and_tables_to_the_last_bit(
    auc: float, note: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("study")
    ledger, measured = Ledger(folder / "ledger.db"), one("k1", auc=auc, note=note)
    ledger.add([measured])
    assert same(ledger.rows("outcomes")[0], measured.row)
    export_tables(ledger, folder)
    (back,) = import_tables(folder)
    assert same(back.row, measured.row)
    assert all(same(a, b) for a, b in zip(back.curve, measured.curve, strict=True))
    assert back.predictions == measured.predictions
    ledger.close()


def test_a_job_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add([one("k1", auc=0.7)])
    ledger.add([one("k1", auc=0.9), one("k2", fold=1)])
    assert [row.auc for row in ledger.rows("outcomes")] == [0.7, 0.5]
    assert ledger.jobs() == {"k1", "k2"}


def test_equal_ledgers_give_equal_bytes_in_any_order_of_arrival(tmp_path: Path) -> None:
    for name, order in (("a", ("k1", "k2")), ("b", ("k2", "k1"))):
        ledger = Ledger(tmp_path / name / "ledger.db")
        for key in order:
            ledger.add([one(key, fold=int(key[1]))])
        export_tables(ledger, tmp_path / name)
        ledger.close()
    for file in FILES.values():
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_job_without_its_curve_is_not_taken_for_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add([one("k1")])
    export_tables(ledger, tmp_path)
    (tmp_path / "curves.csv").unlink()
    assert import_tables(tmp_path) == []


@pytest.mark.parametrize("file", FILES.values())
def test_a_broken_table_is_named(tmp_path: Path, file: str) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add([one("k1")])
    export_tables(ledger, tmp_path)
    path = tmp_path / file
    path.write_bytes(gzip.compress(b"a,b\n1,2\n")[:-6] if file.endswith("gz") else b"a,b\n1,2\n")
    with pytest.raises(InputError, match=file):
        import_tables(tmp_path)


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("this is not a database, and it is long enough to be looked at" * 20)
    with pytest.raises(InputError, match=r"ledger\.db is not a ledger"):
        Ledger(tmp_path / "ledger.db")


def test_a_ledger_of_a_later_whence_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.db").close()
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputError, match="later whence"):
        Ledger(tmp_path / "ledger.db")


# A ledger as the first version wrote it: its own words, not those that today's records give.
FIRST = """
CREATE TABLE outcomes (study TEXT NOT NULL, source TEXT NOT NULL, source_recipe TEXT NOT NULL, target TEXT NOT NULL,
 target_variant TEXT NOT NULL, backbone TEXT NOT NULL, recipe TEXT NOT NULL, fold INTEGER NOT NULL,
 seed INTEGER NOT NULL, auc REAL, accuracy REAL, validation_auc REAL, validation_accuracy REAL, train_auc REAL,
 train_accuracy REAL, converged INTEGER NOT NULL, epochs INTEGER NOT NULL, train_images INTEGER NOT NULL,
 test_images INTEGER NOT NULL, seconds REAL, note TEXT NOT NULL, device TEXT NOT NULL, host TEXT NOT NULL,
 job TEXT NOT NULL, PRIMARY KEY (job));
CREATE TABLE pretrainings (study TEXT NOT NULL, source TEXT NOT NULL, backbone TEXT NOT NULL, recipe TEXT NOT NULL,
 seed INTEGER NOT NULL, auc REAL, accuracy REAL, validation_auc REAL, validation_accuracy REAL, train_auc REAL,
 train_accuracy REAL, converged INTEGER NOT NULL, epochs INTEGER NOT NULL, train_images INTEGER NOT NULL,
 test_images INTEGER NOT NULL, seconds REAL, note TEXT NOT NULL, device TEXT NOT NULL, host TEXT NOT NULL,
 job TEXT NOT NULL, PRIMARY KEY (job));
CREATE TABLE curves (job TEXT NOT NULL, epoch INTEGER NOT NULL, loss REAL, validation_auc REAL, test_auc REAL,
 PRIMARY KEY (job, epoch));
CREATE TABLE predictions (job TEXT NOT NULL, fold INTEGER NOT NULL, image TEXT NOT NULL, label INTEGER NOT NULL,
 probabilities TEXT NOT NULL, PRIMARY KEY (job, image, label));
INSERT INTO outcomes VALUES ('s', 'src', '', 'tgt', '', 'net', 'small', 0, 1, 0.75, 0.5, 0.5, 0.5, 0.5, NULL, 1, 2, 8,
 2, 1.5, '', 'cpu', 'host', 'k1');
PRAGMA user_version = 1;
"""


def test_a_ledger_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST)
    connection.close()
    with Ledger(path) as ledger:
        (row,) = ledger.rows("outcomes")
        assert (row.job, row.auc, row.seconds) == ("k1", 0.75, 1.5)
        assert math.isnan(row.train_accuracy)
        assert row.engine == ""
        ledger.add([one("k2", fold=1)])
        assert same(ledger.rows("outcomes")[1], one("k2", fold=1).row)
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    with Ledger(path) as again:
        assert len(again.rows("outcomes")) == 2


def test_there_is_a_step_from_every_version() -> None:
    assert sorted(STEPS) == list(range(1, SCHEMA))


def test_a_step_that_fails_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST)
    connection.close()

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE outcomes ADD COLUMN half REAL")
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setitem(STEPS, 1, broken)
    with pytest.raises(InputError, match="disk is full"):
        Ledger(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert "half" not in {row[1] for row in connection.execute("PRAGMA table_info(outcomes)")}
    connection.close()


def test_two_ledgers_become_one_and_every_conflict_is_listed() -> None:
    first, second, both = Ledger(None), Ledger(None), Ledger(None)
    first.add([one("k1", auc=0.7), one("k2", fold=1, note="here"), one("k3", fold=2)])
    other = one("k3", fold=2)
    moved = replace(other.predictions[0], probabilities=(0.6, 0.4))
    second.add(
        [
            one("k1", auc=0.8),
            one("k2", fold=1, note="there"),
            replace(other, predictions=[moved, other.predictions[1]]),
            one("k4", fold=2),  # the same cell as k3, measured by another job
            one("k5", fold=3),
        ]
    )
    assert merge(first, second, both) == [
        Conflict("k1", "auc", 0.7, 0.8),
        Conflict("k1", "curve", "2 rows", "2 rows that differ"),
        Conflict("k3", "predictions", "2 rows", "2 rows that differ"),
        Conflict("k4", "job", "k3", "k4"),
    ]
    assert both.jobs() == {"k1", "k2", "k3", "k4", "k5"}
    assert {row.auc for row in both.rows("outcomes") if row.job == "k1"} == {0.7}
    assert merge(both, both, Ledger(None)) == []


def test_parquet_holds_what_the_tables_hold(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'whence[parquet]'")
    ledger = Ledger(None)
    ledger.add([one("k1", auc=1 / 3), one("k2", fold=1, auc=float("nan"))])
    written = export_parquet(ledger, tmp_path, {"k1", "k2"})
    assert [path.name for path in written] == [f"{table}.parquet" for table in FILES]
    outcomes = pandas.read_parquet(tmp_path / "outcomes.parquet")
    assert list(outcomes["auc"][:1]) == [1 / 3]
    assert math.isnan(outcomes["auc"][1])
    predictions = pandas.read_parquet(tmp_path / "predictions.parquet")
    assert [tuple(p) for p in predictions["probabilities"]] == [
        p.probabilities for p in ledger.rows("predictions")
    ]


def test_a_ledger_and_tables_from_before_a_field_existed_are_read_and_grow_its_column(tmp_path: Path) -> None:
    later_on, accuracy = {"energy_kwh", "co2_g", "engine"}, {"train_accuracy", "validation_accuracy"}
    later = {"outcomes": later_on, "pretrainings": later_on, "curves": accuracy}
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.add([one("k1")])
    export_tables(ledger, tmp_path)
    for table, names in later.items():
        for name in names:
            ledger.connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    ledger.connection.execute("PRAGMA user_version = 1")
    ledger.close()
    with Ledger(tmp_path / "ledger.db") as again:
        (row,) = again.rows("outcomes")
        assert math.isnan(row.energy_kwh)
        assert row.engine == ""
        measured = one("k2", fold=1)
        again.add([replace(measured, row=replace(measured.row, energy_kwh=0.25, co2_g=70.0))])
        assert [row.energy_kwh for row in again.rows("outcomes")][1] == 0.25
    for table in ("outcomes", "curves"):
        name = FILES[table]
        with (tmp_path / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        kept = [column for column in rows[0] if column not in later[table]]
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, kept, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    (back,) = import_tables(tmp_path)
    assert math.isnan(back.row.co2_g)
    assert back.row.engine == ""
    assert back.row.job == "k1"
    assert math.isnan(back.curve[0].train_accuracy)
