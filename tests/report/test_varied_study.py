"""A real study that varies what can be varied, run and reported through the command line: two strengths of
augmentation, two mixing ratios, two sizes of the target.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from whence.cli.app import app

MIX = "mix(demo:natural[n=90], demo:textures[n=90], ratio={})"
QUICK = {"base": "small", "size": 16, "epochs": 1}
FIELDS: dict[str, Any] = {
    "name": "varied",
    "backbone": "test_resnet",
    "sources": ["none", MIX.format("1:3"), MIX.format("3:1")],
    "targets": ["demo:retina[n=24]", "demo:retina[n=48]"],
    "recipe": [
        QUICK | {"name": "plain", "augmentation": {"strength": 0}},
        QUICK | {"name": "strong", "augmentation": {"strength": 2}},
    ],
    "pretrain_recipe": QUICK,
    "folds": 2,
    "allow_leakage": True,
    "transferability": "error",
    "cards": {"demo:retina[n=24]": {"modality": "a modality of our own"}},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the study, its tables and its page."""
    folder = tmp_path_factory.mktemp("varied")
    (folder / "varied.yaml").write_text(yaml.safe_dump(FIELDS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_HOME", str(folder / "home"))
        common = ["--device", "cpu"]
        ran = CliRunner().invoke(
            app,
            ["study", "run", str(folder / "varied.yaml"), "--engine", "inline", "--json", "--quiet", *common],
        )
        assert ran.exit_code == 0, ran.stderr
        assert json.loads(ran.stdout)["jobs"]["failed"] == 0
        words = ["study", "report", str(folder / "varied.yaml"), "-o", str(folder / "page.html")]
        done = CliRunner().invoke(app, [*words, *common])
        assert done.exit_code == 0, done.stderr
    return folder


def test_its_page_shows_each_axis(page: Path) -> None:
    html = (page / "page.html").read_text(encoding="utf-8")
    for part in (
        "Does more data help?",
        "Augmentation and mixtures",
        "strength 2, 75 %",
        "Stability of training",
    ):
        assert part in html


def test_the_form_of_transferability_is_that_of_the_file_or_the_command(page: Path) -> None:
    html = (page / "page.html").read_text(encoding="utf-8")
    assert "relative decrease of the classification error" in html
    again = ["study", "report", str(page / "varied.yaml"), "-o", str(page / "again.html"), "--device", "cpu"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_HOME", str(page / "home"))
        done = CliRunner().invoke(app, [*again, "--transferability", "auc", "--export", str(page / "files")])
        assert done.exit_code == 0, done.stderr
        wrong = CliRunner().invoke(app, [*again, "--transferability", "eror"])
    assert "relative gain in AUC" in (page / "again.html").read_text(encoding="utf-8")
    assert wrong.exit_code == 2
    assert "error" in wrong.stderr
    table = pd.read_csv(page / "files" / "transferability.csv")
    outcomes = pd.read_csv(page / "varied" / "outcomes.csv", keep_default_na=False)
    plain = outcomes[(outcomes["recipe"] == "plain") & outcomes["target"].str.contains("n=24", regex=False)]
    none, mixed = (
        plain.loc[plain["source"].str.contains(part, regex=False)].sort_values("fold")["auc"].to_numpy()
        for part in ("none", "ratio=1:3")
    )
    expected = (100 * (mixed / none - 1)).tolist()
    assert any(row[["fold_1", "fold_2"]].tolist() == pytest.approx(expected) for _, row in table.iterrows())


def test_what_the_file_says_of_a_dataset_is_shown_and_a_card_of_nothing_is_refused(page: Path) -> None:
    assert "a modality of our own" in (page / "page.html").read_text(encoding="utf-8")
    wrong = FIELDS | {"cards": {"demo:retina": {"origin": "medical"}}}
    (page / "wrong.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    found = CliRunner().invoke(app, ["study", "status", str(page / "wrong.yaml")])
    assert found.exit_code == 2
    assert "'demo:retina' is neither a source nor a target" in found.stderr


def test_the_recipes_stand_against_each_other_in_numbers(page: Path) -> None:
    html = (page / "page.html").read_text(encoding="utf-8")
    outcomes = pd.read_csv(page / "varied" / "outcomes.csv", keep_default_na=False)
    means = outcomes.groupby("recipe")["auc"].mean().sort_values(ascending=False, kind="stable")
    table = html[html.index('id="table-configurations"') :]
    found = [table.index(f'<th scope="row">{name}</th>') for name in means.index]
    assert found == sorted(found)
    for mean in means:
        assert f"{mean:.3f}" in table[found[0] :]
