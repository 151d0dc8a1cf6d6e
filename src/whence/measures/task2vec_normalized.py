"""The Task2Vec distance in which every filter counts alike; the function is `task2vec.normalized_cosine`."""

from __future__ import annotations

from dataclasses import replace

from whence.measures.task2vec import MEASURE as PLAIN
from whence.measures.task2vec import normalized_cosine

MEASURE = replace(
    PLAIN,
    name="task2vec_normalized",
    compute=normalized_cosine,
    citation="Achille et al.: Task2Vec: task embedding for meta-learning. ICCV 2019, the symmetric distance",
    meaning="As `task2vec`, but every filter of the network counts alike: for each, which of the two tasks does it "
    "matter to more? It is the symmetric distance of the method's authors.",
    trust="When it lies above the noise floor beside it. It listens to all filters, also to those whose entries are "
    "hardly more than noise.",
    blind_to="how much a filter matters at all; what the network that is asked, ImageNet's as a rule, never learned "
    "to see",
)
