"""Find the files that a table's cell means, inside the table's folder and nowhere else."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from whence.data.formats import format_of, main_format, pictures
from whence.data.layouts._shared import ACCEPTED_IMAGES, files_below
from whence.errors import InputError


class Finder:
    """Looks up image files below `folder` by path, by name, or by name without suffix; and folders of them by path.

    A picture is meant before a DICOM or NIfTI file of the same name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._real = folder.resolve()
        self._files: dict[str, list[str]] = {}  # folder → image files in it or below
        self._known: list[_Names] = [_Names(), _Names()]  # of pictures, of other formats
        for path in files_below(folder):
            kind = format_of(folder / path)
            if kind is not None:
                self._known[kind is not pictures].add(path)
                for parent in PurePosixPath(path).parents:
                    self._files.setdefault(str(parent), []).append(path)

    def find(self, cell: str, where: str) -> list[str]:
        """The path of the file, relative to the folder, or of all images in a folder and below.

        `where` names file and row. Raises `InputError`.
        """
        wanted = PurePosixPath(cell.replace("\\", "/"))
        if wanted.is_absolute() or ".." in wanted.parts or re.match("[A-Za-z]:", cell):
            raise InputError(
                f"{where}: {cell!r} leads out of the table's folder; accepted are paths inside "
                f"{str(self._folder)!r}"
            )
        paths = self._choose(wanted, cell, where)
        for path in paths:
            if not (self._folder / path).resolve().is_relative_to(self._real):
                raise InputError(
                    f"{where}: {cell!r} is a link that leads out of the table's folder {str(self._folder)!r}; "
                    "copy the image into it"
                )
        return paths

    def _choose(self, wanted: PurePosixPath, cell: str, where: str) -> list[str]:
        for names in self._known:
            found = names.like(wanted)
            if len(found) > 1:
                raise InputError(
                    f"{where}: {cell!r} could be {found[0]!r} or {found[1]!r}; write its path "
                    f"below {str(self._folder)!r}"
                )
            if found:
                return found
        inside = self._files.get(str(wanted), []) if wanted.parts else []
        kind = main_format(format_of(self._folder / path) for path in inside)
        if kind is None:
            raise InputError(
                f"{where}: there is no image {cell!r} in {str(self._folder)!r} or below (accepted are "
                f"{ACCEPTED_IMAGES}, and folders of them); add the image or remove the row"
            )
        return [path for path in inside if format_of(self._folder / path) is kind]


class _Names:
    """Paths, and how they may be abbreviated."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._by_name: dict[str, list[str]] = defaultdict(list)

    def add(self, path: str) -> None:
        self._paths.add(path)
        name = PurePosixPath(path).name
        stem = name.removesuffix(".gz") if name.endswith(".nii.gz") else name
        for called in dict.fromkeys((name, PurePosixPath(stem).stem)):
            self._by_name[called].append(path)

    def like(self, wanted: PurePosixPath) -> list[str]:
        """The paths that may be meant: the very one if there is, else all of this name in a folder of that end."""
        if str(wanted) in self._paths:
            return [str(wanted)]
        parent = wanted.parent.parts
        return [
            path
            for path in self._by_name.get(wanted.name, [])
            if not parent or PurePosixPath(path).parent.parts[-len(parent) :] == parent
        ]
