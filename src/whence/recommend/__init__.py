"""Which source for this target: experience with other targets, what is seen on this one, and how sure that is."""

from whence.recommend.evaluation import evaluate
from whence.recommend.ranking import Candidate, rank

__all__ = ["Candidate", "evaluate", "rank"]
