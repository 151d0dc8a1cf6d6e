"""What `whence study run ARCHIVE` prints: how a study that was run again compares with the first time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.cli.common import print_json, print_table, say

if TYPE_CHECKING:
    from whence.share.reproduce import Reproduction


def run_again(
    archive: Path,
    data: list[str],
    engine: str | None,
    options: dict[str, Any],
    workers: int | None,
    device: str,
    json: bool,
    quiet: bool,
) -> None:
    """Run an archive's study again and tell what agrees. Raises `WorkFailed` where a part of it did not run."""
    from whence import api
    from whence.cli.bars import shown
    from whence.errors import WorkFailed

    with shown(quiet) as (watchers, speak):
        found = api.reproduce(
            archive, data=data, engine=engine or "local", engine_options=options, workers=workers, device=device,
            watchers=watchers, say=speak,
        )  # fmt: skip
    _tell(found, json)
    if not found.whole:
        not_run = sum(one.verdict == "not run" for one in found.folds)
        why = [*(f"{name}: {reason}" for name, reason in found.missing.items())]
        why += [f"{failure['job']}: {failure['reason']}" for failure in found.status.failures]
        raise WorkFailed(
            f"{not_run} of {len(found.folds)} folds did not run again{': ' if why else ''}{'; '.join(why)}"
        )


def _tell(found: Reproduction, json: bool) -> None:
    if json:
        print_json(found.document())
        return
    rows = [
        {
            "target": one.target,
            "source": one.source,
            "backbone": one.backbone,
            "fold": one.fold + 1,
            "AUC then": one.then,
            "AUC now": "–" if one.now is None else f"{one.now:.3f}",
            "verdict": one.verdict,
        }
        for one in found.folds
    ]
    print_table(rows)
    document = found.document()
    told = ", ".join(f"{n} {verdict}" for verdict, n in document["agreement"].items() if n)
    print(f"{found.study}: {len(rows)} folds: {told}")
    print("noise: the standard deviation of the first study's folds; equal: every prediction to the last bit")
    for one in found.best:
        same = "then and now" if one.then == one.now else f"then, {one.now} now"
        print(f"best source of {one.target}: {one.then} {same}")
    if found.other_versions:
        told = ", ".join(f"{name} {now} ({then})" for name, (then, now) in found.other_versions.items())
        say(f"versions here (there): {told}")
