"""Which column of a table is the image, the label, the split and the group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from whence.data.dataset import OpenOptions
from whence.errors import InputError

if TYPE_CHECKING:
    from whence.data.layouts._csv import Table

# The first that occurs is taken. Wider groups come first: one patient has several lesions, not the reverse.
_USUAL = {
    "image": "image file filename file_name filepath file_path path image_path image_file image_name "
    "image_filename img img_path img_name image_id imageid image_index img_id id",
    "label": "label labels class class_name classname category diagnosis dx target y finding_label "
    "class_label class_id label_name grade",
    "split": "split set partition subset dataset_split usage",
    "group": "group group_id patient patient_id patientid patient_no pid subject subject_id subjectid case "
    "case_id study_id slide slide_id wsi lesion lesion_id lesionid",
}


@dataclass(frozen=True)
class Columns:
    """The names of the columns that were found."""

    image: str
    label: str
    split: str | None
    group: str | None


def guess(header: tuple[str, ...], role: str) -> str | None:
    """The column that most likely plays a role, from its name alone (any case; blanks and hyphens as _)."""
    candidates = _candidates(header, role)
    return candidates[0] if candidates else None


def find_columns(table: Table, options: OpenOptions) -> Columns:
    """The columns that the options name, else those guessed. Raises `InputError`."""
    image = _named_or_guessed(table, "image", options.image_column)
    label = _named_or_guessed(table, "label", options.label_column)
    for role, found in (("image", image), ("label", label)):
        if found is None:
            raise InputError(
                f"{str(table.file)!r} has no {role} column that could be guessed: its columns are "
                f"{_listed(table.header)}; name one with {role}_column (--{role}-column)"
            )
    assert image is not None
    assert label is not None
    if image == label:
        raise InputError(
            f"{str(table.file)!r}: column {image!r} cannot be both image and label; name two columns"
        )
    if options.label_column is None:
        _refuse_rivals(table, label)
    return Columns(
        image,
        label,
        _named_or_guessed(table, "split", options.split_column),
        _named_or_guessed(table, "group", options.group_column),
    )


def _candidates(header: tuple[str, ...], role: str) -> list[str]:
    plain = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in reversed(header)}
    return [plain[usual] for usual in _USUAL[role].split() if usual in plain]


def _named_or_guessed(table: Table, role: str, named: str | None) -> str | None:
    if named is None:
        return guess(table.header, role)
    if named not in table.header:
        raise InputError(
            f"{str(table.file)!r} has no column {named!r} ({role}_column); its columns are "
            f"{_listed(table.header)}"
        )
    return named


def _refuse_rivals(table: Table, label: str) -> None:
    """Two likely label columns that say different things: only the user knows which one is meant."""
    for rival in _candidates(table.header, "label"):
        pairs = {(cells[label], cells[rival]) for _, cells in table.rows}
        if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
            raise InputError(
                f"{str(table.file)!r} has two label columns that disagree, {label!r} and {rival!r}; "
                "name one with label_column (--label-column)"
            )


def _listed(header: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in header[:12])
    return shown + (f" and {len(header) - 12} more" if len(header) > 12 else "")
