"""Generated cards: what they say is what was counted and measured, the hub's own reader takes them, no path leaks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import DatasetCard, ModelCard

from whence.data import ArrayStore, Dataset, describe, open_dataset
from whence.errors import InputError
from whence.nets.backbone import build
from whence.nets.weights import save_weights
from whence.records import Card, Outcome, Pretraining
from whence.share.cards import checkpoint_card, croissant, dataset_card, study_card
from whence.share.cards.licences import hub_licence, licence_link
from whence.share.cards.markdown import code, plain
from whence.stats import auc, estimate

HOSTILE = "<script>alert(1)</script> | `x` [a](javascript:b)\n# not a heading"
CARD = Card(
    "paper:skin",
    title="Skin lesions",
    origin="medical",
    modality="dermatoscopy",
    licence="CC BY-NC 4.0",
    citation="Somebody et al. (2018)",
    url="https://example.org/skin",
    expected={"images": 60, "naevus": 50},
    printed={"images": 61, "naevus": 50},
)


def skin(
    card: Card = CARD, classes: tuple[str, ...] = ("melanoma", "naevus"), groups: bool = False
) -> Dataset:
    """Ten images of the first class and fifty of the second, grey noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 12, 16), dtype=np.uint8)
    named = np.array([f"patient {i // 2}" for i in range(60)]) if groups else None
    return Dataset(card.name, classes, np.repeat([0, 1], [10, 50]), ArrayStore(pixels), card, groups=named)


def front(text: str) -> dict[str, Any]:
    """The YAML at the head of a card."""
    found = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(found, dict)
    return found


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0].strip()


def outcome(source: str, fold: int, value: float, **more: Any) -> Outcome:
    values: dict[str, Any] = {
        **dict.fromkeys(("accuracy", "validation_auc", "validation_accuracy", "train_auc", "train_accuracy"), 0.5),
        **dict.fromkeys(("study", "source_recipe", "target_variant", "note", "host"), ""),
        "backbone": "resnet18", "recipe": "small", "seed": 1, "converged": True, "epochs": 2, "train_images": 48,
        "test_images": 6, "seconds": 90.0, "device": "cpu", "target": "skin",
    }  # fmt: skip
    return Outcome(source=source, fold=fold, auc=value, job=f"{source}{fold}", **(values | more))


OUTCOMES = [
    *(outcome("imagenet", i, v) for i, v in enumerate((0.9, 0.8, 0.85))),
    *(outcome("none", i, v) for i, v in enumerate((0.6, 0.8, 0.7))),
]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A file as pretraining writes it, its predictions beside it."""
    folder = tmp_path / "secret-hospital" / "job"
    folder.mkdir(parents=True)
    record = {
        "arch": "test_resnet", "trained_on": "paper:skin", "fingerprint": "ab" * 32, "classes": ["melanoma", "naevus"],
        "licence": "CC BY-NC 4.0", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1], "seed": 3, "job": "cd" * 16,
        "recipe": {"name": "small", "size": 64, "batch": 32, "fit": "crop", "augmentation": {"flip": True}},
        "metrics": {"train_auc": 0.99, "train_accuracy": 0.9, "validation_auc": 0.8, "validation_accuracy": 0.7,
                    "auc": 0.75, "accuracy": 0.6},
    }  # fmt: skip
    save_weights(folder / "checkpoint.safetensors", build("test_resnet", 2, 0.0, 0), record)
    random = np.random.default_rng(0)
    first = random.random(40)
    np.savez(
        folder / "predictions.npz",
        label=random.integers(0, 2, 40),
        probabilities=np.stack([first, 1 - first], 1),
    )
    return folder / "checkpoint.safetensors"


def pretraining(**more: Any) -> Pretraining:
    fields = {
        name: getattr(outcome("paper:skin", 0, 0.75), name) for name in Pretraining.__dataclass_fields__
    }
    return Pretraining(**(fields | more))


def test_a_dataset_s_card_says_what_was_counted() -> None:
    text = dataset_card(skin())
    head = front(text)
    assert head["license"] == "cc-by-nc-4.0"
    assert head["size_categories"] == "n<1K"
    assert head["task_categories"] == ["image-classification"]
    assert head["tags"] == ["whence", "medical"]
    assert section(text, "Classes").splitlines()[2:] == ["| melanoma | 10 |", "| naevus | 50 |"]
    assert f"`{skin().fingerprint}`" in section(text, "What it is")
    assert "16 × 12 pixels" in section(text, "What it is")
    limits = section(text, "Limits")
    assert "5.0 times as many images" in limits
    assert "smallest class has 10 images" in limits
    assert "No patients or other groups are known" in limits
    assert "No patients" not in section(dataset_card(skin(groups=True)), "Limits")
    assert "Publications print 61 for images; the files hold 60" in limits
    assert "naevus" not in limits


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    text = dataset_card(skin(Card("mine")))
    assert "license" not in front(text)
    assert section(text, "Licence").startswith("not known")
    assert section(text, "Citation") == "not known"
    assert "- **modality:** not known" in text


def test_findings_come_without_the_files_they_name(picture_folder: Callable[..., Path]) -> None:
    """Two files of one picture are a finding; which files they are stays behind."""
    folder = picture_folder(per_class=8, name="patients")
    twin = folder / "healthy" / "mrs-miller.png"
    twin.write_bytes((folder / "healthy" / "000.png").read_bytes())
    dataset = open_dataset(folder)
    for text in (dataset_card(dataset), json.dumps(croissant(dataset))):
        assert "miller" not in text
        assert "000.png" not in text
        assert str(folder.parent) not in text
    assert "identical" in section(dataset_card(dataset), "What was found in it")


@pytest.mark.parametrize("kind", ["dataset", "study", "checkpoint"])
def test_a_hostile_name_stays_a_name(kind: str, checkpoint: Path) -> None:
    card = Card(HOSTILE, title=HOSTILE, citation=HOSTILE, licence=HOSTILE)
    text = {
        "dataset": lambda: dataset_card(skin(card, (HOSTILE, "naevus"))),
        "study": lambda: study_card(HOSTILE, [outcome(HOSTILE, 0, 0.5)], findings=[HOSTILE], licence=HOSTILE),
        "checkpoint": lambda: checkpoint_card(
            checkpoint, data=card, outcomes=[outcome("x", 0, 0.5, target=HOSTILE)]
        ),
    }[kind]()
    body = text.split("---\n", 2)[2]
    assert "<script" not in body
    assert not re.search(r"(?<!\\)\]\(", body)
    assert not re.search(r"^# not", body, flags=re.MULTILINE)
    tables = [block.split("\n") for block in re.findall(r"(?:^\|.*\n)+", body, flags=re.MULTILINE)]
    assert tables
    for lines in tables:
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line} == {lines[1].count("|")}
    assert front(text)


def test_the_hub_s_own_reader_takes_the_cards(checkpoint: Path) -> None:
    model: Any = ModelCard(checkpoint_card(checkpoint, data=CARD)).data
    assert model.license == "cc-by-nc-4.0"
    assert model.library_name == "timm"
    found = {(r.metric_type, r.metric_value, r.dataset_split) for r in model.eval_results}
    assert found == {("roc_auc", 0.75, "test"), ("accuracy", 0.6, "test")}
    dataset: Any = DatasetCard(dataset_card(skin())).data
    assert dataset.pretty_name == "Skin lesions"
    study: Any = DatasetCard(study_card("grid", OUTCOMES)).data
    assert study.tags == ["whence", "transfer-learning", "benchmark-results"]


def test_a_checkpoint_s_card_says_what_its_file_and_its_job_say(checkpoint: Path) -> None:
    row = pretraining(
        converged=False, note="loss still falling", energy_kwh=0.0123, train_images=48, test_images=40
    )
    text = checkpoint_card(checkpoint, row=row, data=CARD, outcomes=OUTCOMES[:3])
    with np.load(checkpoint.parent / "predictions.npz") as stored:
        expected = estimate(auc, stored["label"], stored["probabilities"])
    own = section(text, "How good it is at its own task")
    assert f"| test | 0.750 ({expected.low:.3f} to {expected.high:.3f}) | 0.600 (" in own
    assert "| validation | 0.800 | 0.700 |" in own
    assert "40 images" in own
    how = section(text, "How")
    assert "| augmentation | flip yes |" in how
    assert "| seed | 3 |" in how
    assert "64 × 64 pixels, cropped from the centre" in section(text, "Preprocessing")
    assert "0.5, 0.4, 0.3" in section(text, "Preprocessing")
    assert "0.0123 kWh" in section(text, "Cost")
    aucs = (0.9, 0.8, 0.85)
    assert f"| skin | small | 1 | {mean(aucs):.3f} ± {stdev(aucs):.3f} | 3 |" in section(text, "As a source")
    assert "not converged: loss still falling" in section(text, "Limits")
    assert "Somebody et al." in section(text, "Citation")
    assert "secret-hospital" not in text


def test_a_checkpoint_s_card_without_anything_beside_the_file(checkpoint: Path) -> None:
    (checkpoint.parent / "predictions.npz").unlink()
    text = checkpoint_card(checkpoint)
    assert "| test | 0.750 | 0.600 |" in text
    assert "No interval is known" in text
    assert "- **energy:** not measured" in text
    assert "How well it transfers was not measured" in text
    assert section(text, "Licence").startswith("CC BY-NC 4.0: that of the images")


def test_a_file_without_a_record_has_no_card(tmp_path: Path) -> None:
    save_weights(tmp_path / "bare.safetensors", build("test_resnet", 2, 0.0, 0), {})
    with pytest.raises(InputError, match="holds no record of what it is"):
        checkpoint_card(tmp_path / "bare.safetensors")


def test_a_study_s_card_tells_means_and_gains_over_folds() -> None:
    shown = describe(skin()) | {"licence": "CC BY-NC 4.0", "citation": None}
    text = study_card("grid", OUTCOMES, datasets=[shown], settings={"folds": 3}, versions={"torch": "2.9"})
    gains = [100 * (a - b) / b for a, b in zip((0.9, 0.8, 0.85), (0.6, 0.8, 0.7), strict=True)]
    rows = section(text, "What came of it").splitlines()[2:]
    assert rows[0] == (
        f"| skin | imagenet | resnet18 | small | 1 | 0.850 ± 0.050 | 3 | +{mean(gains):.1f} ± {stdev(gains):.1f} |"
    )
    assert rows[1].startswith("| skin | none | resnet18 | small | 1 | 0.700 ± 0.100 | 3 | –")
    assert "0.15 hours" in section(text, "Cost")
    assert "not measured" in section(text, "Cost")
    assert "paper:skin | 60 | 2 | medical | CC BY-NC 4.0 | not known" in section(text, "Datasets")
    assert "One seed" in section(text, "Limits")
    assert "license" not in front(text)
    partly = [*OUTCOMES[:-1], outcome("none", 2, 0.7, energy_kwh=0.5, converged=False, seed=2)]
    text = study_card("grid", partly, licence="CC0")
    assert "0.5 kWh, estimated by codecarbon in 1 of 6 folds" in section(text, "Cost")
    assert "1 of 6 trainings had not converged" in section(text, "Limits")
    assert front(text)["license"] == "cc0-1.0"
    with pytest.raises(ValueError, match="has no outcomes"):
        study_card("grid", [])


@pytest.mark.parametrize(
    ("written", "identifier", "link"),
    [
        (None, None, None),
        (" ", None, None),
        ("CC BY-NC 4.0", "cc-by-nc-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("CC BY-SA 3.0", "cc-by-sa-3.0", "https://creativecommons.org/licenses/by-sa/3.0/"),
        ("CC0", "cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Apache-2.0", "apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
        ("MIT License", "mit", "https://opensource.org/license/mit"),
        ("CC0 (cat); CC BY 2.0 (flower)", "other", "CC0 (cat); CC BY 2.0 (flower)"),
        ("ask the  hospital", "other", "ask the hospital"),
        ("MITRE's own", "other", "MITRE's own"),
    ],
)
def test_licences(written: str | None, identifier: str | None, link: str | None) -> None:
    assert hub_licence(written) == identifier
    assert licence_link(written) == link


def test_text_is_escaped_and_code_is_closed() -> None:
    assert plain("a|b\n<c>") == "a\\|b &lt;c&gt;"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"


@pytest.mark.parametrize(
    "named", [CARD, Card("mine/of: mine"), Card("x", licence="ask", citation='"quoted"')]
)
def test_mlcroissant_takes_the_metadata(named: Card, caplog: pytest.LogCaptureFixture) -> None:
    """Their own validator: no error, and no warning but for facts that we do not have."""
    mlc = pytest.importorskip("mlcroissant", reason="pip install 'whence[croissant]'")
    dataset = skin(named, ('a "quoted" class', "naevus"))
    document = json.loads(json.dumps(croissant(dataset)))
    read = mlc.Dataset(jsonld=document)
    assert not read.metadata.ctx.issues.errors
    lacking = {
        re.findall(r'"(?:.*/)?(\w+)" is recommended', warning)[0]
        for warning in read.metadata.ctx.issues.warnings
    }
    absent = {"license": named.licence, "citeAs": named.citation, "url": named.url, "datePublished": None}
    assert lacking <= {key for key, value in absent.items() if not value}
    assert list(read.records("classes")) == [
        {"classes/name": name, "classes/images": n} for name, n in dataset.class_counts().items()
    ]
    assert "not standard" not in caplog.text


def test_croissant_with_a_date_and_an_address_lacks_nothing() -> None:
    mlc = pytest.importorskip("mlcroissant", reason="pip install 'whence[croissant]'")
    read = mlc.Dataset(jsonld=croissant(skin(), url="https://example.org/mine", published="2026-11-25"))
    assert not read.metadata.ctx.issues.warnings
    assert read.metadata.url == "https://example.org/mine"
