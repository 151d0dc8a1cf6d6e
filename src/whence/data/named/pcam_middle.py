"""PCam-middle: 100,000 pictures of PatchCamelyon, stratified."""

from __future__ import annotations

from whence.data.dataset import Dataset
from whence.data.named._pcam import drawn, look_at_all, make_card, random_rows, stratified_rows
from whence.data.named._pcam_files import files
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("pcam-middle",)
OPTIONS = ("overlap",)
IMAGES = 100_000
ORIGINAL_SEED = 2
CARD = make_card(
    "paper:pcam-middle",
    "PatchCamelyon, a stratified draw of 100,000: metastatic tissue or not",
    "the first 100,000 of a stratified order by content (seed 0); no picture is also in pcam-small. [overlap]: the "
    "draw of the paper's code, at random and not stratified (seed 2), which may share pictures with pcam-small",
    IMAGES,
)


def card(name: str) -> Card:
    """The card of PCam-middle."""
    return CARD


def open(name: str, overlap: str | None = None) -> Dataset:
    """The draw; slides are groups where they are known. `overlap`: the draw of the paper's code."""
    check_flag(CARD, overlap)
    found = files(CARD)
    whole = look_at_all(found)
    count = min(IMAGES, len(whole.labels))
    if overlap is not None:
        return drawn(CARD, found, whole, random_rows(whole, count, ORIGINAL_SEED), "middle-overlap")
    return drawn(CARD, found, whole, stratified_rows(whole)[:count], "middle")


def check_flag(card: Card, overlap: str | None) -> None:
    """Raise `InputError` where `overlap` was given a value."""
    if overlap:
        raise InputError(f"{card.name}[overlap={overlap}]: accepted is [overlap] alone")
