"""Decode image files safely, to 8-bit grey or RGB as a person would see them.

What is done to unusual files, always the same way:

- size: checked in the header before decoding; more than `PIXEL_LIMIT` pixels is refused;
- orientation in EXIF is applied; of several frames or pages the first is taken;
- palette, CMYK and other colour spaces become RGB; 1-bit becomes grey;
- transparency is laid on black, the empty background of scans and of padding;
- 16-bit grey keeps one scale per bit depth, so that brightness stays comparable between images: values up
  to 255 stay, up to 4095 (12-bit data, as scanners give) are divided by 4095/255, larger ones by 257.
  32-bit and floating-point grey has no natural range and is stretched from its own minimum to maximum;
- a TIFF in which 0 is white is turned round, also at 16 bit and in floating point, where Pillow does not.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from whence.errors import InputError, UnreadableImage

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
PIXEL_LIMIT = 100_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP")  # never those that start a program
_ORIENTATION = 0x0112
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0  # TIFF tags
_PLANES, _APART, _BITS = 284, 2, 258
_quiet_lock = Lock()
_quiet_depth = 0
_quiet_filters = warnings.catch_warnings()


def is_image_name(name: str) -> bool:
    """Whether a file name has an image suffix that we decode (any case)."""
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Silence the decoders' warnings (size, metadata): we bound sizes ourselves, and odd metadata harms nothing.

    `warnings.catch_warnings` belongs to the process, not to a thread: threads inside one another's blocks
    would restore the wrong filters, so the first one in saves them and the last one out restores them.
    """
    global _quiet_depth, _quiet_filters
    with _quiet_lock:
        if _quiet_depth == 0:
            _quiet_filters = warnings.catch_warnings()
            _quiet_filters.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pydicom|nibabel)(\.|$)")
            warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
        _quiet_depth += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_depth -= 1
            if _quiet_depth == 0:
                _quiet_filters.__exit__(None, None, None)


def decode(source: Path | bytes, called: str, draft: int | None = None) -> Image.Image:
    """An image file as a Pillow image of mode "L" or "RGB", uint8, fully loaded.

    `called` names it in messages. With `draft`, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, never
    below `draft` pixels on its shorter side. Raises `UnreadableImage` for anything that is no whole image,
    or has more than `PIXEL_LIMIT` pixels, and `InputError` where the file itself cannot be read.
    """
    opened: Path | io.BytesIO = io.BytesIO(source) if isinstance(source, bytes) else source
    with quiet_decoders():
        try:
            with Image.open(opened, formats=_FORMATS) as image:
                _bound(image.size, called)
                if draft is not None:
                    image.draft(None, (draft, draft))
                _refuse_planes_of_sixteen_bits(image, called)
                inverted = _is_inverted(image)
                image.load()
        except (UnreadableImage, MemoryError):
            raise
        except Image.DecompressionBombError:
            raise UnreadableImage(
                f"{called} has more than the {PIXEL_LIMIT:,} pixels that are accepted; "
                "reduce it or cut it into tiles"
            ) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the image's
                raise InputError(
                    f"{called} cannot be read: {error.strerror}; put it back or mend it"
                ) from error
            # Pillow's decoders raise nearly any type on broken bytes
            raise UnreadableImage(f"{called} cannot be decoded: {_reason(error)}") from error
        try:
            shown = _to_eight_bits(_upright(image))
            return ImageOps.invert(shown) if inverted else shown
        except ValueError as error:  # a colour space that Pillow reads but cannot convert, such as CIELab
            raise UnreadableImage(
                f"{called} has colours of mode {image.mode}, which cannot be converted; save it as RGB or grey"
            ) from error


def _bound(size: tuple[int, int], called: str) -> None:
    width, height = size
    if width * height > PIXEL_LIMIT:
        raise UnreadableImage(
            f"{called} has {width:,} × {height:,} pixels; at most {PIXEL_LIMIT:,} in all are accepted; "
            "reduce it or cut it into tiles"
        )
    if width * height == 0:
        raise UnreadableImage(f"{called} has no pixels ({width} × {height})")


def _refuse_planes_of_sixteen_bits(image: Image.Image, called: str) -> None:
    """Pillow takes every other byte of such a file for a pixel, and says nothing."""
    tags = getattr(image, "tag_v2", {})
    if tags.get(_PLANES) == _APART and max(tags.get(_BITS, (8,))) > 8:
        raise UnreadableImage(
            f"{called} keeps its colours at 16 bit in planes of their own, which cannot be read; save it with "
            "interleaved colours (planar configuration 1)"
        )


def _is_inverted(image: Image.Image) -> bool:
    """Whether 0 means white and Pillow will not see to it: it does for grey of up to 8 bits."""
    deep = image.mode.startswith("I") or image.mode == "F"
    return deep and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _upright(image: Image.Image) -> Image.Image:
    try:
        turned = image.getexif().get(_ORIENTATION, 1) != 1
    except Exception:  # broken metadata does not make the picture unreadable
        return image
    return ImageOps.exif_transpose(image) if turned else image


def _to_eight_bits(image: Image.Image) -> Image.Image:
    mode = image.mode
    if mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if mode == "1":
        return image.convert("L")
    if mode.startswith("I") or mode == "F":
        return Image.fromarray(_rescale(np.asarray(image), integer=mode != "F"))
    if "transparency" in image.info or "A" in mode.replace("LAB", "") or "a" in mode:
        return _on_black(image)
    return image.convert("RGB")


def _on_black(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "La", "L"):
        see_through = image.convert("LA")
        grey = Image.new("L", image.size, 0)
        grey.paste(see_through.getchannel("L"), mask=see_through.getchannel("A"))
        return grey
    layered = image.convert("RGBA")
    colour = Image.new("RGB", image.size, (0, 0, 0))
    colour.paste(layered.convert("RGB"), mask=layered.getchannel("A"))
    return colour


def _rescale(values: npt.NDArray[np.generic], integer: bool) -> npt.NDArray[np.uint8]:
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if not integer or low < 0 or high > 65535:
        numbers, top = numbers - low, high - low
    elif high <= 255:
        top = 255.0
    elif high <= 4095:
        top = 4095.0
    else:
        top = 65535.0
    if top == 0:  # one value throughout
        return np.zeros(values.shape, dtype=np.uint8)
    return np.asarray(np.rint(numbers / top * 255), dtype=np.uint8)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return (
            "it is no image of an accepted format (PNG, JPEG, BMP, GIF, TIFF, WebP), or of a rare kind of one"
        )
    return " ".join(str(error).split()) or type(error).__name__
