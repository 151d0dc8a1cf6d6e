"""The Task2Vec distance from a source to a target; the function is `task2vec.asymmetric`."""

from __future__ import annotations

from dataclasses import replace

from whence.measures.task2vec import ALPHA, asymmetric
from whence.measures.task2vec import MEASURE as PLAIN

MEASURE = replace(
    PLAIN,
    name="task2vec_asymmetric",
    compute=asymmetric,
    bounds=(-ALPHA, 1.0),
    symmetric=False,
    zero_on_itself=False,
    citation="Achille et al.: Task2Vec: task embedding for meta-learning. ICCV 2019, equation 4",
    meaning="As `task2vec_normalized`, less a bonus for a source task that asks much of few filters, since a network "
    "that has learned a hard task may serve many targets. From A to B it is not what it is from B to A.",
    trust="Least of the three: its authors leave open what the bonus is measured against, so the choice is ours "
    "(a flat embedding), and its weight, 0.15, is theirs.",
    blind_to="how much a filter matters at all; what the network that is asked, ImageNet's as a rule, never learned "
    "to see",
)
