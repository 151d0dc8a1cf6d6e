"""Open a dataset by path or by name."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from whence.data.dataset import Dataset, OpenOptions
from whence.data.layouts import known_layouts, table
from whence.data.named import known_names, known_schemes, open_named
from whence.data.survey import without_unreadable
from whence.errors import InputError


def open_dataset(
    address: str | Path,
    *,
    image_column: str | None = None,
    label_column: str | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    skip_unreadable: bool = False,
) -> Dataset:
    """The dataset at `address`: a path (folder per class, CSV, .npz) or, where none exists, `scheme:name`.

    The columns concern CSV files only; those not given are guessed. `skip_unreadable` decodes every image
    once (the result is cached) and leaves out what cannot be decoded; `Dataset.unreadable` counts it.
    Raises `InputError`.
    """
    options = OpenOptions(image_column, label_column, split_column, group_column, skip_unreadable)
    text = str(address)
    path = _path(text)
    if text and _exists(path):
        dataset = _read(path, options)
    elif isinstance(address, str) and text.partition(":")[0] in known_schemes() and ":" in text:
        if options.names_columns:
            raise InputError(f"{text!r} is a named dataset and has no columns to name; leave the columns out")
        dataset = replace(open_named(text), address=text, options=options)
    else:
        raise _missing(text, path)
    return without_unreadable(dataset) if skip_unreadable else dataset


def _path(text: str) -> Path:
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # "~name" of nobody
        path = Path(text)
    path = path.absolute()
    return path.resolve() if ".." in path.parts else path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, or a folder that we may not enter
        return False


def _read(path: Path, options: OpenOptions) -> Dataset:
    if options.names_columns:
        if not path.is_dir() and not table.recognises(path):
            raise InputError(
                f"columns were named, but {str(path)!r} is no CSV file; give the CSV file or its folder"
            )
        return table.read(path, options)
    for layout in known_layouts():
        if layout.recognises(path):
            return layout.read(path, options)
    raise InputError(
        f"{str(path)!r} is a file that cannot be opened as a dataset; accepted are a folder (one folder of "
        "images per class), a CSV file beside its images, and an .npz file in MedMNIST's layout"
    )


def _missing(text: str, path: Path) -> InputError:
    names = known_names()
    near = [name for name in names if name.partition(":")[2] == text] or get_close_matches(
        text, names, n=3, cutoff=0.6
    )
    hint = f"near it: {', '.join(near)}; " if near else ""
    return InputError(
        f"there is no file or folder {str(path)!r} and no dataset called {text!r}; {hint}"
        "give an existing path, or a name that `whence datasets` lists"
    )
