"""Which source for this target: experience with other targets, what is seen on this one, and how sure that is."""

from whence.recommend.evaluation import evaluate
from whence.recommend.ranking import rank
from whence.recommend.situation import Candidate

__all__ = ["Candidate", "evaluate", "rank"]
