"""A study as others can watch it while it runs: in MLflow."""

from whence.study.tracking.tracker import Tracker, make_tracker

__all__ = ["Tracker", "make_tracker"]
