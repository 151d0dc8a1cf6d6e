"""The few functions and classes that people import: `import whence; whence.rank("xrays/")`."""

from whence.api.failures import raise_failures
from whence.api.knowledge import add_knowledge, analyse_paper, evaluate_knowledge
from whence.api.merging import merge_studies
from whence.api.ranking import Ranking, rank
from whence.api.scoring import score, scores, scores_document
from whence.api.similarity import distance, distances, distances_document, draw_distances
from whence.api.study import Study
from whence.api.training import Checkpoint, finetune, look, pretrain
from whence.data import open_dataset

__all__ = [
    "Checkpoint",
    "Ranking",
    "Study",
    "add_knowledge",
    "analyse_paper",
    "distance",
    "distances",
    "distances_document",
    "draw_distances",
    "evaluate_knowledge",
    "finetune",
    "look",
    "merge_studies",
    "open_dataset",
    "pretrain",
    "raise_failures",
    "rank",
    "score",
    "scores",
    "scores_document",
]
