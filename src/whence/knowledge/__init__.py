"""What is known about transfer: published outcomes and our own grid's, shipped and cited, and the user's own."""

from whence.knowledge.descriptors import (
    Descriptor,
    describe,
    difference,
    known_descriptors,
    remember_descriptor,
)
from whence.knowledge.evidence import keep_values, known_values, scores_on
from whence.knowledge.grid import (
    grid_distances,
    grid_outcomes,
    grid_pace,
    grid_probes,
    grid_scores,
    grid_sources,
    grid_targets,
    source_name,
)
from whence.knowledge.names import family_of, plain_name
from whence.knowledge.published import (
    published_datasets,
    published_distances,
    published_draws,
    published_outcomes,
    published_pretrainings,
    published_scores,
    published_settings,
)
from whence.knowledge.store import bodies, forget, known_outcomes, outcomes_of, own_outcomes, remember

__all__ = [
    "Descriptor",
    "bodies",
    "describe",
    "difference",
    "family_of",
    "forget",
    "grid_distances",
    "grid_outcomes",
    "grid_pace",
    "grid_probes",
    "grid_scores",
    "grid_sources",
    "grid_targets",
    "keep_values",
    "known_descriptors",
    "known_outcomes",
    "known_values",
    "outcomes_of",
    "own_outcomes",
    "plain_name",
    "published_datasets",
    "published_distances",
    "published_draws",
    "published_outcomes",
    "published_pretrainings",
    "published_scores",
    "published_settings",
    "remember",
    "remember_descriptor",
    "scores_on",
    "source_name",
]
