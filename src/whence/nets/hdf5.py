"""Tensors from the HDF5 files that Keras writes: a full model's, or its weights alone. Extra `keras`."""

from __future__ import annotations

from pathlib import Path

import torch

from whence.errors import InputError

LARGEST = 4 * 2**30  # bytes of tensors in one file


def read_hdf5(path: Path) -> dict[str, torch.Tensor]:
    """Every weight in a Keras `.h5` as `layer/weight`, in Keras' shapes, as float32.

    Nested models and the state of an optimiser are left out of the names. Links and data outside the file are
    not followed. Raises `InputError` without h5py and for a file that is no HDF5 or holds no such weight.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise InputError(
            f"{path} is in HDF5, as Keras writes; to read it install h5py: pip install 'whence[keras]'"
        ) from error

    found: dict[str, torch.Tensor] = {}
    size = 0

    def take(name: str, item: object) -> None:
        nonlocal size
        if not isinstance(item, h5py.Dataset) or item.dtype.kind != "f":
            return
        size += item.nbytes
        if item.external or item.is_virtual or size > LARGEST:
            raise InputError(
                f"{path} points to data outside itself, or holds more than 4 GiB; it is not read"
            )
        layer, weight = ("/" + name).split("/")[-2:]
        found[f"{layer}/{weight.partition(':')[0]}"] = torch.from_numpy(item[()]).float()

    try:
        with h5py.File(path, "r") as file:
            file.get("model_weights", file).visititems(take)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} is not a readable HDF5 file ({' '.join(str(error).split())})") from error
    if not any(name.endswith("/kernel") for name in found):
        raise InputError(
            f"{path} holds no layer with a kernel under its name; accepted is what Keras 2 writes, or Keras 3 with "
            "model.save('model.h5')"
        )
    return found
