"""The paper's datasets on one shelf, in small, and taken for the published ones by their checksums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.data.fakes import chest_xray, dtd, isic2018, kimia960, pcam, sti10, stl10
from whence.data.download import md5_of
from whence.data.named import _pcam_files, pcam_middle, pcam_small
from whence.data.named import dtd as published_dtd
from whence.data.named import stl10 as published_stl10

KINDS = ("x", "y", "meta")


def take_for_published(monkeypatch: pytest.MonkeyPatch, module: ModuleType, archive: Path) -> None:
    """Let a faked archive be the published one."""
    monkeypatch.setattr(module, "ARCHIVE", replace(module.ARCHIVE, md5=(md5_of(archive),)))


def pcam_file(folder: Path, split: str, kind: str) -> Path:
    """Where a faked file of PCam lies."""
    return folder / f"camelyonpatch_level_2_split_{split}_{kind}.{'csv' if kind == 'meta' else 'h5.gz'}"


def make_pcam(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PCam's files, faked; the draws are of 200 and 40 pictures."""
    pcam.make(shelf / "pcam")
    md5 = [tuple(md5_of(pcam_file(shelf / "pcam", split, kind)) for kind in KINDS) for split in pcam.COUNTS]
    monkeypatch.setattr(_pcam_files, "TRAIN", md5[0])
    monkeypatch.setattr(_pcam_files, "OTHERS", tuple(md5[1:]))
    monkeypatch.setattr(pcam_middle, "IMAGES", 200)
    monkeypatch.setattr(pcam_small, "IMAGES", 40)
    return shelf / "pcam"


def make_all(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the paper's study opens: its sources but ImageNet, with images enough for five folds."""
    isic2018.make(shelf / "isic2018", each=20)
    chest_xray.make(shelf / "chest-xray", more=20)
    kimia960.make(shelf / "kimia960")
    sti10.make(shelf / "sti10")
    take_for_published(monkeypatch, published_stl10, stl10.make(shelf / "stl10"))
    take_for_published(monkeypatch, published_dtd, dtd.make(shelf / "dtd"))
    make_pcam(shelf, monkeypatch)
