"""Datasets made from others: in brackets and by function, each with its own fingerprint, card and address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.data.fakes import dtd as dtd_fake
from tests.data.fakes import kimia960 as kimia_fake
from whence.data import ArrayStore, Dataset, load_pixels, open_dataset, rebased, survey
from whence.data.address import parse_address
from whence.data.derived import binarise, derive, grey, ladder, mix, only_classes, relabel, resize, stratified
from whence.data.derived.subsets import stratified_order
from whence.data.download import Remote
from whence.data.named import dtd
from whence.errors import InputError
from whence.records import Card
from whence.study.study_file import make_study

Refused = Callable[..., AbstractContextManager[None]]


def made(counts: dict[str, int], seed: int = 0, grouped: bool = False, name: str = "held") -> Dataset:
    """Pictures in memory, so many of each class, no two alike; groups of three pictures where asked."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), list(counts.values()))
    pixels = random.integers(0, 256, (len(labels), 6, 5, 3), dtype=np.uint8)
    return Dataset(
        name,
        tuple(counts),
        labels,
        ArrayStore(pixels),
        Card(name, title="Held", origin="medical", licence="CC0", expected={"images": len(labels)}),
        groups=np.array([f"g{i // 3}" for i in range(len(labels))]) if grouped else None,
        splits=np.array(["train", "test"])[np.arange(len(labels)) % 2] if grouped else None,
    )


WIDE = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(WIDE, st.integers(0, 3), st.data())
def test_every_beginning_is_stratified(counts: list[int], seed: int, data: st.DataObject) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    order = stratified_order(labels, [str(i) for i in range(len(labels))], seed)
    assert sorted(order) == list(range(len(labels)))
    n = data.draw(st.integers(len(counts), len(labels)))
    taken = np.bincount(labels[order[:n]], minlength=len(counts))
    share = np.array(counts) * n / len(labels)
    assert (taken >= 1).all()
    # one each comes first; what that takes from large classes is at most the number of classes that it lifts
    lifted = int((share < 1).sum())
    assert (np.abs(taken - share) <= 1 + lifted).all()


@pytest.mark.parametrize("n", [20, 100, 399])
def test_a_subset_by_number_keeps_each_class_to_within_one_image(n: int) -> None:
    whole = made({"a": 200, "b": 150, "c": 50})
    part = stratified(whole, n=n)
    assert len(part) == n
    for name, count in whole.class_counts().items():
        assert abs(part.class_counts()[name] - count * n / 400) <= 1
    assert set(part.digests) <= set(whole.digests)


def test_a_subset_by_share_and_by_number_is_the_same() -> None:
    whole = made({"a": 40, "b": 60})
    assert stratified(whole, share=0.1).fingerprint == stratified(whole, n=10).fingerprint
    assert stratified(whole, n=10, seed=1).fingerprint != stratified(whole, n=10).fingerprint
    assert stratified(whole, n=10, seed=1).name == "held[n=10,seed=1]"


def test_a_subset_depends_on_content_only() -> None:
    whole = made({"a": 40, "b": 60})
    chosen = set(stratified(whole, n=30).digests)
    shuffled = np.random.default_rng(1).permutation(100)
    pixels = np.stack([np.asarray(whole.images.open(int(i))) for i in shuffled])
    other = Dataset("other", ("a", "b"), whole.labels[shuffled], ArrayStore(pixels), Card("other"))
    assert set(stratified(other, n=30).digests) == chosen


def test_a_ladder_is_nested() -> None:
    steps = ladder(made({"a": 70, "b": 30}), [50, 10, 100])
    assert [len(step) for step in steps] == [10, 50, 100]
    assert set(steps[0].digests) < set(steps[1].digests) < set(steps[2].digests)


def test_a_subset_that_cannot_be() -> None:
    whole = made({"a": 5, "b": 5, "c": 5})
    for asked in ({"n": 2}, {"n": 16}, {"share": 0.0}, {"share": 1.5}, {}, {"n": 5, "share": 0.5}):
        with pytest.raises(InputError):
            stratified(whole, **asked)


def test_a_subset_keeps_groups_and_splits_with_their_images() -> None:
    whole = made({"a": 30, "b": 30}, grouped=True)
    part = stratified(whole, n=20)
    assert whole.groups is not None
    assert whole.splits is not None
    assert part.groups is not None
    assert part.splits is not None
    known = dict(zip(whole.digests, zip(whole.groups, whole.splits, whole.labels, strict=True), strict=True))
    for i, digest in enumerate(part.digests):
        assert known[digest] == (part.groups[i], part.splits[i], part.labels[i])


def test_some_classes_in_the_datasets_own_order() -> None:
    whole = made({"a": 5, "b": 6, "c": 7})
    part = only_classes(whole, ["c", "a"])
    assert part.class_counts() == {"a": 5, "c": 7}
    assert part.name == "held[classes=a|c]"
    for wrong in (["a"], ["a", "x"]):
        with pytest.raises(InputError):
            only_classes(whole, wrong)


def test_classes_are_merged_under_new_names() -> None:
    whole = made({"MEL": 3, "NV": 4, "BCC": 5, "DF": 6})
    part = relabel(whole, {"malignant": ["MEL", "BCC"], "benign": ["*"]})
    assert part.class_counts() == {"malignant": 8, "benign": 10}
    assert set(part.digests) == set(whole.digests)
    named = {d: whole.class_names[n] for d, n in zip(whole.digests, whole.labels, strict=True)}
    for digest, label in zip(part.digests, part.labels, strict=True):
        assert (part.class_names[label] == "malignant") == (named[digest] in ("MEL", "BCC"))
    for wrong in (
        {"a": ["MEL"], "b": ["NV"]},
        {"a": ["MEL", "x"], "b": ["*"]},
        {"a": ["MEL"], "b": ["MEL", "*"]},
        {"a": ["*"]},
    ):
        with pytest.raises(InputError):
            relabel(whole, wrong)


def test_some_classes_against_the_rest() -> None:
    part = binarise(made({"MEL": 3, "NV": 4, "BCC": 5}), ["MEL", "BCC"])
    assert part.class_counts() == {"rest": 4, "MEL or BCC": 8}


def test_grey_images_are_grey_and_another_dataset() -> None:
    whole = made({"a": 5, "b": 5})
    part = grey(whole)
    assert set(survey(part).channels) == {1}
    assert part.fingerprint != whole.fingerprint
    assert not set(part.digests) & set(whole.digests)
    known = {i: np.asarray(whole.images.open(i).convert("L")).tobytes() for i in range(10)}
    assert {np.asarray(part.images.open(i)).tobytes() for i in range(10)} == set(known.values())
    assert load_pixels(part, 4).shape == (10, 4, 4, 3)


def test_resized_images_are_those_of_pillow_and_the_same_at_every_draft(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(3):
            noise = np.random.default_rng(ord(label) + i).integers(0, 255, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(noise).resize((900, 700)).save(tmp_path / label / f"{i}.jpg")
    whole = open_dataset(tmp_path)
    part = resize(whole, 40, 50)
    seen = survey(part)
    assert (set(seen.height), set(seen.width)) == ({40}, {50})
    for i in range(6):
        assert part.images.open(i).tobytes() == part.images.open(i, draft=8).tobytes()
    plain = {
        whole.images.open(i, draft=100).resize((50, 40), Image.Resampling.BICUBIC).tobytes() for i in range(6)
    }
    assert {part.images.open(i).tobytes() for i in range(6)} == plain
    assert part.name.endswith("[resize=40x50]")
    with pytest.raises(InputError, match="1 to 4096"):
        resize(whole, 5000)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).map(str.strip)
ODD = NAMES | st.sampled_from(["a|b", "a;b", "c: d", 'say "x"', "[n=3]", "a,b", "\\"])


@given(st.lists(ODD.filter(lambda name: name not in ("", "*")), min_size=4, max_size=6, unique=True))
def test_classes_of_any_name_can_be_asked_for_in_brackets(names: list[str]) -> None:
    whole = replace(made(dict.fromkeys(names[:-1], 3)), address="somewhere")
    for part in (
        only_classes(whole, names[1:3]),
        binarise(whole, names[:1]),
        relabel(whole, {names[-1]: names[:2], "others of them": ["*"]}),
    ):
        options = parse_address(part.address).options
        assert derive(whole, options).fingerprint == part.fingerprint


def test_a_study_file_lists_a_ladder_in_one_line() -> None:
    study = make_study({"sources": ["xrays[ladder=10|20]", "none"], "targets": ["y"], "name": "s"})
    assert study.sources == ["xrays[n=10]", "xrays[n=20]", "none"]
    with pytest.raises(InputError, match=r"several datasets.*name one step, such as \[n=100\]"):
        derive(made({"a": 3, "b": 3}), [("ladder", "2|4")])


def test_a_mixture_holds_the_columns_and_the_leniency_of_its_parts(
    table_folder: Callable[..., Path], picture_folder: Callable[..., Path]
) -> None:
    root = table_folder("image,kind,label\na.png,x,1\nb.png,y,1\nc.png,x,2\nd.png,y,1\n")
    pictures = picture_folder()
    (pictures / "ill" / "999.png").write_bytes(b"no picture")
    whole = mix([open_dataset(root, label_column="kind"), open_dataset(pictures, skip_unreadable=True)])
    assert set(whole.class_names) == {"x", "y", "healthy", "ill"}
    assert whole.unreadable == 1
    again = open_dataset(whole.address, **asdict(whole.options))
    assert again.fingerprint == whole.fingerprint


BRACKETS = (
    "[n=10]",
    "[n=10,seed=4]",
    "[share=0.5]",
    "[classes=ill|healthy]",
    "[relabel=sick:ill;well:*]",
    "[binary=ill]",
    "[grey]",
    "[resize=8]",
    "[resize=8x10]",
    "[grey][n=10,seed=2][resize=12]",
)


@pytest.mark.parametrize("behind", BRACKETS)
def test_what_brackets_make_opens_again_by_its_address_and_has_a_card(
    behind: str, picture_folder: Callable[..., Path]
) -> None:
    folder = picture_folder()
    whole, part = open_dataset(folder), open_dataset(f"{folder}{behind}")
    assert part.fingerprint != whole.fingerprint or behind == "[classes=ill|healthy]"
    assert open_dataset(part.address).fingerprint == part.fingerprint
    assert part.address == f"{folder}{part.name.removeprefix('pictures')}"
    assert part.card.derivation
    assert part.card.name == part.name
    assert not part.card.expected


def test_derivations_are_applied_in_their_order(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(classes=("a", "b", "c"), per_class=12)
    assert open_dataset(f"{folder}[classes=a|b][n=10]").class_counts() == {"a": 5, "b": 5}
    assert sum(open_dataset(f"{folder}[n=12][classes=a|b]").class_counts().values()) == 8


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        ("[n=0]", ("accepted is 2 to 24",)),
        ("[n=-3]", ("[n=-3]", "whole number")),
        ("[share=x]", ("[share=x]", "a number")),
        ("[share=nan]", ("more than 0, at most 1",)),
        ("[classes=ill|sick]", ("unknown class 'sick'", "healthy")),
        ("[relabel=a]", ("[relabel=a]", "new:old|old")),
        ("[relabel=a:ill]", ("'healthy'", "goes to no new class")),
        ("[binary=]", ("unknown class ''",)),
        ("[grey=yes]", ("accepted is [grey] alone",)),
        ("[resize=0]", ("1 to 4096",)),
        ("[resize=a]", ("[resize=a]", "height x width")),
        ("[gray]", ("unknown option 'gray'", "near it: grey")),
    ],
)
def test_wrong_brackets(
    behind: str, words: tuple[str, ...], picture_folder: Callable[..., Path], refused: Refused
) -> None:
    folder = picture_folder()
    with refused(*words):
        open_dataset(f"{folder}{behind}")


def test_what_is_derived_in_memory_has_no_address() -> None:
    assert stratified(made({"a": 5, "b": 5}), n=4).address == ""


def test_a_mixture_is_the_union_of_images_and_classes() -> None:
    first = made({"a": 20, "b": 10}, seed=1, grouped=True, name="first")
    second = made({"b": 5, "c": 10}, seed=2, grouped=True, name="second")
    whole = mix([first, second])
    assert whole.class_counts() == {"a": 20, "b": 15, "c": 10}
    assert set(whole.digests) == set(first.digests) | set(second.digests)
    assert whole.groups is not None
    assert len(set(whole.groups)) == 10 + 5  # both call theirs g0, g1, …
    own = {d: first.class_names[n] for d, n in zip(first.digests, first.labels, strict=True)}
    own |= {d: second.class_names[n] for d, n in zip(second.digests, second.labels, strict=True)}
    for i, digest in enumerate(whole.digests):
        assert whole.class_names[whole.labels[i]] == own[digest]
    assert whole.card.origin == "medical"
    apart = mix([first, second], apart=True)
    assert apart.class_names == ("first/a", "first/b", "second/b", "second/c")
    assert apart.fingerprint != whole.fingerprint


@given(st.tuples(st.integers(10, 60), st.integers(10, 60)), st.tuples(st.integers(1, 5), st.integers(1, 5)))
def test_a_ratio_takes_the_most_that_there_is(counts: tuple[int, int], ratio: tuple[int, int]) -> None:
    first = made({"a": counts[0]}, seed=1, name="first")
    second = made({"b": counts[1]}, seed=2, name="second")
    taken = list(mix([first, second], ratio=ratio).class_counts().values())
    assert abs(taken[0] * ratio[1] - taken[1] * ratio[0]) <= max(ratio)
    assert taken[0] == counts[0] or taken[1] == counts[1]
    assert taken[0] <= counts[0]
    assert taken[1] <= counts[1]


def test_a_dataset_mixed_with_itself_keeps_its_groups_together(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(classes=("a", "b", "c"))
    table = "image,label,patient\n" + "".join(
        f"{label}/{i:03}.png,{label},p{i % 4}\n" for label in "abc" for i in range(12)
    )
    (folder / "labels.csv").write_text(table)
    address = f"mix({folder}/labels.csv[classes=a|b], {folder}/labels.csv[classes=b|c][n=12])"
    whole = open_dataset(address)
    assert whole.groups is not None
    assert set(whole.groups) == {"0/p0", "0/p1", "0/p2", "0/p3"}


def test_mixtures_by_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture_folder: Callable[..., Path], refused: Refused
) -> None:
    shelf = tmp_path / "shelf"
    monkeypatch.setenv("WHENCE_DATA", str(shelf))
    archive = dtd_fake.make(shelf / "dtd")
    monkeypatch.setattr(dtd, "ARCHIVE", Remote("http://x", archive.name))
    kimia_fake.make(shelf / "kimia960")
    folder = picture_folder(name="a, folder (old)")
    whole = open_dataset("mix(dtd, kimia960, ratio=1:2)[n=30]")
    assert whole.address == "mix(paper:dtd, paper:kimia960, ratio=1:2)[n=30]"
    assert len(whole) == 30
    assert whole.card.title.startswith("mixture of Describable Textures")
    assert whole.card.origin is None
    assert "18 of 18 images of paper:dtd; 36 of 60 images of paper:kimia960" in str(whole.card.derivation)
    assert open_dataset(whole.address).fingerprint == whole.fingerprint
    with_path = open_dataset(f'mix(paper:dtd[n=6], "{folder}", seed=3)')
    assert len(with_path) == 30
    assert open_dataset(with_path.address).fingerprint == with_path.fingerprint
    inner = open_dataset("mix(mix(dtd, kimia960), dtd[classes=banded|braided], apart)[grey]")
    assert open_dataset(inner.address).fingerprint == inner.fingerprint
    with refused("two datasets at least"):
        open_dataset("mix(dtd)")
    with refused("mixture of 2 datasets", "one positive number for each"):
        open_dataset("mix(dtd, kimia960, ratio=1:2:3)")
    with refused("ratio=x", "numbers and colons"):
        open_dataset("mix(dtd, kimia960, ratio=x)")
    with refused("unknown setting 'ration'", "near it: ratio"):
        open_dataset("mix(dtd, kimia960, ration=1:2)")
    with refused("fewer than it has classes"):
        open_dataset("mix(dtd, kimia960, ratio=5:1)")
    with refused("one name"):
        open_dataset("mix(dtd, dtd, apart)")


def test_addresses_of_a_study_file_start_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "xrays").mkdir()
    (tmp_path / "scans[old]").mkdir()
    xrays = tmp_path / "xrays"
    assert rebased("xrays", tmp_path) == str(xrays)
    assert rebased("xrays[n=10,grey]", tmp_path) == f"{xrays}[n=10,grey]"
    assert rebased("scans[old]", tmp_path) == str(tmp_path / "scans[old]")
    assert rebased("mix(xrays[n=1], paper:dtd, ratio=1:2)[grey]", tmp_path) == (
        f"mix({xrays}[n=1], paper:dtd, ratio=1:2)[grey]"
    )
    assert rebased("paper:dtd[n=10]", tmp_path) == "paper:dtd[n=10]"
