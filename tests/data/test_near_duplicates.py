"""Near-duplicates: hashes as another library gives them, pairs as a plain loop finds them, real pictures saved anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from skimage import data as pictures

from whence.data import check, cut, open_dataset, survey
from whence.data.near_duplicates import (
    THRESHOLD,
    Hashes,
    near_pairs,
    near_pairs_between,
    perceptual_hashes,
)
from whence.data.parts import unite

TURNS = [None, *Image.Transpose]
NAMES = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "rocket")


@cache
def photograph(name: str) -> Image.Image:
    """A picture out of scikit-image's wheel."""
    return Image.fromarray(getattr(pictures, name)())


@pytest.mark.parametrize("name", ["camera", "coffee", "chelsea"])
def test_the_hashes_of_all_eight_orientations_are_those_of_imagehash(name: str) -> None:
    grey = photograph(name).convert("L").resize((64, 64))  # so small that neither has to shrink it
    ours = {bytes(row) for row in perceptual_hashes(grey)}
    theirs = set()
    for turn in TURNS:
        turned = grey if turn is None else grey.transpose(turn)
        bits = imagehash.phash(turned, hash_size=16, highfreq_factor=4).hash
        theirs.add(bytes(np.packbits(bits.ravel())))
    assert ours == theirs
    assert len(ours) == 8
    standing = imagehash.phash(grey, hash_size=16, highfreq_factor=4).hash
    assert bytes(perceptual_hashes(grey)[0]) == bytes(np.packbits(standing.ravel()))


def test_a_picture_saved_anew_is_found_and_others_are_not(tmp_path: Path) -> None:
    hashes = {name: perceptual_hashes(photograph(name)) for name in NAMES}
    assert not len(near_pairs(np.stack([*hashes.values()])))
    for name in NAMES:
        picture = photograph(name)
        picture.convert("RGB").save(tmp_path / "a.jpg", quality=40)
        changed = [
            Image.open(tmp_path / "a.jpg"),
            picture.resize((150, 150)).transpose(Image.Transpose.ROTATE_90),
            ImageEnhance.Brightness(picture.convert("RGB"))
            .enhance(1.15)
            .transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        ]
        for copy in changed:
            alike = near_pairs(np.stack([hashes[name], perceptual_hashes(copy)]))
            assert alike.tolist() == [[0, 1]], name


def made(seed: int, count: int, kinds: int, flips: int) -> Hashes:
    """Hashes of `count` images that differ from one of `kinds` prototypes in at most `flips` bits, turned at random."""
    random = np.random.default_rng(seed)
    prototypes = random.integers(0, 2, (kinds, 8, 256), dtype=np.uint8)
    chosen = prototypes[random.integers(0, kinds, count)].copy()
    for bits in chosen:
        for row in bits:
            row[random.choice(256, random.integers(0, flips + 1), replace=False)] ^= 1
        bits[:] = np.roll(bits, random.integers(0, 8), axis=0)
    return np.packbits(chosen, axis=2)


def far(a: np.ndarray, b: np.ndarray) -> int:
    """Bits between a as it stands and the nearest of b's eight orientations, counted one by one."""
    return min(int(np.unpackbits(a[0] ^ way).sum()) for way in b)


def hanging_together(count: int, pairs: list[tuple[int, int]]) -> list[set[int]]:
    """Sets of images connected by pairs, by a plain search."""
    sets = [{i} for i in range(count)]
    for i, j in pairs:
        joined = next(s for s in sets if i in s) | next(s for s in sets if j in s)
        sets = [s for s in sets if not s & joined] + [joined]
    return sorted(sets, key=min)


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(2, 14),
    kinds=st.integers(1, 4),
    flips=st.integers(0, 14),
    threshold=st.sampled_from([0, 1, 6, THRESHOLD]),
)
def test_pairs_are_those_of_a_plain_loop(
    seed: int, count: int, kinds: int, flips: int, threshold: int
) -> None:
    hashes = made(seed, count, kinds, flips)
    near = [
        (i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if min(far(hashes[i], hashes[j]), far(hashes[j], hashes[i])) <= threshold
    ]
    found = [(int(i), int(j)) for i, j in near_pairs(hashes, threshold)]
    assert set(found) <= set(near)
    assert hanging_together(count, found) == hanging_together(count, near)

    others = made(seed + 1, count, kinds, flips)
    others[0] = hashes[-1]
    mates = {int(i): int(j) for i, j in near_pairs_between(hashes, others, threshold)}
    for i in range(count):
        close = [j for j in range(count) if far(hashes[i], others[j]) <= threshold]
        assert (i in mates) == bool(close)
        assert i not in mates or mates[i] in close


def test_folds_keep_them_together_only_when_asked(tmp_path: Path) -> None:
    """Parts of four photographs, each saved twice: without the option copies stand on the other side."""
    for number, name in enumerate(("astronaut", "chelsea", "coffee", "rocket")):
        label = tmp_path / "d" / ("a" if number % 2 else "b")
        label.mkdir(parents=True, exist_ok=True)
        for i in range(8):
            box = (20 * i, 10 * i, 20 * i + 150, 10 * i + 120)
            photograph(name).crop(box).save(label / f"{name}{i}.png")
            photograph(name).crop(box).resize((100, 80)).save(label / f"{name}{i}.jpg", quality=60)
    dataset = open_dataset(tmp_path / "d")
    seen = survey(dataset)
    pairs = near_pairs(seen.perceptual_hash)
    together = unite(None, seen.pixel_digest, pairs)
    assert len(np.unique(together)) < 48  # most of the 32 are found, though smaller and compressed

    def divided(near: bool) -> int:
        folds = cut(dataset, folds=2, seed=1, group_near_duplicates=near)
        return sum(len(np.intersect1d(together[f.test], together[f.train])) for f in folds)

    assert divided(near=False) > 0
    assert divided(near=True) == 0
    (near,) = [finding for finding in check(dataset, seen) if "nearly the same" in finding.what]
    assert near.severity == "warning"
    assert "group_near_duplicates: true" in near.advice
    assert str(tmp_path) in near.example


def test_a_flat_picture_has_a_hash() -> None:
    assert (
        perceptual_hashes(Image.new("L", (30, 20), 7)) == perceptual_hashes(Image.new("L", (9, 9), 7))
    ).all()
