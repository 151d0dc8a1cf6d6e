"""`whence look` end to end: the measured network is drawn, and no image of the target unless that is asked."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.test_command_line import whence
from whence.features.drawing import GAP, LINE, TILE, WORDS


def test_the_measured_network_is_drawn(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    target = picture_folder(("healthy", "ill"), per_class=20, size=32)
    settings = ("--backbone", "test_resnet", "--folds", "2", "--device", "cpu", "--json")
    measured = whence("finetune", "none", target, *settings)
    assert measured.returncode == 0, measured.stderr
    auc = json.loads(measured.stdout)["outcomes"][1]["auc"]

    plain = whence(
        "look", "none", target, "-o", tmp_path / "plain", "--fold", "2", "--layer", "layer2", *settings
    )
    assert plain.returncode == 0, plain.stderr
    document = json.loads(plain.stdout)
    assert (document["layer"], document["fold"], document["auc"]) == ("layer2", 1, auc)
    assert document["same_as_measured"] is True
    assert sorted(p.name for p in (tmp_path / "plain").iterdir()) == [
        "class_activation.png",
        "feature_maps.png",
    ]

    own = tmp_path / "own"
    shown = whence(
        "look", "none", target, "-o", own, "--fold", "2", "--with-images", "--images", "3", *settings
    )
    assert shown.returncode == 0, shown.stderr
    sheet = np.asarray(Image.open(own / "images.png"))
    top, left = 3 * GAP + 2 * LINE, GAP + WORDS
    tile = Image.fromarray(sheet[top : top + TILE, left : left + TILE])
    pictures = [
        np.asarray(Image.open(p).resize((TILE, TILE), Image.Resampling.BICUBIC))
        for p in target.rglob("*.png")
    ]
    gaps = [np.abs(np.asarray(tile).astype(float) - picture).mean() for picture in pictures]
    assert min(gaps) < 0.6 * np.median(gaps)  # it is one of the target's pictures
    assert "no image of the target" not in shown.stdout

    wrong = whence("look", "none", target, "-o", tmp_path / "no", "--layer", "layer9", *settings)
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1] == "whence: unknown layer 'layer9'; near it: layer4, layer3, layer2"
    assert not (tmp_path / "no").exists()
