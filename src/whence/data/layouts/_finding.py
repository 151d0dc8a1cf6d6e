"""Find the image that a table's cell means, inside the table's folder and nowhere else."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from whence.data.images import is_image_name
from whence.data.layouts._shared import ACCEPTED_IMAGES, files_below
from whence.errors import InputError


class Finder:
    """Looks up images below `folder` by path, by name, or by name without suffix."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._real = folder.resolve()
        self._paths: set[str] = set()
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in files_below(folder):
            if is_image_name(path):
                self._paths.add(path)
                name = PurePosixPath(path).name
                self._by_name[name].append(path)
                self._by_name[PurePosixPath(name).stem].append(path)

    def find(self, cell: str, where: str) -> str:
        """The image's path relative to the folder. `where` names file and row. Raises `InputError`."""
        wanted = PurePosixPath(cell.replace("\\", "/"))
        if wanted.is_absolute() or ".." in wanted.parts or re.match("[A-Za-z]:", cell):
            raise InputError(
                f"{where}: {cell!r} leads out of the table's folder; accepted are paths inside "
                f"{str(self._folder)!r}"
            )
        path = self._choose(wanted, cell, where)
        if not (self._folder / path).resolve().is_relative_to(self._real):
            raise InputError(
                f"{where}: {cell!r} is a link that leads out of the table's folder {str(self._folder)!r}; "
                "copy the image into it"
            )
        return path

    def _choose(self, wanted: PurePosixPath, cell: str, where: str) -> str:
        if str(wanted) in self._paths:
            return str(wanted)
        parent = wanted.parent.parts
        found = [
            path
            for path in self._by_name.get(wanted.name, [])
            if not parent or PurePosixPath(path).parent.parts[-len(parent) :] == parent
        ]
        if len(found) > 1:
            raise InputError(
                f"{where}: {cell!r} could be {found[0]!r} or {found[1]!r}; write its path "
                f"below {str(self._folder)!r}"
            )
        if not found:
            raise InputError(
                f"{where}: there is no image {cell!r} in {str(self._folder)!r} or below (accepted are "
                f"{ACCEPTED_IMAGES}); add the image or remove the row"
            )
        return found[0]
