"""Engines: the same study on each makes the same ledger, bit for bit; options are checked at the edge."""

import importlib.util
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whence.api import Study
from whence.errors import InputError, WorkFailed
from whence.paths import home
from whence.study import job as jobs
from whence.study.engines import EngineKind, all_engines, local, make_engine, registry
from whence.study.engines._parcels import Parcels, pack, unpack
from whence.study.engines.local import Local
from whence.study.job import Job
from whence.study.ledger import Ledger

MAY_DIFFER = {"seconds", "energy_kwh", "co2_g", "host", "engine"}
_of_inline: list[dict[str, list[Any]]] = []


def needs(module: str, extra: str) -> pytest.MarkDecorator:
    """Skip a test without an optional extra, saying how to get it."""
    absent = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(absent, reason=f"{module} is not installed: pip install 'whence[{extra}]'")


def ledger_of(study: Study) -> dict[str, list[Any]]:
    """Every table of a study's ledger, without the columns that may differ between machines."""
    with Ledger(study.folder / "ledger.db") as ledger:
        return {
            table: [
                {name: getattr(row, name) for name in row.__dataclass_fields__ if name not in MAY_DIFFER}
                for row in ledger.rows(table)
            ]
            for table in ("outcomes", "pretrainings", "curves", "predictions")
        }


def reference(study_file: Callable[..., Path]) -> dict[str, list[Any]]:
    """The ledger that `inline` makes, in a home of its own; made once."""
    if not _of_inline:
        study = Study.from_file(study_file())
        status = study.run(engine="inline", device="cpu")
        assert (status.done, status.failed, status.waiting) == (9, 0, 0)
        _of_inline.append(ledger_of(study))
        shutil.rmtree(study.folder)
        shutil.rmtree(home())
    return _of_inline[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("local", {"workers": 2}),
        pytest.param("slurm", {"executor": "debug"}, marks=needs("submitit", "slurm")),
        pytest.param("ray", {"workers": 2, "num_gpus": 0}, marks=[needs("ray", "ray"), pytest.mark.ci]),
    ],
)
def test_every_engine_makes_the_same_ledger(
    study_file: Callable[..., Path], engine: str, options: dict[str, Any]
) -> None:
    wanted = reference(study_file)
    study = Study.from_file(study_file(engine={"name": engine, **options}))
    status = study.run(device="cpu")
    assert (status.done, status.failed, status.waiting) == (9, 0, 0)
    assert ledger_of(study) == wanted
    assert {row.engine for row in study.outcomes(device="cpu")} == {engine}
    assert not list(home().rglob(".*.tmp"))
    assert not list(home().rglob("*.state"))


@pytest.mark.slow
@needs("ray", "ray")
def test_ray_on_nodes_that_share_no_folder_and_a_worker_killed_in_the_middle(
    study_file: Callable[..., Path], tmp_path: Path, bucket: str
) -> None:
    """The nodes have a home of their own; job folders travel through S3; one worker gets SIGKILL as it works."""
    wanted = reference(study_file)
    options = {
        "workers": 2,
        "num_gpus": 0,
        "storage": bucket,
        "home": str(tmp_path / "node-home"),
    }
    study = Study.from_file(study_file(engine={"name": "ray", **options}))
    killed: list[int] = []
    killer = threading.Thread(target=kill_one_worker, args=(tmp_path / "node-home", killed))
    killer.start()
    status = study.run(device="cpu")
    killer.join(60)
    assert killed
    assert (status.done, status.failed, status.waiting) == (9, 0, 0)
    assert ledger_of(study) == wanted
    assert (tmp_path / "node-home" / "jobs" / "finetune").is_dir()


def kill_one_worker(node_home: Path, killed: list[int]) -> None:
    """SIGKILL for the process that is at work on a fine-tuning, as soon as there is one."""
    until = time.monotonic() + 300
    while not killed and time.monotonic() < until:
        for scratch in (node_home / "jobs").glob("finetune/.*.tmp"):
            pid = int(scratch.name.rsplit(".", 3)[1].split("-")[0])
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            break
        time.sleep(0.01)


def test_engines_are_found_by_scanning_and_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"inline", "local", "ray", "slurm"} <= all_engines().keys()
    mine = EngineKind("mine", "an outsider's", lambda options, device: Local(1))

    class Point:
        value = "elsewhere:ENGINE"

        def load(self) -> EngineKind:
            return mine

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry._found.cache_clear()
    try:
        assert isinstance(make_engine("mine"), Local)
    finally:
        registry._found.cache_clear()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lokal", {}, "unknown engine 'lokal'; near it: local"),
        ("local", {"wrokers": 2}, "unknown option of engine 'local' 'wrokers'; near it: workers"),
        ("local", {"workers": 0}, "engine 'local', option 'workers': found 0; .*greater than or equal to 1"),
        ("ray", {"num_gpus": "many"}, "engine 'ray', option 'num_gpus': found 'many'; .*valid number"),
        (
            "slurm",
            {"executor": "pbs"},
            "engine 'slurm', option 'executor': found 'pbs'; .*'slurm', 'local' or",
        ),
    ],
)
def test_a_wrong_engine_or_option_is_told(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_engine(name, options)


def test_an_engine_without_its_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"ray is not installed .* pip install 'whence\[ray\]'"):
        make_engine("ray")


def test_a_slot_sees_one_gpu_and_several_slots_may_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each process is given to see; the processes themselves are not started: there need be no GPU."""
    seen: list[str] = []

    class Process:
        exitcode = 0
        sentinel = 0

        def __init__(self, args: Any, **named: Any) -> None:
            seen.append(args[1]["CUDA_VISIBLE_DEVICES"])

        def start(self) -> None: ...
        def terminate(self) -> None: ...
        def join(self, timeout: float | None = None) -> None: ...
        def kill(self) -> None: ...

    for workers, wanted in ((None, ["3", "5"]), (4, ["3", "5", "3", "5"])):
        engine = Local(workers, gpus=["3", "5"])
        assert engine.slots == len(wanted)
        monkeypatch.setattr(engine.context, "Process", Process)
        engine.start([Job("toy", 1, {"seed": number}) for number in range(engine.slots)])
        assert seen == wanted
        seen.clear()
        engine.stop(0)


def test_no_worker_inherits_a_cuda_context() -> None:
    """What the fork server imports before it forks starts no CUDA: asked of a fresh process that imports the same."""
    import subprocess
    import sys

    from whence.study.engines.local import PRELOADED

    code = f"import {', '.join(PRELOADED)}, torch; assert not torch.cuda.is_initialized()"
    subprocess.run([sys.executable, "-c", code], check=True)


def write_result(job: Job, folder: Path) -> None:
    (folder / "result.json").write_text("{}")
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 100)


@pytest.mark.parametrize("where", ["folder", "s3"])
def test_a_parcel_arrives_as_it_was_sent(
    where: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = request.getfixturevalue("bucket") if where == "s3" else f"file://{tmp_path / 'bucket'}"
    job, parcels = Job("toy", 1, {"seed": 1}), Parcels(url)
    jobs.run(job, write_result)
    sent = {path.name: path.read_bytes() for path in job.folder.iterdir()}
    assert pack(job.folder) == pack(job.folder)
    assert not parcels.has(job.kind, job.key)
    parcels.send(job)
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "elsewhere"))
    assert job.state == "waiting"
    parcels.fetch(job.kind, job.key)
    assert {path.name: path.read_bytes() for path in job.folder.iterdir()} == sent
    parcels.forget(job.kind, job.key)
    assert not parcels.has(job.kind, job.key)


def test_a_damaged_or_hostile_parcel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import tarfile

    job, parcels = Job("toy", 1, {"seed": 1}), Parcels(f"file://{tmp_path / 'bucket'}")
    jobs.run(job, write_result)
    parcels.send(job)
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "elsewhere"))
    (packed,) = (tmp_path / "bucket" / "toy").glob("*.tar")
    packed.write_bytes(packed.read_bytes().replace(b"{}", b"[]"))
    with pytest.raises(WorkFailed, match="is damaged: its checksum differs"):
        parcels.fetch(job.kind, job.key)
    for name, kind in (("../out", tarfile.REGTYPE), ("/out", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)):
        hostile = io.BytesIO()
        with tarfile.open(fileobj=hostile, mode="w") as archive:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry, io.BytesIO(b""))
        with pytest.raises(WorkFailed, match="which is no plain file of its folder"):
            unpack(hostile.getvalue(), tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()
    assert not (tmp_path / "out").exists()
    assert job.state == "waiting"


def test_ctrl_c_waits_until_a_process_is_started_whichever_thread_it_reaches() -> None:
    """A mask is one thread's own: Ctrl-C then comes by another one, such as the lock's heartbeat."""
    started, ended, steps = threading.Event(), threading.Event(), list[str]()

    def elsewhere() -> None:
        started.set()
        ended.wait(30)

    def start_a_process() -> None:
        with local._signals_deferred():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            steps.append("started")

    threading.Thread(target=elsewhere, daemon=True).start()
    started.wait(30)
    of_pytest = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # started in the background it ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            start_a_process()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, of_pytest)
        ended.set()
    assert steps == ["started"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
