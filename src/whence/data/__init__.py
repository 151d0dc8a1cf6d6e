"""What a dataset is, how one is opened, surveyed, decoded and cut into folds. No torch in here.

The imports are eager on purpose: `survey`, `describe` and `split` are also names of functions, and a lazy
attribute would be shadowed by the submodule of the same name. They load numpy and Pillow only.
"""

from whence.data.checks import check, overlap
from whence.data.dataset import Dataset, OpenOptions
from whence.data.describe import describe, properties
from whence.data.drawing import drawn
from whence.data.folds import cut, split
from whence.data.kept_folds import Fold
from whence.data.leakage import in_common
from whence.data.named import known_names
from whence.data.opening import open_dataset, rebased
from whence.data.pixels import load_pixels
from whence.data.stores import ArrayStore, FileStore, ImageStore
from whence.data.survey import Survey, survey

__all__ = [
    "ArrayStore",
    "Dataset",
    "FileStore",
    "Fold",
    "ImageStore",
    "OpenOptions",
    "Survey",
    "check",
    "cut",
    "describe",
    "drawn",
    "in_common",
    "known_names",
    "load_pixels",
    "open_dataset",
    "overlap",
    "properties",
    "rebased",
    "split",
    "survey",
]
