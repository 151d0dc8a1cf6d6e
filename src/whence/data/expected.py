"""Whether a named dataset is all there: its counts beside those of its card."""

from __future__ import annotations

from whence.data.dataset import Dataset
from whence.records import Finding


def unexpected(dataset: Dataset) -> list[Finding]:
    """A finding where the images, the classes or the images of a class are not as many as the card expects.

    Counts of the card that are of none of these kinds are passed over.
    """
    counts = dataset.class_counts()
    present = sum(count > 0 for count in counts.values())
    found = {"images": len(dataset), "classes": present} | counts
    wrong = {key: number for key, number in dataset.card.expected.items() if found.get(key, number) != number}
    if not wrong:
        return []
    listed = ", ".join(
        f"{key} {found[key]:,} instead of {number:,}" for key, number in list(wrong.items())[:4]
    )
    more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
    return [
        Finding(
            "warning",
            f"{dataset.card.name} is not as its card says: {listed}{more}",
            "results will not be comparable with others' on it: complete its files (a card's `obtain` says how)",
        )
    ]
