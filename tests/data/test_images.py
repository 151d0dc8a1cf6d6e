"""Decoding: unusual pictures come out as a person sees them, broken ones are named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence.data.images import PIXEL_LIMIT, decode
from whence.errors import InputError, UnreadableImage

Refused = Callable[..., AbstractContextManager[None]]


def decoded(image: Image.Image, tmp_path: Path, name: str = "a.png", **options: object) -> np.ndarray:
    """Save an image, decode the file, return the pixels."""
    image.save(tmp_path / name, **options)  # type: ignore[arg-type]
    return np.asarray(decode(tmp_path / name, name))


def test_grey_and_colour_stay_as_they_are(tmp_path: Path) -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    assert np.array_equal(decoded(Image.fromarray(grey), tmp_path), grey)
    colour = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)
    for name in ("a.png", "a.bmp", "a.tiff"):
        assert np.array_equal(decoded(Image.fromarray(colour), tmp_path, name), colour)


def test_one_bit_becomes_grey(tmp_path: Path) -> None:
    bits = Image.new("1", (4, 4), 1)
    assert decoded(bits, tmp_path).tolist() == [[255] * 4] * 4


def test_palette_becomes_colour(tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 4), (200, 10, 30)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert decoded(picture, tmp_path, "a.gif")[0, 0].tolist() == [200, 10, 30]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_laid_on_black(tmp_path: Path, mode: str) -> None:
    picture = Image.new(mode, (2, 1), (200,) * (len(mode) - 1) + (0,))
    picture.putpixel((1, 0), (200,) * (len(mode) - 1) + (255,))
    pixels = decoded(picture, tmp_path)
    assert pixels[0, 0].max() == 0
    assert pixels[0, 1].min() == 200


def test_transparent_palette_entry_is_laid_on_black(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([255, 255, 255, 9, 8, 7])
    picture.putpixel((1, 0), 1)
    assert decoded(picture, tmp_path, transparency=0).tolist() == [[[0, 0, 0], [9, 8, 7]]]


def test_cmyk_becomes_colour(tmp_path: Path) -> None:
    pixels = decoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), tmp_path, "a.jpg", quality=100)
    red, green, blue = pixels[4, 4].tolist()
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 65535], [0, 255]), ([257, 25700], [1, 100]), ([0, 4095], [0, 255]), ([3, 200], [3, 200])],
)
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_grey_is_scaled_by_its_depth(
    tmp_path: Path, values: list[int], expected: list[int], name: str
) -> None:
    picture = Image.fromarray(np.array([values], dtype=np.uint16))
    assert decoded(picture, tmp_path, name).tolist() == [expected]


def test_floating_grey_is_stretched_and_survives_nan(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0.0, 0.5, 1.0, np.nan]], dtype=np.float32))
    assert decoded(picture, tmp_path, "a.tif").tolist() == [[0, 128, 255, 0]]
    constant = Image.fromarray(np.full((2, 2), 7.0, dtype=np.float32))
    assert decoded(constant, tmp_path, "b.tif").tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_orientation_is_applied_once(tmp_path: Path, name: str) -> None:
    picture = Image.new("RGB", (20, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    assert decoded(picture, tmp_path, name, exif=exif).shape == (20, 10, 3)


def test_draft_shrinks_jpeg_but_never_below_what_is_asked(tmp_path: Path) -> None:
    Image.new("RGB", (800, 400)).save(tmp_path / "a.jpg")
    small = decode(tmp_path / "a.jpg", "a.jpg", draft=64)
    assert small.size == (200, 100)
    assert decode(tmp_path / "a.jpg", "a.jpg").size == (800, 400)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tif", "webp"])
def test_cut_off_files_are_named(tmp_path: Path, refused: Refused, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    file = tmp_path / f"scan.{suffix}"
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with refused("scan."):
        decode(file, file.name)
    with pytest.raises(UnreadableImage):
        decode(file, file.name)


def test_text_with_an_image_name_is_named(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "note.png").write_text("hello")
    with refused("note.png", "no image", "PNG"):
        decode(tmp_path / "note.png", "note.png")


def test_a_missing_file_is_not_called_a_broken_image(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        decode(tmp_path / "gone.png", "gone.png")
    assert not isinstance(caught.value, UnreadableImage)


@pytest.mark.parametrize("size", [(20_000, 10_000), (11_000, 10_000)])
def test_too_large_images_are_refused_without_decoding_and_without_warnings(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    Image.new("1", size).save(tmp_path / "wall.png", compress_level=1)

    def load(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with refused("wall.png", f"{PIXEL_LIMIT:,}"):
            decode(tmp_path / "wall.png", "wall.png")


def test_large_but_accepted_images_give_no_warning(tmp_path: Path) -> None:
    Image.new("1", (10_000, 9_500)).save(tmp_path / "big.png", compress_level=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(tmp_path / "big.png", "big.png").size == (10_000, 9_500)
