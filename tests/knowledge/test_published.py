"""The published tables as they are shipped, and the user's own beside them."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from whence.errors import InputError
from whence.knowledge import outcomes_of, plain_name, published_outcomes, published_scores


def test_published_outcomes_are_tidy() -> None:
    table = published_outcomes()
    assert list(table.columns) == ["study", "source", "target", "backbone", "fold", "auc"]
    assert table.groupby("study").size().to_dict() == {"juodelyte2024": 168, "vandenbrandt2021": 120}
    assert (table["source"] != table["target"]).all()
    assert table["auc"].between(0, 1).all()
    assert table.loc[table["study"] == "juodelyte2024", "fold"].isna().all()


def test_source_equal_to_target_is_the_baseline() -> None:
    table = published_outcomes()
    baseline = table[table["source"] == "none"]
    assert set(baseline["target"]) == {"isic2018", "chest-xray", "pcam-middle"}
    assert len(baseline) == 15


def test_scores_have_no_pairs_of_a_dataset_with_itself() -> None:
    scores = published_scores()
    assert (scores["source"] != scores["target"]).all()
    assert scores.groupby("measure").size().eq(154).all()


def test_tables_are_copies() -> None:
    table = published_outcomes()
    table["auc"] = 0.0
    assert published_outcomes()["auc"].min() > 0.5


def test_own_outcomes_follow_the_published() -> None:
    own = pd.DataFrame(
        {
            "study": "mine",
            "source": ["none", "dtd"],
            "target": "t",
            "backbone": "resnet18",
            "auc": [0.7, None],
        }
    )
    table = outcomes_of([published_outcomes(), own])
    assert len(table) == 288 + 1  # the failed fold is dropped
    assert table["study"].iloc[-1] == "mine"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pd.DataFrame({"study": ["s"], "auc": [0.5]}), "lacks the column source, target, backbone"),
        (
            pd.DataFrame(
                {"study": ["s"], "source": ["a"], "target": ["t"], "backbone": ["b"], "auc": [93.0]}
            ),
            "AUC of 93.0",
        ),
    ],
)
def test_wrong_tables_are_refused(table: pd.DataFrame, told: str) -> None:
    with pytest.raises(InputError, match=told):
        outcomes_of([table])


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("paper:dtd", "dtd"),
        ("medmnist:breast", "breastmnist"),
        ("medmnist:chestmnist", "chestmnist"),
        ("paper:dtd[n=1000]", "dtd[n=1000]"),
        ("file:weights/a.pth", "file:weights/a.pth"),
        ("imagenet", "imagenet"),
    ],
)
def test_names_are_joined_across_studies(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("then", ["", "whence.knowledge.source_name('dtd', 'its images'); "])
def test_importing_knowledge_and_naming_a_source_load_no_pandas(then: str) -> None:
    code = f"import sys, whence.knowledge; {then}sys.exit('pandas' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
