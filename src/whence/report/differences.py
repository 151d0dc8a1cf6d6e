"""Where a recomputation differs from the paper's text, and why: in plain words, for its readers and its authors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whence.report.words import signed


@dataclass(frozen=True)
class Difference:
    """One difference: what it is about, what was found, and what it changes."""

    what: str
    found: str
    effect: str


def differences(correlations: Sequence[dict[str, Any]], once_each: float) -> list[Difference]:
    """The five differences, with the numbers of `paper.correlations_of` and `paper.once_each`."""

    def value(distance: str, statistic: str, pairs: int) -> str:
        rows = [
            c
            for c in correlations
            if (c["distance"], c["statistic"], c["pairs"]) == (distance, statistic, pairs)
        ]
        return signed(rows[0]["value"])

    def both(statistic: str, pairs: int) -> str:
        return f"{value('expert', statistic, pairs)} (experts) and {value('task2vec', statistic, pairs)} (Task2Vec)"

    lowest = min(row["p"] for row in correlations)
    return [
        Difference(
            "The correlation that is printed is Pearson’s",
            "The text speaks of Spearman’s correlation and prints ρ = 0.24 and −0.11. These two numbers are met "
            f"exactly by Pearson’s r: {both('pearson', 24)}. Spearman’s ρ of the same pairs is "
            f"{both('spearman', 24)}.",
            f"The conclusion stands either way: none of them is significant (the smallest p is {lowest:.2f}).",
        ),
        Difference(
            "Three of the 24 pairs are a dataset with itself",
            "A target’s own baseline was counted as a pair: its transferability is 0 by definition, and its "
            "distance is 0 by the experts’ answers.",
            f"Without them 21 pairs are left: Pearson’s r is {both('pearson', 21)}, Spearman’s ρ "
            f"{both('spearman', 21)}.",
        ),
        Difference(
            "Five random draws of subsets were three",
            "Each Task2Vec distance is the mean over five random pairs of embeddings. The numbers drawn were 62, "
            "62, 47, 62 and 51, so that one draw counts three times; the draw had no fixed seed.",
            f"The mean rests on three distances. With each counted once, Pearson’s r would be {signed(once_each)}.",
        ),
        Difference(
            "STL-10 stands in for ImageNet in Task2Vec",
            "No Task2Vec embedding of ImageNet was made, which with 1.4 million images is understandable. Its "
            "distances are those of STL-10, a subset of it.",
            "The Task2Vec panel shows ImageNet at STL-10’s distance. ImageNet is the best source on all three "
            "targets, so these three points carry weight.",
        ),
        Difference(
            "Some counts do not agree with one another",
            "Chest X-rays: 5,863 images in Table I, while the text’s two classes add up to 5,856, the real number. "
            "PCam: 237,680 images in the text, while its two classes add up to 327,680, the real number. STI-10: "
            "8,060 images in Table I, while ten classes of 900 on average would be 9,000. ImageNet: 1,431,167 "
            "includes 100,000 test images without labels.",
            "Nothing that was computed here depends on these counts.",
        ),
    ]
