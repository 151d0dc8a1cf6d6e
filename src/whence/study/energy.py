"""Energy and carbon dioxide of a job, estimated by codecarbon's offline tracker. Extra `energy`, and only when asked.

Nothing is sent anywhere, written to a file or printed. The country (ISO 3166, three letters) tells how much carbon a
kilowatt-hour has cost. Of several jobs on one machine each counts its own processor time; of a GPU all that it used.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from typing import Any

from whence.errors import InputError

EVERY = 15  # seconds between two readings of the meters
_OFF: dict[str, Any] = {
    **dict.fromkeys(
        ("save_to_file", "save_to_api", "save_to_logger", "save_to_prometheus", "save_to_logfire"), False
    ),
    **dict.fromkeys(
        ("emissions_endpoint", "electricitymaps_api_token", "co2_signal_api_token", "api_key"), None
    ),
    "output_methods": [],
    "log_level": "critical",
    "allow_multiple_runs": True,
    "tracking_mode": "process",
}


def check_energy(country: str | None) -> str | None:
    """The country's code in capitals; an `InputError` where codecarbon is not installed or does not know it."""
    if country is None:
        return None
    if find_spec("codecarbon") is None:
        raise InputError(
            "measuring energy needs codecarbon: pip install 'whence[energy]'; or leave energy out"
        )
    import pycountry

    found = country.upper()
    if pycountry.countries.get(alpha_3=found) is None:
        raise InputError(
            f"energy: found {country!r}; accepted is a country's code of three letters, such as NLD or USA"
        )
    return found


@contextmanager
def metered(
    country: str | None, say: Callable[[str], None] = lambda line: None
) -> Iterator[dict[str, float]]:
    """After the block the dictionary holds `energy_kwh` and `co2_g` of what ran in it; empty where they were not had.

    A tracker that cannot start or stop is told to `say`, and the work goes on.
    """
    found: dict[str, float] = {}
    tracker = _quietly(lambda: _started(country), say) if country else None
    try:
        yield found
    finally:
        if tracker is not None:
            _quietly(lambda: found.update(_stopped(tracker)), say)


def _started(country: str) -> Any:
    from codecarbon import OfflineEmissionsTracker

    tracker = OfflineEmissionsTracker(country_iso_code=country, measure_power_secs=EVERY, **_OFF)
    tracker.start()
    return tracker


def _stopped(tracker: Any) -> dict[str, float]:
    kilograms = tracker.stop()
    data = tracker.final_emissions_data
    return {"energy_kwh": float(data.energy_consumed), "co2_g": 1000 * float(kilograms)}


def _quietly(work: Callable[[], Any], say: Callable[[str], None]) -> Any:
    """What `work` returns; None, and a word to `say`, where it fails. What it prints is thrown away."""
    logging.getLogger("codecarbon").disabled = True
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()
    except Exception as error:  # another library's; a job must not end with its meter
        say(f"energy is not measured ({type(error).__name__}: {error})")
        return None
