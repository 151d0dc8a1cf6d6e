"""Measures as pure functions on arrays, in the manner of `sklearn.metrics`; one file each.

`from whence.measures import linear_probe` is the function; its module is reached as
`importlib.import_module("whence.measures.linear_probe")`.
"""

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.linear_probe import linear_probe, linear_probe_folds
from whence.measures.registry import all_measures, get

__all__ = ["Measure", "MeasureWarning", "all_measures", "get", "linear_probe", "linear_probe_folds"]
