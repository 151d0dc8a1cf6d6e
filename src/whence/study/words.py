"""Jobs and durations in words."""

from __future__ import annotations

from whence.study.plan import Entry


def describe(entry: Entry) -> str:
    """A job in words."""
    settings = f"({entry.backbone}, {entry.recipe}, seed {entry.seed})"
    if entry.job.kind == "pretrain":
        return f"pretrain on {entry.source} {settings}"
    return f"{entry.source} → {entry.target}, fold {entry.fold + 1} {settings}"


def in_words(seconds: float) -> str:
    """A duration as a person would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
