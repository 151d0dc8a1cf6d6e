"""What is needed of a DICOM file before its pixels are: how many frames, whose they are, where they lie in a series."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.data.images import quiet_decoders
from whence.data.threads import in_threads
from whence.errors import InputError

_TAGS = [
    "SOPClassUID",
    "IssuerOfPatientID",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfFrames",
    "Rows",
    "Columns",
]
_LEAST_FRAME = 8  # bytes: no frame can take fewer


@dataclass(frozen=True)
class Header:
    """A DICOM file's place among others. `patient_id`, `issuer` and `study` never leave memory.

    `frames` is 0 for a file without a picture and 1 for one that cannot be read, of which `trouble` says why.
    `position` sorts the files of a series.
    """

    name: str
    digest: str  # sha256 of the file
    size: int  # bytes
    frames: int
    patient_id: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    study: str = field(default="", repr=False)
    series: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    size_in_pixels: tuple[int, int] = (0, 0)
    trouble: str = ""

    @property
    def patient(self) -> str:
        """The id, with who issued it: two hospitals may both have a patient 1. "" if unknown."""
        return f"{self.patient_id} of {self.issuer}" if self.patient_id and self.issuer else self.patient_id


def read_headers(root: Path, names: Sequence[str]) -> list[Header]:
    """The headers of files below `root`. Raises `InputError` where a file, or pydicom, is missing."""
    try:
        import pydicom  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"{str(root)!r} holds DICOM files, which are read with pydicom; it is not installed: "
            "pip install 'whence[dicom]'"
        ) from error
    with quiet_decoders():
        return list(in_threads(lambda i: _header(root / names[i], names[i]), len(names)))


def _header(path: Path, name: str) -> Header:
    from pydicom import dcmread

    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read: {error.strerror}; mend its permissions or remove it"
        ) from error
    try:
        found = dcmread(path, force=True, stop_before_pixels=True, specific_tags=[*_TAGS])
        if found.get("Rows") is None:
            whole = "SOPClassUID" in found or "MediaStorageSOPClassUID" in found.file_meta
            trouble = "" if whole else "is no DICOM file, or a damaged one"
            return Header(name, digest, size, 0 if whole else 1, trouble=trouble)
        frames = int(found.get("NumberOfFrames") or 1)
        if not 1 <= frames <= max(1, size // _LEAST_FRAME):
            return Header(name, digest, size, 1, trouble=f"says that it has {frames:,} frames; it is damaged")
        return Header(
            name,
            digest,
            size,
            frames,
            patient_id=_text(found, "PatientID"),
            issuer=_text(found, "IssuerOfPatientID"),
            study=_text(found, "StudyInstanceUID"),
            series=_text(found, "SeriesInstanceUID"),
            position=(_along(found), float(found.get("InstanceNumber") or 0)),
            size_in_pixels=(int(found.Rows), int(found.Columns)),
        )
    except Exception as error:  # pydicom raises nearly any type on broken bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        return Header(name, digest, size, 1, trouble=f"cannot be read as a DICOM file: {reason}")


def _text(found: Any, name: str) -> str:
    return str(found.get(name) or "").strip()


def _along(found: Any) -> float:
    """How far a slice lies along the axis that it is perpendicular to, in mm; 0 where the file does not say."""
    import numpy as np

    place, turn = found.get("ImagePositionPatient"), found.get("ImageOrientationPatient")
    if not place or not turn or len(place) != 3 or len(turn) != 6:
        return 0.0
    across = np.cross(np.array(turn[:3], dtype=float), np.array(turn[3:], dtype=float))
    along = float(across @ np.array(place, dtype=float))
    return along if math.isfinite(along) else 0.0
