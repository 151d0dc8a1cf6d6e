"""A repository on the Hugging Face hub, sent to and taken from by the hub's own client, with its own login."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whence.errors import InputError
from whence.share.parcel import Content, Kind
from whence.share.places.files import FilePlace

LOGIN = "set HF_TOKEN, or log in by: hf auth login"


@dataclass(frozen=True)
class HubPlace(FilePlace):
    """A model repository `hf:USER/NAME`, or one of data, `hf:datasets/USER/NAME`."""

    repo: str = ""
    repo_type: Literal["model", "dataset"] = "model"
    login: str = LOGIN

    def receiving(self, kind: Kind) -> HubPlace:
        """Checkpoints go into a repository for models, results into one for data."""
        return _place(self.repo, "model" if kind == "checkpoint" else "dataset")

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file, as it is now."""
        with _quiet():
            self.fs.invalidate_cache()
            return super().read(name, most)

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Bring a file in ranges, so that a broken connection costs one block."""
        with _quiet():
            super().fetch(name, target, size)

    def send(self, files: Mapping[str, Path], contents: Mapping[str, Content], private: bool) -> None:
        """All files in one commit. What the hub holds already, or got before a break, is not sent again."""
        from huggingface_hub import CommitOperationAdd, HfApi

        api = HfApi()
        with _quiet():
            api.create_repo(self.repo, repo_type=self.repo_type, private=private or None, exist_ok=True)
            added = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
            api.create_commit(self.repo, added, commit_message="Shared with whence", repo_type=self.repo_type)


def hub_place(rest: str) -> HubPlace:
    """The place called `USER/NAME` or `datasets/USER/NAME`. Raises `InputError` for no such name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    kind: Literal["model", "dataset"] = "dataset" if rest.startswith("datasets/") else "model"
    repo = rest.removeprefix("datasets/").removeprefix("models/")
    try:
        if repo.count("/") != 1:
            raise HFValidationError
        validate_repo_id(repo)
    except HFValidationError:
        raise InputError(
            f"{'hf:' + rest!r} is no repository of the hub; accepted are hf:USER/NAME and hf:datasets/USER/NAME"
        ) from None
    return _place(repo, kind)


def _place(repo: str, kind: Literal["model", "dataset"]) -> HubPlace:
    from huggingface_hub import HfFileSystem

    path = f"datasets/{repo}" if kind == "dataset" else repo
    return HubPlace(f"hf:{path}", HfFileSystem(skip_instance_cache=True), path, repo=repo, repo_type=kind)


@contextmanager
def _quiet() -> Iterator[None]:
    """The client without bars and warnings, which quote the signed addresses that it sends to."""
    from huggingface_hub.utils import logging
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    level, bars = logging.get_verbosity(), not are_progress_bars_disabled()
    logging.set_verbosity(40)  # errors only
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            enable_progress_bars()
