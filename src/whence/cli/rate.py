"""whence rate D...: experts rate datasets on a page; votes, distances and agreement."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.common import (
    Device,
    Json,
    Quiet,
    Seed,
    SkipUnreadable,
    print_json,
    print_table,
    say,
    speaker,
    verb,
)

if TYPE_CHECKING:
    from whence.data import Dataset
    from whence.rating.summary import Summary


@verb
def rate(
    datasets: Annotated[list[str] | None, typer.Argument(help="Paths or names of datasets.")] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder of answers, a CSV file per rater.")
    ] = Path("whence-ratings"),
    imported: Annotated[
        list[Path] | None, typer.Option("--import", help="Take over the answers in a CSV file; repeatable.")
    ] = None,
    automatic: Annotated[
        bool,
        typer.Option("--automatic", help="Let the rater that is no person answer, from cards and pixels."),
    ] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Only tell what was answered so far.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes any free one.")] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the page's address, open nothing.")
    ] = False,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Show experts nine random images of each dataset and ask six questions; Ctrl-C ends it and tells the result."""
    from whence.data import open_dataset
    from whence.errors import InputError
    from whence.rating.sheets import read_folder, take_over
    from whence.rating.shown import names_of, shown
    from whence.rating.summary import document, summarise

    serving = not (imported or automatic or summary)
    if (serving or automatic) and not datasets:
        raise InputError("no dataset is named; give two or more, such as: whence rate xrays/ demo:textures")
    opened: list[Dataset] = []
    for name in datasets or ():
        speaker(quiet)(f"reading {name}")
        opened.append(open_dataset(name, skip_unreadable=skip_unreadable))
    names = names_of(opened)
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"{repeated[0]!r} is given twice; give every dataset once")
    reasons = {}
    if imported:
        for sheet in take_over(imported, output):
            speaker(quiet)(f"{sheet.rater}: {len(sheet.answers)} datasets in {output}")
    if automatic:
        reasons = _rate_automatically(opened, names, output, seed, quiet)
    pages = []
    if serving:
        from whence.rating.server import serve

        pages = shown(opened, seed)
        read_folder(output)  # a file that cannot be read is told now, not to the first rater

        def tell_address(address: str) -> None:
            say(
                f"the page is at {address}\nanswers go to {output.absolute()}; stop with Ctrl-C when all have rated"
            )
            if not no_browser:
                webbrowser.open(address)

        serve(pages, output, port, tell_address, speaker(quiet))
    found = summarise(read_folder(output), names)
    if json:
        images = {page.name: list(page.digests) for page in pages}
        print_json({"folder": str(output), **document(found), "because": reasons, "images": images})
    else:
        tell(found, output)
        for name, of_dataset in reasons.items():
            print(f"{name}: " + "; ".join(f"{key} {because}" for key, because in of_dataset.items()))


def _rate_automatically(
    opened: list[Dataset], names: list[str], folder: Path, seed: int, quiet: bool
) -> dict[str, dict[str, str]]:
    """Write the automatic rater's sheet anew for these datasets; why it answered what it did."""
    from whence.rating.automatic import rate as derive
    from whence.rating.names import AUTOMATIC
    from whence.rating.server import check_writable
    from whence.rating.sheets import read_sheet, write_sheet

    check_writable(folder)
    sheet, reasons = read_sheet(folder, AUTOMATIC), {}
    for dataset, name in zip(opened, names, strict=True):
        speaker(quiet)(f"measuring {name}")
        derived = derive(dataset, seed)
        sheet = sheet.with_answers(name, {key: found.answer for key, found in derived.items()})
        reasons[name] = {key: f"{found.answer} ({found.because})" for key, found in derived.items()}
    write_sheet(folder, sheet)
    return reasons


def tell(found: Summary, folder: Path) -> None:
    """Print a summary as a person reads it."""
    from whence.rating.questions import PROPERTIES

    if not found.raters:
        print(f"nobody has rated anything in {folder} yet")
        return
    print_table(
        [
            {
                "rater": sheet.rater,
                "datasets": f"{sum(sheet.is_complete(d) for d in found.datasets)} of {len(found.datasets)}",
                "answers": sum(len(sheet.of(d)) for d in found.datasets),
            }
            for sheet in found.raters
        ],
        "Raters",
    )
    print_table([_vote_row(found, name) for name in found.datasets], "What most raters said")
    for name, key, tied in found.ties():
        print(f"a tie: {key} of {name} is {' or '.join(tied)}; {tied[0]}, the first in the list, counts")
    if found.filled:
        print("* nobody has rated this: the automatic rater's answer")
    if found.distances:
        print_table(
            _matrix(found), f"Distance: in how many of the {len(PROPERTIES)} properties two datasets differ"
        )
        if any(value.low != value.high for value in found.distances):
            print("in brackets: what other ways of breaking the ties would give")
    for key, agreed in found.agreements.items():
        what = "agreement on all six" if key == "all" else f"agreement on {key}"
        if agreed.kappa != agreed.kappa:
            print(f"{what}: no Fleiss' κ ({agreed.note})")
            continue
        ends = (
            f"90 % interval {agreed.low:.2f} to {agreed.high:.2f}"
            if agreed.low == agreed.low
            else agreed.note
        )
        print(f"{what}: Fleiss' κ {agreed.kappa:.2f} ({ends})")
    agrees, of = found.automatic_agrees
    if of:
        print(f"the automatic rater gives the answer of most people in {agrees} of {of}")


def _vote_row(found: Summary, name: str) -> dict[str, str]:
    row = {"dataset": name}
    for key, vote in found.votes[name].items():
        if vote is None:
            row[key] = "open"
        elif (name, key) in found.filled:
            row[key] = f"{vote.winner} *"
        else:
            row[key] = f"{vote.winner} {vote.votes}/{vote.of}{' tie' if vote.is_tie else ''}"
    return row


def _matrix(found: Summary) -> list[dict[str, str]]:
    shown = {}
    for value in found.distances:
        cell = f"{value.value:.0f}" + (
            "" if value.low == value.high else f" ({value.low:.0f}–{value.high:.0f})"
        )
        shown[value.source, value.target] = shown[value.target, value.source] = cell
    return [
        {"": row, **{name: "0" if name == row else shown.get((row, name), "–") for name in found.datasets}}
        for row in found.datasets
    ]
