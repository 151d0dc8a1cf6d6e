"""Open a dataset by path or by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from whence.data.address import Address, Option, brackets, mixture, possible_addresses, write_mixture
from whence.data.dataset import Dataset, OpenOptions
from whence.data.derived import DERIVATION_KEYS, derive, mix, read_ratio, whole
from whence.data.layouts import Layout, known_layouts, table
from whence.data.named import known_names, known_schemes, open_named, options_of
from whence.data.survey import without_unreadable
from whence.errors import InputError, unknown_name

COLUMNS = ("image_column", "label_column", "split_column", "group_column")
MIXTURE_KEYS = ("ratio", "apart", "seed")
# What the bare name means where a dataset is asked for; as a source it is weights.
IMAGENET = "paper:imagenet"


def open_dataset(
    address: str | Path,
    *,
    image_column: str | None = None,
    label_column: str | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    skip_unreadable: bool = False,
) -> Dataset:
    """The dataset at `address`: a path (folder per class, CSV, .npz) or, where none exists, `scheme:name` or `mix(…)`.

    Options in brackets behind the address go to the reader where it understands them (`slices`, `label`, columns of a
    table), and are otherwise derivations, applied in their order: see `whence.data.derived`. A path that exists as
    it is written, brackets and all, is opened as it is.

    The columns concern CSV files only; those not given are guessed. `skip_unreadable` decodes every image
    once (the result is cached) and leaves out what cannot be decoded; `Dataset.unreadable` counts it.
    Raises `InputError`.
    """
    options = OpenOptions(image_column, label_column, split_column, group_column, skip_unreadable)
    asked = taken_apart(str(address))
    dataset, rest = _open(asked, options, by_name=isinstance(address, str))
    dataset = without_unreadable(dataset) if skip_unreadable else dataset
    return derive(dataset, rest)


def taken_apart(text: str) -> Address:
    """Base and options of an address; a path that exists wins, the longest first, brackets or not."""
    if text and _exists(_path(text)):
        return Address(text)
    found = possible_addresses(text)
    return next((address for address in reversed(found) if _exists(_path(address.base))), found[0])


def rebased(text: str, folder: Path) -> str:
    """An address in which relative paths that exist below `folder` start from there."""
    whole = folder / Path(text).expanduser()
    if _exists(whole):
        return str(whole)
    found = possible_addresses(text)
    for address in reversed(found):
        beside = folder / Path(address.base).expanduser()
        if address.base and _exists(beside):
            return str(replace(address, base=str(beside)))
    inside = mixture(found[0].base)
    if inside is None:
        return text
    parts = [rebased(part, folder) for part in inside[0]]
    return str(replace(found[0], base=write_mixture(parts, inside[1])))


def _open(asked: Address, options: OpenOptions, by_name: bool) -> tuple[Dataset, list[Option]]:
    """The dataset at an address with the options that its reader understood, and the other options."""
    text, path = asked.base, _path(asked.base)
    said: list[Option] = []
    if text and _exists(path):
        columns = {key: value for key, value in asked.options if key in COLUMNS}
        options = OpenOptions(**(asdict(options) | columns))
        layout = _layout(path, options)
        said, rest = _divided(asked, [*COLUMNS, *getattr(layout, "OPTIONS", ())])
        dataset = layout.read(path, options, **{k: v for k, v in said if k not in COLUMNS})
    elif not by_name:
        raise _missing(text, path)
    elif options.names_columns:
        raise InputError(f"{text!r} is a named dataset and has no columns to name; leave the columns out")
    elif inside := mixture(text):
        _, rest = _divided(asked, [])
        dataset = _mixed(text, *inside, options)
    else:
        text = IMAGENET if text == "imagenet" else text
        if text.partition(":")[0] not in known_schemes() or ":" not in text:
            raise _missing(text, path)
        said, rest = _divided(asked, options_of(text))
        dataset = replace(open_named(text, **dict(said)), address=text, options=options)
    if said:
        behind = brackets(said)
        dataset = replace(dataset, name=dataset.name + behind, address=dataset.address + behind)
    return dataset, rest


def _mixed(
    text: str, addresses: tuple[str, ...], settings: tuple[Option, ...], options: OpenOptions
) -> Dataset:
    """The mixture `text`, of which `addresses` and `settings` are the parts."""
    given = dict(settings)
    unknown = [key for key in given if key not in MIXTURE_KEYS]
    if unknown:
        raise unknown_name("setting", unknown[0], MIXTURE_KEYS, f"It was asked of {text}")
    if len(given) < len(settings):
        raise InputError(f"a setting of {text!r} is given twice; give it once")
    parts = [open_dataset(_member(part), skip_unreadable=options.skip_unreadable) for part in addresses]
    return mix(
        parts,
        ratio=read_ratio(given["ratio"]) if "ratio" in given else None,
        apart="apart" in given,
        seed=whole("seed", given["seed"]) if "seed" in given else 0,
    )


def _member(part: str) -> str:
    """A part of a mixture: a bare name that is no path is one of the paper's."""
    paper = f"paper:{part}"
    bare = not _exists(_path(taken_apart(part).base)) and f"paper:{taken_apart(part).base}" in known_names()
    return paper if bare else part


def _divided(asked: Address, understood: Iterable[str]) -> tuple[list[Option], list[Option]]:
    """The options that the reader understands, each once, and the derivations in their order."""
    readers = set(understood)
    for key, _ in asked.options:
        if key not in readers and key not in DERIVATION_KEYS:
            raise unknown_name("option", key, [*readers, *DERIVATION_KEYS], f"It was asked of {asked.base}")
    said = [option for option in asked.options if option[0] in readers]
    twice = [key for position, (key, _) in enumerate(said) if key in dict(said[:position])]
    if twice:
        raise InputError(f"option {twice[0]!r} is given twice in {str(asked)!r}; give it once")
    return said, [option for option in asked.options if option[0] not in readers]


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


def _layout(path: Path, options: OpenOptions) -> Layout:
    if options.names_columns:
        if not path.is_dir() and not table.recognises(path):
            raise InputError(
                f"columns were named, but {str(path)!r} is no CSV file; give the CSV file or its folder"
            )
        return cast(Layout, table)
    for layout in known_layouts():
        if layout.recognises(path):
            return layout
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
