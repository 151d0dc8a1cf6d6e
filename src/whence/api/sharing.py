"""Giving and taking: checkpoints, results and cards, other people's and one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from whence.api.saying import Say, silent
from whence.api.study import Study
from whence.api.training import Checkpoint
from whence.errors import InputError, unknown_name
from whence.paths import file_name

if TYPE_CHECKING:
    from whence.records import Outcome
    from whence.share.pull import Pulled
    from whence.share.push import Pushed
    from whence.share.reproduce import Reproduction
    from whence.study.watching import Watcher

STUDIES, ARCHIVES = (".yaml", ".yml"), (".zip",)


def push(
    what: Checkpoint | str | Path,
    to: str,
    *,
    name: str | None = None,
    licence: str | None = None,
    studies: Sequence[str | Path] = (),
    backbone: str = "resnet50",
    private: bool = False,
    dry_run: bool = False,
    device: str = "auto",
    say: Say = silent,
) -> Pushed:
    """Share a checkpoint, or a study's results (a study file or an archive), to `hf:USER/NAME`, `osf:PROJECT`, a
    folder or a URL that fsspec opens.

    A checkpoint is a file that whence wrote, or the name under which `rank` shows it for this backbone; `studies` that
    tried it tell in its card how well it transfers. No image is sent. `name` is what others call it, `licence` the one
    under which it is given away: by default that of the data behind it. With `dry_run` nothing is sent. Raises
    `InputError` where the data's licence forbids that or the place does not let us in, `WorkFailed` where the
    connection broke.
    """
    from whence.share.push import push_checkpoint, push_results

    if _tells_results(what):
        with tempfile.TemporaryDirectory() as scratch:
            archive, card, called = _results(Path(what), Path(scratch), licence, device)
            return push_results(
                archive, card, to, name=name or called, licence=licence, private=private, dry_run=dry_run, say=say
            )  # fmt: skip
    path = what.path if isinstance(what, Checkpoint) else find_checkpoint(what, backbone)
    tried = [one for file in studies for one in _tried(path, Study.from_file(file), device)]
    return push_checkpoint(
        path, to, name=name or _called(path), licence=licence, outcomes=tried, private=private, dry_run=dry_run, say=say
    )  # fmt: skip


def pull(address: str, *, name: str | None = None, say: Say = silent) -> Pulled:
    """Take what was shared at an address: a checkpoint is then the source `pulled:NAME`, results are an archive.

    See `whence.share.pull.pull` for what is checked and what is raised.
    """
    from whence.share.pull import pull as taken

    return taken(address, name=name, say=say)


def export_results(
    study: str | Path,
    path: str | Path,
    *,
    format: str = "archive",
    licence: str | None = None,
    device: str = "auto",
) -> list[Path]:
    """Write a study's results for others; return the files.

    As `archive`, one zip that `whence knowledge add` and `whence study run` take elsewhere; as `openml`, a new folder
    of tasks, runs and evaluations that openml-python can publish. Raises `InputError` for a study without an outcome.
    """
    from whence.share.openml import export_openml
    from whence.share.results import write_results

    if format not in ("archive", "openml"):
        raise unknown_name("format", format, ["archive", "openml"])
    found, path = Study.from_file(study), Path(path)
    if format == "openml":
        return export_openml(found.plan(device=device), found.folder, path)
    write_results(found.plan(device=device), found.folder, path, licence)
    return [path]


def reproduce(
    archive: str | Path,
    folder: str | Path | None = None,
    *,
    data: Sequence[str] = (),
    engine: str = "local",
    engine_options: Mapping[str, Any] | None = None,
    workers: int | None = None,
    device: str = "auto",
    watchers: Sequence[Watcher] = (),
    say: Say = silent,
) -> Reproduction:
    """Run the study of a results archive again and compare with what is in it, fold by fold.

    Its results stand in `folder`, by default `NAME-again` beside `NAME.zip`. Jobs that this machine has done before are
    not done again: an empty `$WHENCE_HOME` makes it measure all. See `whence.share.reproduce` for
    where data are looked for and what is raised.
    """
    from whence.nets.forward import check_device
    from whence.share.reproduce import reproduce as run_again
    from whence.study.engines import make_engine

    path, device = Path(archive), check_device(device)
    chosen = make_engine(engine, engine_options, workers=workers, device=device)
    into = Path(folder or path.with_name(f"{path.stem}-again"))
    return run_again(path, into, chosen, data=data, device=device, watchers=watchers, say=say)


def card(
    what: Checkpoint | str | Path,
    *,
    croissant: bool = False,
    backbone: str = "resnet50",
    device: str = "auto",
) -> str:
    """The card of a checkpoint, a study (its file) or a dataset, as the hub reads it.

    With `croissant` a dataset's is Croissant 1.0 metadata (JSON-LD). Raises `InputError` for what is none of these.
    """
    import json

    from whence.data import open_dataset
    from whence.share.cards import croissant as metadata
    from whence.share.cards import dataset_card
    from whence.share.checkpoint import pack_checkpoint
    from whence.share.parcel import CARD

    if _tells_results(what) or isinstance(what, Checkpoint) or Path(what).suffix == ".safetensors":
        if croissant:
            raise InputError(f"{what} is no dataset; Croissant metadata are of datasets only")
        with tempfile.TemporaryDirectory() as scratch:
            if _tells_results(what):
                return _results(Path(what), Path(scratch), None, device)[1]
            path = what.path if isinstance(what, Checkpoint) else find_checkpoint(what, backbone)
            pack_checkpoint(path, Path(scratch))
            return (Path(scratch) / CARD).read_text(encoding="utf-8")
    dataset = open_dataset(what)
    if croissant:
        return json.dumps(metadata(dataset), indent=1, ensure_ascii=False) + "\n"
    return dataset_card(dataset)


def find_checkpoint(what: str | Path, backbone: str) -> Path:
    """The file of a checkpoint given by path, or by the name under which `rank` shows it. Raises `InputError`."""
    from whence.recommend.candidates import checkpoints

    path = Path(what).expanduser()
    if path.suffix == ".safetensors" or (path / "checkpoint.safetensors").is_file():
        path = path / "checkpoint.safetensors" if path.is_dir() else path
        if not path.is_file():
            raise InputError(
                f"{str(path)!r} does not exist; give a checkpoint's file, or the name that `rank` shows"
            )
        return path
    known = {start.name: start.weights for start, _ in checkpoints(backbone)}
    found = known.get(str(what))
    if found is None:
        if not known:
            raise InputError(
                f"{str(what)!r} is no checkpoint: none of {backbone} is on this machine; make one by whence pretrain, "
                "name another --backbone, or give a checkpoint's file or a study file"
            )
        advice = f"Give a checkpoint of {backbone} (--backbone for others), its file, or a study file"
        raise unknown_name("checkpoint", str(what), known, advice)
    return found


def _tells_results(what: Checkpoint | str | Path) -> TypeGuard[str | Path]:
    """Whether this names a study file or a results archive."""
    return not isinstance(what, Checkpoint) and Path(what).suffix in (*STUDIES, *ARCHIVES)


def _tried(path: Path, study: Study, device: str) -> list[Outcome]:
    """The outcomes of a study that started from this checkpoint. Raises `InputError` where there is none."""
    from whence.nets.weights import read_record

    job = read_record(path).get("job", "")
    found = [
        one
        for one in study.outcomes(device=device)
        if one.source_recipe and job.startswith(one.source_recipe)
    ]
    if not found:
        raise InputError(
            f"study {study.fields.name!r} has measured nothing from {str(path)!r}; leave --study out"
        )
    return found


def _called(path: Path) -> str:
    """What a checkpoint is called: by its backbone and what it learned from."""
    from whence.nets.weights import read_record

    record = read_record(path)
    words = f"{record.get('arch', '')}-{record.get('trained_on', '').rpartition(':')[2]}"
    return file_name(words, "checkpoint")[:100]


def _results(what: Path, scratch: Path, licence: str | None, device: str) -> tuple[Path, str, str]:
    """The archive of a study or an archive that exists, its card, and the study's name."""
    from whence.share.archive import read_archive
    from whence.share.parcel import CARD
    from whence.share.results import MEMBERS, read_results, write_results

    if what.suffix in ARCHIVES:
        name = read_results(what).study.name
        return what, read_archive(what, MEMBERS)[CARD].decode("utf-8"), name
    study = Study.from_file(what)
    archive = scratch / "results.zip"
    return (
        archive,
        write_results(study.plan(device=device), study.folder, archive, licence),
        study.fields.name,
    )
