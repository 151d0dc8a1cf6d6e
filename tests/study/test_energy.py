"""Energy of a job: in its outcome, without network, output or harm; not in its key."""

import signal
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from whence import api
from whence.errors import InputError
from whence.study.energy import check_energy, metered

installed = pytest.mark.skipif(
    find_spec("codecarbon") is None,
    reason="codecarbon is not installed: pip install 'whence[energy]'",
)


@installed
@pytest.mark.usefixtures("no_network")
def test_a_busy_process_uses_some_watts_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".codecarbon.config").write_text(
        "[codecarbon]\nsave_to_api=true\nemissions_endpoint=http://x\n"
    )
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    told = list[str]()
    with metered("NLD", told.append) as found:
        started = time.process_time()
        while time.process_time() - started < 1:
            sum(range(1000))
    assert not told
    hours = 1 / 3600
    assert 1e-4 * hours < found["energy_kwh"] < hours  # between a tenth of a watt and a kilowatt for a second
    assert 50 < found["co2_g"] / found["energy_kwh"] < 1000  # grams per kilowatt-hour, in the Netherlands
    assert capfd.readouterr() == ("", "")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert [path.name for path in tmp_path.iterdir()] == [".codecarbon.config"]


@installed
def test_energy_is_in_the_outcome_and_not_in_the_key(picture_folder: Callable[..., Path]) -> None:
    target = picture_folder()
    recipe = {"base": "small", "size": 16, "epochs": 1}
    settings = {"backbone": "test_resnet", "recipe": recipe, "folds": 2, "device": "cpu", "engine": "inline"}
    metered_outcomes = api.finetune("none", target, energy="nld", **settings)  # type: ignore[arg-type]
    assert all(outcome.energy_kwh > 0 and outcome.co2_g > 0 for outcome in metered_outcomes)
    again = api.finetune("none", target, **settings)  # type: ignore[arg-type]
    assert again == metered_outcomes


def test_a_tracker_that_fails_fails_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(country: str) -> None:
        raise RuntimeError("no meter here")

    told = list[str]()
    monkeypatch.setattr("whence.study.energy._started", broken)
    with metered("NLD", told.append) as found:
        done = True
    assert done
    assert found == {}
    assert told == ["energy is not measured (RuntimeError: no meter here)"]


@installed
def test_an_unknown_country_is_told() -> None:
    assert check_energy("usa") == "USA"
    with pytest.raises(InputError, match=r"found 'Holland'; accepted is a country's code of three letters"):
        check_energy("Holland")


def test_without_codecarbon_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whence.study.energy.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'whence\[energy\]'"):
        check_energy("NLD")
    assert check_energy(None) is None
