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
from whence.study.tables import FILES, export_tables, import_tables

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


def test_a_ledger_and_tables_from_before_a_field_existed_are_read_and_grow_its_column(tmp_path: Path) -> None:
    energy, accuracy = {"energy_kwh", "co2_g"}, {"train_accuracy", "validation_accuracy"}
    later = {"outcomes": energy, "pretrainings": energy, "curves": accuracy}
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
    assert back.row.job == "k1"
    assert math.isnan(back.curve[0].train_accuracy)
