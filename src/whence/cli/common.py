"""What every verb shares: its options, how it speaks, and the exit codes."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from whence.errors import WhenceError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

P = ParamSpec("P")
R = TypeVar("R")

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, or auto: a GPU if there is one.")]
Backbone = Annotated[str, typer.Option("--backbone", help="Any timm model name.")]
Size = Annotated[int, typer.Option("--size", min=16, max=1024, help="Side of the images, in pixels.")]
RecipeName = Annotated[str, typer.Option("--recipe", help="small, modern or paper.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes at a time (default: one per core).")
]
Energy = Annotated[
    str | None, typer.Option(help="Measure energy and carbon of each job; a country's code: NLD, USA …")
]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Leave out images that cannot be decoded, and count them.")
]

INTERRUPTED = 130


def listed(text: str) -> list[str]:
    """The names in a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Turn whence's errors into one line on stderr and the right exit code, and Ctrl-C into 130."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with shown_downloads(bool(kwargs.get("quiet"))):
                return function(*args, **kwargs)
        except WhenceError as error:
            say(f"whence: {' '.join(str(error).split())}")
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            say("whence: interrupted; what was finished is kept, type the same command to go on")
            raise typer.Exit(INTERRUPTED) from error
        except (
            BrokenPipeError
        ) as error:  # `whence … | head`: the reader has gone, which is no failure of ours
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except OSError as error:
            say(f"whence: {error}; what was finished is kept")
            raise typer.Exit(1) from error

    return run


def say(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def shown_downloads(quiet: bool) -> Iterator[None]:
    """Inside this block, each download is a bar on a terminal, one line elsewhere, and nothing when quiet."""
    from whence.data.download import reporting

    if quiet:
        yield
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

        columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars, reporting(_bars(bars)):
            yield
    else:
        with reporting(_lines()):
            yield


def _bars(bars: Progress) -> Callable[[str, int, int | None], None]:
    tasks: dict[str, TaskID] = {}

    def show(name: str, done: int, total: int | None) -> None:
        task = tasks.get(name)
        if task is None:
            task = tasks[name] = bars.add_task(name, total=total)
        bars.update(task, completed=done, total=total)

    return show


def _lines() -> Callable[[str, int, int | None], None]:
    told: set[str] = set()

    def show(name: str, done: int, total: int | None) -> None:
        if name not in told:
            told.add(name)
            say(f"fetching {name}" + (f" ({total / 1e6:,.1f} MB)" if total else ""))

    return show


def speaker(quiet: bool) -> Callable[[str], None]:
    """Where progress goes: stderr, or nowhere."""
    return (lambda line: None) if quiet else say


def print_json(document: Any) -> None:
    """The one document on stdout; what is not a number is null."""
    print(json.dumps(_finite(document), indent=1, ensure_ascii=False))


def print_table(rows: list[dict[str, Any]], title: str = "") -> None:
    """A plain table on stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, title=title or None, title_justify="left")
    for name in rows[0] if rows else []:
        numeric = all(isinstance(row[name], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()))
    console = Console(markup=False)  # brackets are part of names: xrays[n=200]
    if not console.is_terminal:  # a file or a pipe has no width to fit into
        console = Console(width=200, markup=False)
    console.print(table)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value
