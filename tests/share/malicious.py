"""Parcels and archives that somebody made to do harm, each by a function that lays it out."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from whence.nets.weights import file_sha256, read_record
from whence.share.parcel import MANIFEST
from whence.share.results import INDEX

WEIGHTS = "model.safetensors"


class Harm:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


# --- parcels: each changes a good one in place; the checksums are made anew afterwards, so that they do not save us


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def lay_out(folder: Path) -> None:
        found = json.loads((folder / MANIFEST).read_text())
        change(found)
        (folder / MANIFEST).write_text(json.dumps(found))

    return lay_out


def raw_manifest(text: str | bytes) -> Callable[[Path], None]:
    data = text.encode() if isinstance(text, str) else text

    def lay_out(folder: Path) -> None:
        (folder / MANIFEST).write_bytes(data)

    return lay_out


def weights(data: Callable[[Path], bytes], name: str = WEIGHTS) -> Callable[[Path], None]:
    """Other weights, or another file, under a true checksum."""

    def lay_out(folder: Path) -> None:
        (folder / name).write_bytes(data(folder))
        told = json.loads((folder / MANIFEST).read_text())
        size = (folder / name).stat().st_size
        told["files"][name] = {"bytes": size, "sha256": file_sha256(folder / name)}
        (folder / MANIFEST).write_text(json.dumps(told))

    return lay_out


def header(change: Callable[[dict[str, Any]], str]) -> Callable[[Path], None]:
    """Weights with another header, from a function that gives its text."""

    def data(folder: Path) -> bytes:
        good = (folder / WEIGHTS).read_bytes()
        size = struct.unpack("<Q", good[:8])[0]
        text = change(json.loads(good[8 : 8 + size])).encode()
        return struct.pack("<Q", len(text)) + text + good[8 + size :]

    return weights(data)


def replaced(name: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def lay_out(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return lay_out


def a_sparse_file(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 10 << 30) + b"{")
    os.truncate(path, 11 << 30)


def a_zip_of_tensors(folder: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save({"fc.weight": Harm(folder.parent / "ran")}, buffer)
    return buffer.getvalue()


def lacking_a_tensor(folder: Path) -> bytes:
    tensors = load_file(folder / WEIGHTS)
    del tensors["conv1.0.weight"]
    return save(tensors, metadata=read_record(folder / WEIGHTS))


def with_record(**other: str) -> Callable[[Path], None]:
    return weights(lambda f: save(load_file(f / WEIGHTS), metadata={**read_record(f / WEIGHTS), **other}))


def beyond(found: dict[str, Any]) -> str:
    found["fc.bias"]["data_offsets"] = [0, 1 << 40]
    return json.dumps(found)


def twice(found: dict[str, Any]) -> str:
    text = json.dumps(found)
    one = json.dumps(found["fc.bias"])
    return f'{{"fc.bias": {one}, {text[1:]}'


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    def change(found: dict[str, Any]) -> None:
        found["files"][new] = found["files"].pop(old)

    return change


def added(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda found: found["files"].update({name: {"bytes": 4, "sha256": "0" * 64}})


PARCELS: dict[str, Callable[[Path], None]] = {
    "a path out of the folder": manifest(renamed("README.md", "../../evil")),
    "an absolute path": manifest(renamed("README.md", "/tmp/evil")),
    "a pickle beside the weights": manifest(added("pytorch_model.bin")),
    "a pickle instead of the weights": manifest(renamed(WEIGHTS, "pytorch_model.bin")),
    "a name that leads out of the home": manifest(lambda found: found.update(name="../../evil")),
    "a hidden name": manifest(lambda found: found.update(name=".incoming")),
    "another kind": manifest(lambda found: found.update(kind="module")),
    "a kind that is a list": manifest(lambda found: found.update(kind=["checkpoint"])),
    "sizes below zero": manifest(lambda found: found["files"]["README.md"].update(bytes=-1)),
    "a size of ten terabytes": manifest(lambda found: found["files"][WEIGHTS].update(bytes=10**13)),
    "a size that is a bool": manifest(lambda found: found["files"]["README.md"].update(bytes=True)),
    "a checksum that is a path": manifest(lambda found: found["files"]["README.md"].update(sha256="../" * 20)),
    "another checksum": manifest(lambda found: found["files"][WEIGHTS].update(sha256="0" * 64)),
    "a shorter file than told": manifest(lambda found: found["files"]["README.md"].update(bytes=5)),
    "a name twice": raw_manifest('{"format": "whence parcel 1", "format": "whence parcel 1"}'),
    "no JSON": raw_manifest("\x80\x04."),
    "a manifest of no end": raw_manifest("[" * 200_000),
    "a manifest too large": raw_manifest(b'{"a": "' + b"x" * 3_000_000 + b'"}'),
    "a list": raw_manifest("[]"),
    "a torch pickle called safetensors": weights(a_zip_of_tensors),
    "a bare pickle called safetensors": weights(lambda f: pickle.dumps(Harm(f.parent / "ran"))),
    "a pickle that begins as a short header": weights(
        lambda f: struct.pack("<Q", 40) + b"{" + pickle.dumps(Harm(f.parent / "ran"))
    ),
    "a header of 10 GB": weights(lambda f: struct.pack("<Q", 10 << 30) + b'{"a":' + b" " * 1000),
    "a header of 10 GB in a sparse file": replaced(WEIGHTS, a_sparse_file),
    "a header that is cut off": weights(lambda f: (f / WEIGHTS).read_bytes()[:200]),
    "weights that are cut off": weights(lambda f: (f / WEIGHTS).read_bytes()[:-8]),
    "tensors beyond the file": header(beyond),
    "a tensor twice": header(twice),
    "no weights at all": weights(lambda f: b""),
    "a tensor that is missing": weights(lacking_a_tensor),
    "a network that does not exist": with_record(arch="resnet_of_evil"),
    "another network": with_record(arch="resnet18"),
    "a record that is a path": with_record(mean='"/etc/passwd"'),
    "a size of no images": with_record(recipe='{"size": 0}'),
    "no record": weights(lambda f: save(load_file(f / WEIGHTS))),
    "a link to a file": replaced("README.md", lambda path: path.symlink_to("/etc/hostname")),
    "a link as weights": replaced(WEIGHTS, lambda path: path.symlink_to("/etc/passwd")),
    "a link as manifest": replaced(MANIFEST, lambda path: path.symlink_to("/dev/zero")),
    "a device": replaced(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "a pipe": replaced("README.md", os.mkfifo),
    "a folder": replaced("README.md", Path.mkdir),
    "a config of another network": weights(lambda f: b'{"architecture": "x"}', "config.json"),
    "a config that is no JSON": weights(lambda f: b"\x80\x04.", "config.json"),
}  # fmt: skip


# --- archives: each gives the bytes of one, from the members of a good one


def zipped(members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as held:
        for name, data in members:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name that comes twice is meant
                held.writestr(name, data)
    return buffer.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr, made.create_system = mode << 16, 3
    return made


def beside(name: str | zipfile.ZipInfo, data: bytes = b"evil") -> Callable[[dict[str, bytes]], bytes]:
    """A good archive with one more member."""
    return lambda good: zipped([*good.items(), (name, data)])


def instead(
    name: str, data: bytes | Callable[[bytes], bytes], mode: int = 0
) -> Callable[[dict[str, bytes]], bytes]:
    """A good archive with another member under a name; checksums in the index are made to agree."""

    def make(good: dict[str, bytes]) -> bytes:
        new = data(good[name]) if callable(data) else data
        members: dict[str, bytes] = {**good, name: new}
        if name != INDEX:
            index = json.loads(good[INDEX])
            index["files"][name] = hashlib.sha256(new).hexdigest()
            members[INDEX] = json.dumps(index).encode()
        return zipped([(entry(n, mode) if n == name and mode else n, d) for n, d in members.items()])

    return make


def index(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, bytes]], bytes]:
    def new(data: bytes) -> bytes:
        found = json.loads(data)
        change(found)
        return json.dumps(found).encode()

    return instead(INDEX, new)


def tarred(kind: bytes, link: str = "") -> Callable[[dict[str, bytes]], bytes]:
    def make(good: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, data in good.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            info = tarfile.TarInfo("README.md")
            info.type, info.linkname = kind, link
            tar.addfile(info)
        return buffer.getvalue()

    return make


def lying(good: dict[str, bytes]) -> bytes:
    """A member that says it is 100 bytes long and unpacks to 64 MB."""
    made = instead("README.md", b"\0" * (64 << 20))(good)
    assert made.count(struct.pack("<I", 64 << 20)) == 2
    return made.replace(struct.pack("<I", 64 << 20), struct.pack("<I", 100))


def damaged(good: dict[str, bytes]) -> bytes:
    data = bytearray(zipped(list(good.items())))
    data[len(data) // 3 : len(data) // 3 + 64] = bytes(64)
    return bytes(data)


def encrypted(good: dict[str, bytes]) -> bytes:
    data = bytearray(zipped(list(good.items())))
    place = data.rfind(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "a path out of the folder": beside("../../evil"),
    "a path out of the folder, within": beside("outcomes/../../evil"),
    "an absolute path": beside("/tmp/evil"),
    "a path with a drive": beside("C:\\evil"),
    "backslashes": beside("..\\..\\evil"),
    "a script": beside("setup.py"),
    "a pickle": beside("model.pkl", pickle.dumps(Harm(Path("ran")))),
    "an image": beside("images/patient-7.png"),
    "a folder": beside("images/"),
    "a name twice": beside("outcomes.csv", b"evil"),
    "a name twice, the good one last": lambda good: zipped([("outcomes.csv", b"evil"), *good.items()]),
    "a symbolic link": instead("README.md", b"/etc/passwd", stat.S_IFLNK | 0o777),
    "a device": instead("README.md", b"", stat.S_IFCHR | 0o666),
    "a pipe": instead("README.md", b"", stat.S_IFIFO | 0o666),
    "a bomb": instead("README.md", b"\0" * (64 << 20)),
    "a bomb within": instead("predictions.csv.gz", gzip.compress(b"\0" * (256 << 20), 1, mtime=0)),
    "a member that lies about its size": lying,
    "a gzip that is none": instead("predictions.csv.gz", b"not a gzip"),
    "a damaged archive": damaged,
    "an encrypted member": encrypted,
    "a cut archive": lambda good: zipped(list(good.items()))[:-200],
    "no archive": lambda good: b"\x80\x04.",
    "an empty file": lambda good: b"",
    "an empty archive": lambda good: zipped([]),
    "a tar": tarred(tarfile.REGTYPE),
    "a tar with a hard link": tarred(tarfile.LNKTYPE, "/etc/passwd"),
    "a tar with a symbolic link": tarred(tarfile.SYMTYPE, "/etc/passwd"),
    "a tar with a device": tarred(tarfile.CHRTYPE),
    "another format": index(lambda found: found.update(format="whence results 99")),
    "an index without checksums": index(lambda found: found.pop("files")),
    "a table that was changed": lambda good: zipped(list({**good, "outcomes.csv": b"x"}.items())),
    "a fingerprint that is a path": index(lambda found: found["datasets"]["xrays"].update(fingerprint="../" * 20)),
    "a name that clears the screen": index(lambda found: found["datasets"]["xrays"].update(name="\x1b[2J")),
    "datasets that are a list": index(lambda found: found.update(datasets=[])),
    "weights that are a number": index(lambda found: found.update(weights={"imagenet": 7})),
    "weights of no hash": index(
        lambda found: found.update(weights={"imagenet": {"name": "a", "trained_on": "b", "identity": {"c": None}}})
    ),
    "a dataset of no images": index(lambda found: found["datasets"]["xrays"].pop("images")),
    "a study file that runs code": instead("study.yaml", b"!!python/object/apply:os.system ['touch ran']"),
    "a study file with other fields": instead("study.yaml", b"name: a\nsources: [none]\ntargets: [x]\nhook: evil\n"),
    "a study file of a name that is a path": instead("study.yaml", b"name: ../../a\nsources: [none]\ntargets: [x]\n"),
    "a table of other columns": instead("outcomes.csv", b"a,b\r\n1,2\r\n"),
    "a table that is no text": instead("outcomes.csv", bytes(range(256))),
    "an AUC of seven": instead("outcomes.csv", lambda data: data.replace(b",0.", b",7.")),
}  # fmt: skip
