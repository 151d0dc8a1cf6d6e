"""Unpacking: whole or not at all, and never past the folder."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from whence.data.archives import gunzip, unpack
from whence.errors import InputError


def tar(file: Path, *names: str, link: str = "") -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
        if link:
            member = tarfile.TarInfo("data/link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
    return file


def zipped(file: Path, *names: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "abc")
    return file


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_folder_of_an_archive_is_taken_out(tmp_path: Path, make: object) -> None:
    archive = make(tmp_path / "a", "data/x/1", "data/2", "data/3", "other/4")  # type: ignore[operator]
    unpack(archive, tmp_path / "out", "data")
    assert {
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()
    } == {
        "x/1",
        "2",
        "3",
    }
    unpack(archive, tmp_path / "some", "data", ("2",))
    assert [p.name for p in (tmp_path / "some").iterdir()] == ["2"]


@pytest.mark.parametrize("name", ["../out", "data/../../out", "/tmp/out", "data\\..\\..\\out"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path: Path, make: object, name: str) -> None:
    archive = make(tmp_path / "a", "data/1", name)  # type: ignore[operator]
    with pytest.raises(InputError, match="would leave its folder"):
        unpack(archive, tmp_path / "target")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a"]


def test_a_link_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    unpack(tar(tmp_path / "a", "data/1", link="/etc/passwd"), tmp_path / "out")
    assert [p.name for p in (tmp_path / "out" / "data").iterdir()] == ["1"]


def test_a_damaged_archive_leaves_nothing(tmp_path: Path) -> None:
    archive = tar(tmp_path / "a", *(f"data/{i}" for i in range(2000)))
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(InputError, match="is damaged"):
        unpack(archive, tmp_path / "out")
    (tmp_path / "b").write_bytes(b"no archive at all")
    with pytest.raises(InputError, match="is damaged"):
        unpack(tmp_path / "b", tmp_path / "out")
    with pytest.raises(InputError, match="does not hold data/"):
        unpack(zipped(tmp_path / "c", "other/1"), tmp_path / "out", "data")
    assert not (tmp_path / "out").exists()


def test_gunzip_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"abc" * 9999))
    assert gunzip(tmp_path / "a.gz", tmp_path / "a").read_bytes() == b"abc" * 9999
    (tmp_path / "b.gz").write_bytes((tmp_path / "a.gz").read_bytes()[:-9])
    with pytest.raises(InputError, match="is damaged"):
        gunzip(tmp_path / "b.gz", tmp_path / "b")
    assert not (tmp_path / "b").exists()
