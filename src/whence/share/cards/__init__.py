"""Generated cards: a checkpoint's, a dataset's and a study's, as the Hugging Face hub and Croissant read them.

A card is written from what was measured and recorded, never from guesses: what is not known is said to be unknown. It
names no image, no file path and no patient.
"""

from whence.share.cards.checkpoint import checkpoint_card
from whence.share.cards.croissant import croissant
from whence.share.cards.dataset import dataset_card
from whence.share.cards.study import study_card

__all__ = ["checkpoint_card", "croissant", "dataset_card", "study_card"]
