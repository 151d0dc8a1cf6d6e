"""Sets of collections by name: MedMNIST, torchvision, the Hugging Face hub; faked, through the real readers."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.fakes import dtd as dtd_fake
from tests.data.fakes import hugging_face as hub_fake
from tests.data.fakes import medmnist as medmnist_fake
from tests.data.fakes._pictures import picture
from whence.data import known_names, open_dataset
from whence.data.download import md5_of
from whence.data.layouts import npz
from whence.data.named import card_of, medmnist, torchvision_sets
from whence.errors import InputError

Refused = Callable[..., AbstractContextManager[None]]
pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `$WHENCE_DATA`."""
    folder = tmp_path / "shelf"
    monkeypatch.setenv("WHENCE_DATA", str(folder))
    return folder


def at_hand(shelf: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int = 28) -> Path:
    """A faked set of MedMNIST, taken for the published one."""
    known = medmnist.facts()[name]
    file = medmnist_fake.make(
        shelf / "medmnist",
        known["flag"],
        len(known["labels"]),
        size=size,
        channels=known["channels"],
        several=known["task"].startswith("multi-label"),
    )
    monkeypatch.setitem(known["md5"], str(size), md5_of(file))
    return file


def test_all_eighteen_sets_are_listed_with_their_facts() -> None:
    names = [name for name in known_names() if name.startswith("medmnist:")]
    assert len(names) == 18
    assert len([name for name in names if name.endswith("3d")]) == 6
    for name in names:
        card = card_of(name)
        assert card.origin == "medical"
        assert card.licence in ("CC BY 4.0", "CC BY-NC 4.0")
        known = medmnist.facts()[name.removeprefix("medmnist:")]
        assert set(known["md5"]) == ({"28", "64"} if name.endswith("3d") else {"28", "64", "128", "224"})
        assert all(len(md5) == 32 for md5 in known["md5"].values())
    assert len({md5 for known in medmnist.facts().values() for md5 in known["md5"].values()}) == 60


def test_the_facts_are_those_of_a_real_file(real_data: Path) -> None:
    file = real_data / "data" / "adrenal3d" / "adrenalmnist3d_64.npz"
    known = medmnist.facts()["adrenal3d"]
    assert md5_of(file) == known["md5"]["64"]
    with np.load(file, allow_pickle=False) as held:
        assert {split: len(held[f"{split}_images"]) for split in known["images"]} == known["images"]
        assert set(np.unique(held["train_labels"])) == set(range(len(known["labels"])))
    names = json.loads((file.parent / "labels.json").read_text())
    assert list(names.values() if isinstance(names, dict) else names) == known["labels"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("chest", "chest"),
        ("chestmnist", "chest"),
        ("chestmnist@28", "chest"),
        ("breast@224", "breast@224"),
        ("adrenalmnist3d@64", "adrenal3d@64"),
        ("organmnist3d", "organ3d"),
        ("liver", None),
    ],
)
def test_spellings(typed: str, name: str | None) -> None:
    assert medmnist.canonical(typed) == name


def test_a_size_that_does_not_exist(refused: Refused) -> None:
    with refused("medmnist:adrenal3d@224", "accepted are 28, 64"):
        open_dataset("medmnist:adrenal3d@224")
    with refused("unknown dataset 'medmnist:brest'", "near it", "medmnist:breast"):
        open_dataset("medmnist:brest")


@pytest.mark.parametrize(("name", "size"), [("breast", 28), ("breast", 64), ("derma", 28)])
def test_a_2d_set(shelf: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    file = at_hand(shelf, monkeypatch, name, size)
    dataset = open_dataset(f"medmnist:{name}mnist@{size}")
    assert dataset.name == (f"medmnist:{name}" if size == 28 else f"medmnist:{name}@{size}")
    assert dataset.class_names == tuple(medmnist.facts()[name]["labels"])
    assert dataset.splits is not None
    assert [int((dataset.splits == part).sum()) for part in ("train", "val", "test")] == [24, 6, 10]
    with np.load(file) as held:
        truth = {
            held[f"{part}_images"][i].tobytes(): (part, int(held[f"{part}_labels"][i, 0]))
            for part, count in medmnist_fake.COUNTS.items()
            for i in range(count)
        }
    for i in range(len(dataset)):
        pixels = np.asarray(dataset.images.open(i))
        assert truth[pixels.tobytes()] == (dataset.splits[i], dataset.labels[i])


def test_a_large_set_is_mapped_into_memory_and_is_the_same(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, private_home: Path
) -> None:
    at_hand(shelf, monkeypatch, "blood")
    small = open_dataset("medmnist:blood")
    monkeypatch.setattr(medmnist, "IN_MEMORY", 1000)
    mapped = open_dataset("medmnist:blood")
    assert mapped.fingerprint == small.fingerprint
    assert list((private_home / "unpacked").glob("*/train_images.npy"))


def test_several_labels_per_image_are_refused_with_the_way_out(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    file = at_hand(shelf, monkeypatch, "chest")
    with refused("several labels per image", "medmnist:chest[label=atelectasis]", "effusion"):
        open_dataset("medmnist:chest")
    dataset = open_dataset("medmnist:chestmnist[label=Effusion]")
    assert dataset.class_names == ("no effusion", "effusion")
    with np.load(file) as held:
        positive = sum(int(held[f"{part}_labels"][:, 2].sum()) for part in medmnist_fake.COUNTS)
    assert dataset.class_counts()["effusion"] == positive
    assert dataset.name == "medmnist:chest[label=Effusion]"
    assert open_dataset(dataset.address).fingerprint == dataset.fingerprint
    with refused("unknown finding 'efusion'", "near it: effusion"):
        open_dataset("medmnist:chest[label=efusion]")


def test_options_that_do_not_belong_to_a_set(refused: Refused) -> None:
    with refused("one label per image"):
        open_dataset("medmnist:breast[label=malignant]")
    with refused("2D images", "volumes"):
        open_dataset("medmnist:breast[slices=mip]")


def test_a_3d_set_goes_through_the_reader_of_volumes(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = at_hand(shelf, monkeypatch, "adrenal3d")
    asked: list[tuple[Path, dict[str, str]]] = []
    flat = medmnist_fake.make(shelf, "breastmnist", 2)
    whole = open_dataset(flat)

    def read(path: Path, options: object, **said: str) -> object:
        asked.append((path, said))
        return whole

    monkeypatch.setattr(npz, "read", read)
    dataset = open_dataset("medmnist:adrenalmnist3d[slices=mip]")
    assert asked == [(file, {"slices": "mip"})]
    assert dataset.class_names == ("normal", "hyperplasia")
    assert dataset.name == "medmnist:adrenal3d[slices=mip]"


def test_a_set_that_is_not_at_hand(shelf: Path, refused: Refused) -> None:
    with refused("https://zenodo.org/records/10519652/files/pathmnist_64.npz", str(shelf / "medmnist")):
        open_dataset("medmnist:path@64")


def cifar10(folder: Path) -> None:
    """CIFAR-10's pickled batches, with the few keys that torchvision reads."""
    root = folder / "cifar-10-batches-py"
    root.mkdir(parents=True)
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (root / "batches.meta").write_bytes(pickle.dumps({"label_names": names}))
    for place, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        pictures = np.stack([picture(100 * place + i, 32, 32).transpose(2, 0, 1).ravel() for i in range(10)])
        (root / name).write_bytes(pickle.dumps({"data": pictures, "labels": list(range(10))}))


def test_a_torchvision_set_of_pixels(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    cifar10(shelf / "torchvision" / "cifar10")
    monkeypatch.setattr(datasets.CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": None})
    dataset = open_dataset("torchvision:cifar10")
    assert dataset.class_names[:2] == ("airplane", "automobile")
    assert dataset.splits is not None
    assert [int((dataset.splits == part).sum()) for part in ("train", "test")] == [50, 10]
    first = picture(0, 32, 32)
    (place,) = [i for i in range(60) if (np.asarray(dataset.images.open(i)) == first).all()]
    assert (dataset.labels[place], dataset.splits[place]) == (0, "train")


def test_a_torchvision_set_of_files_is_the_files(shelf: Path, tmp_path: Path) -> None:
    dtd_fake.make(tmp_path)
    (shelf / "torchvision" / "dtd").mkdir(parents=True)
    (tmp_path / "scratch").rename(shelf / "torchvision" / "dtd" / "dtd")
    dataset = open_dataset("torchvision:dtd")
    assert dataset.class_counts() == dict.fromkeys(dtd_fake.CLASSES, 6)
    files = {md5_of(file) for file in (shelf / "torchvision").rglob("*.jpg")}
    assert len(files) == len(dataset) == 18
    assert dataset.images.describe(0).strip("'").endswith(".jpg")


def test_a_torchvision_set_that_is_not_at_hand(shelf: Path, refused: Refused) -> None:
    with refused("torchvision:cifar10 is not on this machine", "name resolution", str(shelf / "torchvision")):
        open_dataset("torchvision:cifar10")


def test_every_torchvision_set_is_a_class_of_torchvision() -> None:
    from torchvision import datasets

    for kind, _ in torchvision_sets.SETS.values():
        assert hasattr(datasets, kind)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the repository lab/skin as the hub holds it; the datasets library opens a folder of that name."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf-cache")
    (tmp_path / "hub").mkdir()
    monkeypatch.chdir(tmp_path / "hub")
    return tmp_path / "hub" / "lab" / "skin"


def test_a_set_of_the_hub(hub: Path, caplog: pytest.LogCaptureFixture, refused: Refused) -> None:
    hub_fake.make(hub)
    dataset = open_dataset("hf:lab/skin")
    assert dataset.class_names == ("healthy", "ill")
    assert len(dataset) == 29
    assert "1 of 30 images have no label" in caplog.text
    assert dataset.splits is not None
    assert dataset.groups is not None
    assert (dataset.splits == "test").sum() == 5
    assert len(set(dataset.groups)) == 15
    first = picture(0)
    (place,) = [i for i in range(29) if (np.asarray(dataset.images.open(i)) == first).all()]
    assert (dataset.labels[place], dataset.groups[place], dataset.splits[place]) == (0, "p0", "train")
    assert (
        open_dataset("hf:lab/skin[target=finding,image=picture,group=patient_id]").fingerprint
        == dataset.fingerprint
    )
    with refused("unknown column 'pic'", "picture"):
        open_dataset("hf:lab/skin[image=pic]")
    with refused("'patient_id' holds no images"):
        open_dataset("hf:lab/skin[image=patient_id]")
    with refused("one label per image"):
        open_dataset("hf:lab/skin[label=ill]")


def test_a_set_of_the_hub_with_several_labels(hub: Path, refused: Refused) -> None:
    hub_fake.make(hub, several=True)
    with refused("several labels per image", "hf:lab/skin[label=healthy]"):
        open_dataset("hf:lab/skin")
    dataset = open_dataset("hf:lab/skin[label=Ill]")
    assert dataset.class_names == ("no ill", "ill")
    assert dataset.class_counts()["ill"] == 10  # every third of 24 and of 6
    assert dataset.groups is not None
    with refused("unknown finding 'sick'"):
        open_dataset("hf:lab/skin[label=sick]")


def test_a_broken_picture_of_the_hub_is_left_out_when_asked(hub: Path) -> None:
    import datasets

    hub_fake.make(hub)
    file = hub / "data" / "train-00000-of-00001.parquet"
    rows = datasets.Dataset.from_parquet(str(file), cache_dir=str(hub / "cache"))
    rows = rows.cast_column("picture", datasets.Image(decode=False))
    held = rows.to_dict()
    held["picture"][3]["bytes"] = b"no picture"
    broken = datasets.Dataset.from_dict(held, features=rows.features)
    broken.cast_column("picture", datasets.Image()).to_parquet(str(file))
    dataset = open_dataset("hf:lab/skin", skip_unreadable=True)
    assert (len(dataset), dataset.unreadable) == (28, 1)


def test_the_hub_out_of_reach_and_without_the_library(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused("hf:lab/none could not be opened", "https://huggingface.co/datasets/lab/none"):
        open_dataset("hf:lab/none")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install 'whence\[hf\]'"):
        open_dataset("hf:lab/none")


def test_samples_of_odd_modes_become_grey_or_colour() -> None:
    samples = [(Image.new(mode, (4, 3)), 0) for mode in ("L", "RGB", "1", "P", "CMYK")]
    held = torchvision_sets.Samples("odd", samples)
    assert [held.open(i).mode for i in range(5)] == ["L", "RGB", "L", "RGB", "RGB"]
    assert held.describe(2) == "odd, image 2"
