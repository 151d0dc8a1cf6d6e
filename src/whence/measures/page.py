"""The page that tells what each measure means, from the measures' own metadata: `python -m whence.measures.page`."""

from __future__ import annotations

from collections.abc import Iterable

from whence.measures.contract import NEEDS, Measure

INTRODUCTION = """# What the measures mean

*Made from the measures' metadata by `python -m whence.measures.page > docs/measures.md`; a test keeps it current.*

A **score** says how well a source suits a target, a **distance** how unlike two datasets are. Both are cheap, because
nothing is fine-tuned. `whence score SOURCE... TARGET` prints every score that applies, with an interval and its
rank among the sources, `whence distance A B` every distance beside its noise floor (see [similarity](similarity.md)).
Each is a plain function too: `from whence.measures import logme; logme(features, labels)`.
Several of them on the same features share what they compute when the features are made ready once: `prepare(features)`.

## What the evidence says

Published outcomes of 15 sources on 11 medical targets (Juodelyte et al. 2024), each target judged by what is
known of the others. τ is the weighted agreement of the two orders (1 is the same order, 0 is chance).

| ranking by | mean weighted τ | AUC lost by the first pick |
| --- | --- | --- |
| mean rank of the source on the other targets | **0.561** | 0.0052 |
| always ImageNet | – | 0.0052 |
| `lp`: `nca_knn`, in-sample | 0.440 | 0.009 |
| N-LEEP | 0.411 | 0.013 |
| FU | 0.410 | 0.005 |
| LEEP | 0.351 | 0.005 |
| LogME (a published form that is wrong for N < D) | 0.335 | 0.007 |
| PARC | 0.297 | 0.014 |
| SFDA | 0.267 | 0.011 |
| NCTI | 0.183 | 0.020 |
| at random | – | 0.037 |

So no score alone beats experience with other targets: `whence rank` uses both, and prints both static baselines. Most
of what *always ImageNet* loses, it loses on a single target.

## How to read the intervals

They are 90 % intervals. For measures over folds, the corrected t-interval of the folds; for all others the spread over
random halves of the images of each class. They tell how much the value would move with other images of the same kind,
not whether the source would fine-tune well. An interval that reaches beyond the next source's value settles nothing.
"""


def render(measures: Iterable[Measure]) -> str:
    """The whole page as Markdown: scores, then distances."""
    known = list(measures)
    parts = [INTRODUCTION]
    for kind, title in (("score", "Scores"), ("distance", "Distances")):
        of_kind = [measure for measure in known if measure.kind == kind]
        if of_kind:
            parts.append(f"## {title}\n")
            parts += [_section(measure) for measure in of_kind]
    return "\n".join(parts)


def _section(measure: Measure) -> str:
    low, high = measure.bounds
    direction = "higher is better" if measure.higher_is_better else "lower is closer"
    facts = [
        f"{'unbounded' if low is None else f'{low:g}'} to {'unbounded' if high is None else f'{high:g}'}",
        direction,
    ]
    if measure.kind == "distance":
        facts += ["symmetric" if measure.symmetric else "not symmetric"]
        facts += [
            "0 from a dataset to itself" if measure.zero_on_itself else "not 0 from a dataset to itself"
        ]
    return f"""### `{measure.name}`

{measure.meaning}

- **Range:** {"; ".join(facts)}
- **When to trust it:** {measure.trust}
- **Cannot see:** {measure.blind_to}
- **Needs:** {"; ".join(f"`{need}`, {NEEDS[need]}" for need in measure.needs)}
- **Cost:** {measure.cost}
- **Source:** {measure.citation}
"""


if __name__ == "__main__":
    from whence.measures.registry import built_in

    print(render(built_in()), end="")
