"""whence run-job FOLDER: one job by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Device, Json, Quiet, Seed, print_json, verb
from whence.errors import WorkFailed


@verb
def run_job(
    folder: Annotated[Path, typer.Argument(help="A job folder: $WHENCE_HOME/jobs/KIND/KEY.")],
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Do one job again that failed, or for the first time on this machine; seed and device are the job's own."""
    from whence.study import job as jobs
    from whence.study.work import do_job

    job = jobs.read_job(folder)
    state = do_job(job)
    if json:
        print_json({"job": job.key, "kind": job.kind, "state": state, "folder": str(job.folder)})
    if state == "failed":
        raise WorkFailed(f"job {job.key} failed: {job.reason}; the whole story is in {job.folder / 'failed'}")
    if not json:
        print(f"{state}: {job.folder}")
