"""A small study (three sources × two targets × five folds, its AUCs near the published ones), and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from whence.knowledge import published_datasets, published_distances, published_outcomes
from whence.records import CurvePoint, Outcome, Pretraining, as_row
from whence.report import StudyResults

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
HOSTILE = '<script>alert("x")</script>'
AUCS: dict[tuple[str, str], list[float]] = {
    ("imagenet", "isic2018"): [0.947, 0.951, 0.949, 0.942, 0.943],
    ("dtd", "isic2018"): [0.907, 0.911, 0.904, 0.903, 0.911],
    ("none", "isic2018"): [0.880, 0.872, 0.889, 0.878, 0.882],
    ("imagenet", "chest-xray"): [0.987, 0.985, 0.989, 0.986, 0.987],
    ("dtd", "chest-xray"): [0.982, 0.990, 0.984, 0.980, 0.988],
    ("none", "chest-xray"): [0.960, 0.952, 0.966, 0.962, 0.959],
}


def make_outcome(source: str, target: str, fold: int, auc: float, **more: Any) -> dict[str, Any]:
    """A row of outcomes; what is not given has a neutral value."""
    training = {"train_auc": 0.9, "train_accuracy": 0.9, "validation_auc": 0.9, "validation_accuracy": 0.9}
    values: dict[str, Any] = {
        "study": "small",
        "source": source,
        "source_recipe": "",
        "target": target,
        "target_variant": "",
        "backbone": "resnet18",
        "recipe": "small",
        "fold": fold,
        "seed": 1,
        "auc": auc,
        "accuracy": 0.8,
        "converged": True,
        "epochs": 3,
        "train_images": 80,
        "test_images": 10,
        "seconds": 1.0,
        "note": "",
        "device": "cpu",
        "host": "here",
        "job": f"{source}-{target}-{fold}-{more.get('seed', 1)}",
        **training,
    }
    return as_row(Outcome(**(values | more)))


def make_pretraining(source: str, **more: Any) -> dict[str, Any]:
    """A row of pretrainings; what is not given has a neutral value."""
    row = make_outcome(source, "", 1, 0.85) | {
        "train_accuracy": 0.71,
        "validation_accuracy": 0.62,
        "accuracy": 0.61,
    }
    values = {name: row[name] for name in Pretraining.__dataclass_fields__}
    return as_row(Pretraining(**(values | {"job": f"pretrain-{source}"} | more)))


def make_study(outcomes: list[dict[str, Any]], **more: Any) -> StudyResults:
    """Results with these outcomes and a curve of three epochs for each."""
    curves = [
        as_row(CurvePoint(str(row["job"]), epoch, 1 / epoch, 0.5 + 0.1 * epoch, float("nan")))
        for row in outcomes
        for epoch in (1, 2, 3)
    ]
    return StudyResults(name="small", outcomes=pd.DataFrame(outcomes), curves=pd.DataFrame(curves), **more)


@pytest.fixture
def aucs() -> dict[tuple[str, str], list[float]]:
    """The AUC of each (source, target), fold by fold."""
    return AUCS


@pytest.fixture
def hostile() -> str:
    """A name that would run if it were not escaped."""
    return HOSTILE


@pytest.fixture
def outcome() -> Callable[..., dict[str, Any]]:
    """`outcome(source, target, fold, auc, **more)`: a row of outcomes."""
    return make_outcome


@pytest.fixture
def pretraining() -> Callable[..., dict[str, Any]]:
    """`pretraining(source, **more)`: a row of pretrainings."""
    return make_pretraining


@pytest.fixture
def study() -> Callable[..., StudyResults]:
    """`study(outcomes, **more)`: results with these outcomes."""
    return make_study


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """The thirty outcomes."""
    return [
        make_outcome(*key, fold, auc) for key, aucs in AUCS.items() for fold, auc in enumerate(aucs, start=1)
    ]


@pytest.fixture
def results(rows: list[dict[str, Any]]) -> StudyResults:
    """The small study with everything that a page can show."""
    dataset = {
        "name": "chest-xray",
        "title": "Chest X-rays",
        "origin": "medical",
        "role": "target",
        "images": 100,
        "classes": ["ill", "well"],
        "counts": {"ill": 60, "well": 40},
        "size": {"min": [72, 72], "max": [2583, 2916]},
        "channels": 1,
    }
    return make_study(
        rows,
        pretrainings=pd.DataFrame([make_pretraining("dtd", converged=False, note="loss still falling")]),
        datasets=[dataset],
        settings={"backbone": "resnet18", "recipe": {"size": 64, "epochs": 3}, "folds": 5, "seed": 1},
        versions={"torch": "2.9.0"},
        seconds=4000.0,
        failures=[{"job": "finetune dtd → isic2018", "reason": "out of memory"}],
        findings=[{"severity": "warning", "what": "31 identical pairs", "advice": "They form groups."}],
    )


@pytest.fixture(scope="session")
def paper_sized() -> StudyResults:
    """A study of the paper's size: its published outcomes and distances as if measured here."""
    table = published_outcomes()
    table = table[table["study"] == "vandenbrandt2021"]
    rows = [
        make_outcome(row["source"], row["target"], int(row["fold"]), row["auc"], backbone="resnet50")
        for row in table.to_dict("records")
    ]
    datasets = [
        {"name": row["dataset"], "title": row["title"], "origin": row["origin"], "images": row["images"]}
        | {"classes": row["classes"], "channels": row["channels"], "role": "source"}
        for row in published_datasets().to_dict("records")
    ]
    values = published_distances().assign(kind="distance")
    return make_study(
        rows, values=values[values["source"] != values["target"]], datasets=datasets, seconds=1000.0
    )


@pytest.fixture
def ranking() -> dict[str, Any]:
    """The document of a ranking: two sources that cannot be told apart, and none."""
    return {
        "target": "xrays",
        "ranking": [
            {
                "source": "imagenet",
                "predicted": 0.93,
                "low": 0.89,
                "high": 0.96,
                "transferability": 11.2,
                "p_best": 0.6,
            }
            | {"reasons": ["Best on 9 of 11 known targets."]},
            {
                "source": "dtd",
                "predicted": 0.91,
                "low": 0.88,
                "high": 0.95,
                "transferability": 9.0,
                "p_best": 0.4,
            }
            | {"reasons": []},
            {
                "source": "none",
                "predicted": 0.7,
                "low": 0.6,
                "high": 0.8,
                "transferability": None,
                "p_best": None,
            }
            | {"reasons": []},
        ],
        "undecided": {"sources": ["imagenet", "dtd"], "cheapest": "imagenet"},
        "baselines": {"mean_rank": ["dtd", "imagenet"], "always": "imagenet"},
        "similar": [
            {
                "target": "pneumoniamnist",
                "difference": 0.1,
                "told": "X-ray, grey",
                "best": ["medmnist", "dtd"],
            }
        ],
        "would_change": ["A larger budget."],
        "not_at_hand": ["radimagenet"],
    }


class Browser:
    """A headless Chromium in which no host name resolves: it looks at a page as a reader without a network does."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def visit(self, page: Path, width: int, dark: bool = False) -> None:
        """Open a page at a width in CSS pixels (a window itself is never below 500) and wait for its figures."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.driver.get(page.as_uri())
        WebDriverWait(self.driver, 30).until(
            lambda _: self.run("document.documentElement.dataset.drawn === 'yes'")
        )

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.driver.execute_script(f"return {expression}")

    def complaints(self) -> list[dict[str, Any]]:
        """What the browser complained of since last asked: errors, and requests that failed or were refused."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry for entry in entries if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser, or a skip with the reason."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no chromium with chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Browser(opened)
    finally:
        opened.quit()
