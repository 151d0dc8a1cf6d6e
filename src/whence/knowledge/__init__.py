"""What is known about transfer: published outcomes, shipped and cited, and the user's own."""

from whence.knowledge.names import plain_name
from whence.knowledge.published import published_outcomes, published_scores
from whence.knowledge.store import known_outcomes, outcomes_of

__all__ = ["known_outcomes", "outcomes_of", "plain_name", "published_outcomes", "published_scores"]
