"""What is known about transfer: published outcomes, shipped and cited, and the user's own."""

from whence.knowledge.names import family_of, plain_name
from whence.knowledge.published import published_outcomes, published_scores
from whence.knowledge.store import known_outcomes, outcomes_of

__all__ = [
    "family_of",
    "known_outcomes",
    "outcomes_of",
    "plain_name",
    "published_outcomes",
    "published_scores",
]
