"""Engines run a study's jobs: one file each in this folder, found by scanning it; outsiders' by entry point."""

from whence.study.engines.contract import Ended, Engine, EngineKind, Options
from whence.study.engines.registry import all_engines, make_engine
from whence.study.work import do_job

__all__ = ["Ended", "Engine", "EngineKind", "Options", "all_engines", "do_job", "make_engine"]
