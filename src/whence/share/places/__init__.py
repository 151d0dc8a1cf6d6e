"""Where parcels are sent to and taken from: a folder, anything that fsspec opens, the Hugging Face hub, OSF."""

from __future__ import annotations

from whence.errors import InputError
from whence.share.places.files import FilePlace
from whence.share.places.place import Place

__all__ = ["Place", "open_place"]


def open_place(address: str) -> Place:
    """The place at `hf:USER/NAME`, `hf:datasets/USER/NAME`, `osf:PROJECT[/FOLDER]`, a folder's path, or a URL.

    Nothing is connected to yet. Raises `InputError` for an address that cannot be one.
    """
    scheme, colon, rest = address.partition(":")
    if colon and scheme == "hf" and not rest.startswith("//"):
        from whence.share.places.hub import hub_place

        return hub_place(rest)
    if colon and scheme == "osf":
        from whence.share.places.osf import osf_place

        return osf_place(rest)
    if not address.strip():
        raise InputError("an address is missing; accepted are hf:USER/NAME, osf:PROJECT, a folder, or a URL")
    return FilePlace.at(address)
