"""whence study run|status|report|export|rebuild FILE, and merge."""

import typer

from whence.cli.study.report import report
from whence.cli.study.run import run
from whence.cli.study.status import status
from whence.cli.study.tables import export, merge, rebuild

app = typer.Typer(help="Run a study file, see where it stands, write its page.", rich_markup_mode=None)
for command in (run, status, report, export, rebuild, merge):
    app.command()(command)
