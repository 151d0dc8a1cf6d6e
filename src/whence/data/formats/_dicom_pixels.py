"""One frame of a DICOM file as an 8-bit picture, as a viewer first shows it.

In the order of the standard: modality LUT or rescale, then the VOI LUT or the first window, then MONOCHROME1 is
turned round. Without a window, unsigned grey of at most 8 bits stays as it is, and any other is stretched from its own
minimum to its own maximum, the padding around a round field of view left out. Colour becomes RGB, palettes included.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from whence.data.images import PIXEL_LIMIT, quiet_decoders
from whence.errors import UnreadableImage

if TYPE_CHECKING:
    from pydicom import Dataset as Header

_FAR = 1e12  # beyond any window
_PER_FRAME = {  # sequences of the functional groups of an enhanced file, and what in them a viewer needs
    "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
}


def read_frame(path: Path, frame: int, called: str) -> Image.Image:
    """Frame `frame` (from 0) of a DICOM file, mode "L" or "RGB". Raises `UnreadableImage`, naming it `called`."""
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    with quiet_decoders():
        try:
            header = dcmread(path, force=True, stop_before_pixels=True)
            if int(header.Rows) * int(header.Columns) > PIXEL_LIMIT:
                raise UnreadableImage(
                    f"{called} has {int(header.Rows):,} × {int(header.Columns):,} pixels; at most "
                    f"{PIXEL_LIMIT:,} in all are accepted"
                )
            shown = as_shown(pixel_array(path, index=frame, force=True), of_frame(header, frame))
        except (UnreadableImage, MemoryError):
            raise
        except Exception as error:  # pydicom and its decoders raise nearly any type on broken bytes
            raise UnreadableImage(f"{called} cannot be decoded: {_reason(error)}") from error
    return Image.fromarray(shown)


def as_shown(values: npt.NDArray[Any], header: Header) -> npt.NDArray[np.uint8]:
    """Stored values of one frame, (h, w) or (h, w, 3), as uint8 of the same shape, or (h, w, 3) for a palette."""
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

    photometric = str(header.PhotometricInterpretation)
    if photometric == "PALETTE COLOR":
        colours = apply_color_lut(values, header)
        return _scaled(colours[..., :3].astype(np.float64), 0, np.iinfo(colours.dtype).max)
    if values.ndim == 3:
        return _scaled(values.astype(np.float64), 0, 2 ** int(header.BitsStored) - 1)
    grey = apply_modality_lut(values, header)
    eight = _through_window(grey, header)
    if eight is None:
        ends = apply_modality_lut(_range_of(values, header), header).astype(np.float64)
        eight = _scaled(grey.astype(np.float64), ends.min(), ends.max())
    return np.asarray(255 - eight, dtype=np.uint8) if photometric == "MONOCHROME1" else eight


def of_frame(header: Header, frame: int) -> Header:
    """The header with what an enhanced file says of one frame, or of all, lifted to where a plain file has it."""
    groups = [list(header.get("SharedFunctionalGroupsSequence") or [])[:1]]
    groups.append(list(header.get("PerFrameFunctionalGroupsSequence") or [])[frame : frame + 1])
    for group in (group for found in groups for group in found):
        for sequence, names in _PER_FRAME.items():
            for item in list(group.get(sequence) or [])[:1]:
                for name in names:
                    if name in item:
                        setattr(header, name, item.get(name))
    return header


def _through_window(grey: npt.NDArray[Any], header: Header) -> npt.NDArray[np.uint8] | None:
    """Grey values through the VOI LUT or the first window; None where there is none that can be used."""
    from pydicom.pixels.processing import apply_voi_lut

    tables = header.get("VOILUTSequence")
    if tables and tables[0].get("LUTData") is not None and tables[0].get("LUTDescriptor") is not None:
        bits = int(tables[0].LUTDescriptor[2])
        return _scaled(
            apply_voi_lut(np.rint(grey).astype(np.int64), header).astype(np.float64), 0, 2**bits - 1
        )
    if header.get("WindowCenter") is None or header.get("WindowWidth") is None:
        return None
    try:
        with np.errstate(over="ignore"):
            # What the window makes of the darkest and the brightest tells the range that it maps to.
            low, high = apply_voi_lut(np.array([-_FAR, _FAR]), header)
            return _scaled(apply_voi_lut(grey, header), float(low), float(high))
    except ValueError:  # a width of 0, as some archives write for "no window"
        return None


def _range_of(values: npt.NDArray[Any], header: Header) -> npt.NDArray[Any]:
    """The stored values that become black and white, (2,), where no window says so."""
    bits = int(header.BitsStored)
    if bits <= 8 and not int(header.get("PixelRepresentation") or 0):
        return np.array([0, 2**bits - 1])
    padding = header.get("PixelPaddingValue")
    inside = values if padding is None else values[values != padding]
    inside = inside if inside.size else values
    return np.array([inside.min(), inside.max()])


def _scaled(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values as uint8 from `low` (black) to `high` (white), which may be the smaller; black where both are equal."""
    if low == high:
        return np.zeros(values.shape, dtype=np.uint8)
    return np.asarray(np.rint(np.clip((values - low) / (high - low), 0, 1) * 255), dtype=np.uint8)


def _reason(error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    if "missing dependencies" in reason:
        what = reason.partition(" because ")[0].lower()
        return f"{what}; JPEG Lossless and JPEG-LS are read after pip install 'whence[dicom-lossless]'"
    return reason
