"""Real DICOM files, written by pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CT = "1.2.840.10008.5.1.4.1.1.2"


def write(path: Path, values: Any, dtype: str = "<u2", **tags: Any) -> Path:
    """A DICOM file: `values` (h, w), (frames, h, w) or (h, w, 3), and any tags (None leaves one out)."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    pixels = np.asarray(values).astype(dtype)
    bits = pixels.dtype.itemsize * 8
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    header = FileDataset(str(path), {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = UID(CT)
    header.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    fields: dict[str, Any] = {
        "SOPClassUID": CT,
        "SOPInstanceUID": header.file_meta.MediaStorageSOPInstanceUID,
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }
    if colour:
        fields["PlanarConfiguration"] = 0
    elif pixels.ndim == 3:
        fields["NumberOfFrames"] = len(pixels)
    fields["Rows"], fields["Columns"] = pixels.shape[:2] if colour else pixels.shape[-2:]
    for name, value in (fields | tags).items():
        if value is not None:
            setattr(header, name, value)
    header.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    header["PixelData"].VR = "OW" if bits == 16 else "OB"
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)
    return path
