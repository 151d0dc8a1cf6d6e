"""What is known about transfer: published outcomes, shipped and cited, and the user's own."""

from whence.knowledge.names import family_of, plain_name
from whence.knowledge.published import published_outcomes, published_scores
from whence.knowledge.store import bodies, forget, known_outcomes, outcomes_of, own_outcomes, remember

__all__ = [
    "bodies",
    "family_of",
    "forget",
    "known_outcomes",
    "outcomes_of",
    "own_outcomes",
    "plain_name",
    "published_outcomes",
    "published_scores",
    "remember",
]
