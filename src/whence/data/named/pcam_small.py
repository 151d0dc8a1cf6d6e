"""PCam-small: 10,000 pictures of PatchCamelyon, stratified, none of them in PCam-middle."""

from __future__ import annotations

import numpy as np

from whence.data.dataset import Dataset
from whence.data.named import pcam_middle
from whence.data.named._pcam import drawn, look_at_all, make_card, random_rows, stratified_rows
from whence.data.named._pcam_files import files
from whence.data.named.pcam_middle import check_flag
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("pcam-small",)
OPTIONS = ("overlap",)
IMAGES = 10_000
ORIGINAL_SEED = 22
CARD = make_card(
    "paper:pcam-small",
    "PatchCamelyon, a stratified draw of 10,000: metastatic tissue or not",
    "the next 10,000 of the order that pcam-middle begins, without any picture that pcam-middle has. [overlap]: the "
    "draw of the paper's code, at random and not stratified (seed 22), which may share pictures with pcam-middle",
    IMAGES,
)


def card(name: str) -> Card:
    """The card of PCam-small."""
    return CARD


def open(name: str, overlap: str | None = None) -> Dataset:
    """The draw; slides are groups where they are known. `overlap`: the draw of the paper's code."""
    check_flag(CARD, overlap)
    found = files(CARD)
    whole = look_at_all(found)
    if overlap is not None:
        rows = random_rows(whole, min(IMAGES, len(whole.labels)), ORIGINAL_SEED)
        return drawn(CARD, found, whole, rows, "small-overlap")
    order = stratified_rows(whole)
    taken = {whole.digests[row] for row in order[: pcam_middle.IMAGES]}
    rest = [row for row in order[pcam_middle.IMAGES :] if whole.digests[row] not in taken]
    if not rest:
        raise InputError(
            f"PCam has only {len(order)} pictures here, all of them in pcam-middle; {CARD.name} needs more than "
            f"{pcam_middle.IMAGES}: fetch PCam anew"
        )
    return drawn(CARD, found, whole, np.array(rest[:IMAGES]), "small")
