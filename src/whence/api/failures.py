"""What failed, in one error."""

from __future__ import annotations

from whence.errors import WorkFailed
from whence.study.known import Status

NAMED = 5  # failures that an error names


def raise_failures(status: Status) -> None:
    """Raise `WorkFailed` if any job failed, naming the first ones and how to try just those again."""
    if status.failures:
        told = "; ".join(f"{failure['job']}: {failure['reason']}" for failure in status.failures[:NAMED])
        more = f"; and {status.failed - NAMED} more" if status.failed > NAMED else ""
        again = " ".join(f"--only {failure['key'][:8]}" for failure in status.failures[:NAMED])
        which = "the first ones" if more else "just these"
        raise WorkFailed(
            f"{status.failed} of {status.done + status.failed + status.waiting} jobs failed: {told}{more}. What was "
            f"finished is kept. The same command tries the rest again; {which}: {again}"
        )
