"""Measures as pure functions on arrays, in the manner of `sklearn.metrics`; one file each.

`from whence.measures import logme` is the function; its module is reached as
`importlib.import_module("whence.measures.logme")`. `task2vec` alone is a module, of three distances. `prepare` lets
several scores share what they compute of the same features.
"""

from whence.measures import task2vec
from whence.measures.card import card
from whence.measures.contract import Measure, MeasureWarning
from whence.measures.energy import energy
from whence.measures.expert import expert, expert_range
from whence.measures.frechet import frechet
from whence.measures.fu import fu
from whence.measures.gbc import gbc
from whence.measures.h_score import h_score
from whence.measures.intervals import interval
from whence.measures.kid import kid
from whence.measures.knn import knn, knn_folds
from whence.measures.leep import leep
from whence.measures.linear_probe import linear_probe, linear_probe_folds
from whence.measures.logme import logme
from whence.measures.mmd import mmd
from whence.measures.nca_knn import nca_knn, nca_knn_folds
from whence.measures.nce import nce
from whence.measures.nleep import nleep
from whence.measures.otdd import otdd
from whence.measures.parc import parc
from whence.measures.prepared import Prepared, prepare
from whence.measures.registry import all_measures, get, of_kind
from whence.measures.sfda import sfda
from whence.measures.sliced_wasserstein import sliced_wasserstein
from whence.measures.transrate import transrate

__all__ = [
    "Measure",
    "MeasureWarning",
    "Prepared",
    "all_measures",
    "card",
    "energy",
    "expert",
    "expert_range",
    "frechet",
    "fu",
    "gbc",
    "get",
    "h_score",
    "interval",
    "kid",
    "knn",
    "knn_folds",
    "leep",
    "linear_probe",
    "linear_probe_folds",
    "logme",
    "mmd",
    "nca_knn",
    "nca_knn_folds",
    "nce",
    "nleep",
    "of_kind",
    "otdd",
    "parc",
    "prepare",
    "sfda",
    "sliced_wasserstein",
    "task2vec",
    "transrate",
]
