"""What weights files that say nothing of themselves are known to expect, told by their and their folder's name.

RadImageNet's PyTorch networks take images from −1 to 1 (its pytorch_example.ipynb), its Keras ones Keras applications'
means taken off and the rest divided by 255 (its acl_train.py); Keras applications' own take the means off images from
0 to 255 (keras/applications/imagenet_utils.py, mode "caffe").
"""

from __future__ import annotations

import json
from pathlib import Path

HDF5 = (".h5", ".hdf5")
KERAS_MEAN = [123.68 / 255, 116.779 / 255, 103.939 / 255]


def told_by_name(path: Path) -> dict[str, str]:
    """The record (`trained_on`, `mean`, `std` as JSON) of a file known by its name; empty for any other."""
    radimagenet = any("radimagenet" in part.lower() for part in path.absolute().parts[-2:])
    if path.suffix.lower() in HDF5:
        std = 1.0 if radimagenet else 1 / 255
        told = {"mean": json.dumps(KERAS_MEAN), "std": json.dumps([std] * 3)}
    elif radimagenet:
        told = {"mean": json.dumps([0.5] * 3), "std": json.dumps([0.5] * 3)}
    else:
        return {}
    return told | ({"trained_on": "radimagenet"} if radimagenet else {})
