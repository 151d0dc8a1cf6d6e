"""A project on the Open Science Framework (osf.io), by its HTTP API: JSON lists the files, WaterButler holds them."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from whence.data.download import Remote, fetch
from whence.errors import InputError
from whence.share.parcel import Content, Kind

API, JSON_API = "https://api.osf.io/v2", "application/vnd.api+json"
NOTHING: Mapping[str, str] = {}
ATTEMPTS, PAUSE = 3, 1.0  # seconds
PATIENCE = 120  # seconds without an answer: a large file is stored before it comes


@dataclass(frozen=True)
class OsfPlace:
    """The storage of a project, or a folder in it. The token is read from `$OSF_TOKEN` when it is needed."""

    address: str
    project: str
    folder: str = ""
    login: str = "set OSF_TOKEN to a personal access token from https://osf.io/settings/tokens"

    def receiving(self, kind: Kind) -> OsfPlace:
        """Any parcel goes into a project as it is."""
        return self

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file."""
        answer = _asked(
            "GET", _where(self._found(name)), accept="*/*", headers={"Range": f"bytes=0-{most - 1}"}
        )
        with answer:
            return answer.read(most)

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Bring a file, going on where an earlier attempt broke off."""
        entry = self._found(name)
        if entry["attributes"]["size"] != size:
            raise InputError(
                f"{self.address} is refused: {name} has another size there than its checksums say"
            )
        where, md5 = _where(entry), entry["attributes"]["extra"]["hashes"].get("md5")
        fetch(Remote(where, target.name, (md5,) if md5 else (), _token_for(where)), target.parent)

    def send(self, files: Mapping[str, Path], contents: Mapping[str, Content], private: bool) -> None:
        """Send the files that are not there already with the same SHA-256; a project's owner says who may see it."""
        root = self._folder(create=True)
        there = self._entries(root)
        for name, path in files.items():
            entry = there.get(name)
            if entry is None:
                _put(f"{root['links']['upload']}?{urlencode({'kind': 'file', 'name': name})}", path)
            elif entry["attributes"]["extra"]["hashes"].get("sha256") != contents[name].sha256:
                _put(f"{entry['links']['upload']}?kind=file", path)

    def _found(self, name: str) -> dict[str, Any]:
        entry = self._entries(self._folder()).get(name)
        if entry is None or entry["attributes"]["kind"] != "file":
            raise FileNotFoundError(name)
        return entry

    def _folder(self, create: bool = False) -> dict[str, Any]:
        """The entry of the folder, or of the project's whole storage."""
        storages = _listed(f"{_api()}/nodes/{quote(self.project)}/files/")
        entry = next(one for one in storages if one["attributes"]["provider"] == "osfstorage")
        if not self.folder:
            return entry
        inside = self._entries(entry).get(self.folder)
        if inside is None and create:
            query = urlencode({"kind": "folder", "name": self.folder})
            _asked(
                "PUT", f"{entry['links']['new_folder']}{_joint(entry['links']['new_folder'])}{query}"
            ).close()
            inside = self._entries(entry)[self.folder]
        if inside is None:
            raise FileNotFoundError(self.folder)
        return inside

    def _entries(self, folder: dict[str, Any]) -> dict[str, dict[str, Any]]:
        related = folder["relationships"]["files"]["links"]["related"]["href"]
        return {entry["attributes"]["name"]: entry for entry in _listed(related)}


def osf_place(rest: str) -> OsfPlace:
    """The place called `PROJECT` or `PROJECT/FOLDER`. Raises `InputError` for what is neither."""
    project, _, folder = rest.partition("/")
    if not re.fullmatch(r"[a-z0-9]{5,10}", project) or not re.fullmatch(r"[A-Za-z0-9._-]{0,100}", folder):
        raise InputError(
            f"{'osf:' + rest!r} is no place on OSF; accepted are osf:PROJECT and osf:PROJECT/FOLDER, where PROJECT is "
            "the five letters in its address, https://osf.io/PROJECT"
        )
    return OsfPlace(f"osf:{rest}", project, folder)


def _api() -> str:
    return os.environ.get("OSF_API", API).rstrip("/")


def _token_for(url: str) -> str:
    """The token, for addresses of OSF alone: a listing could name any."""
    ours, host = urlsplit(_api()), urlsplit(url)
    domain = (ours.hostname or "").removeprefix("api.")
    same = host.hostname == domain or (host.hostname or "").endswith(f".{domain}")
    return os.environ.get("OSF_TOKEN", "") if same and host.scheme == ours.scheme else ""


def _where(entry: dict[str, Any]) -> str:
    """The address of a file itself at WaterButler, which knows the token; the public one where it is not told."""
    return str(entry["links"].get("upload") or entry["links"]["download"])


def _joint(url: str) -> str:
    return "&" if "?" in url else "?"


def _listed(url: str) -> list[dict[str, Any]]:
    """All entries of a listing, page after page."""
    found: list[dict[str, Any]] = []
    following: str | None = url
    while following:
        with _asked("GET", following) as answer:
            page = json.load(answer)
        found += page["data"]
        following = page.get("links", {}).get("next")
    return found


def _put(url: str, path: Path) -> None:
    """Send a file, again from its beginning where the connection broke: WaterButler takes no parts."""
    for attempt in range(ATTEMPTS):
        with path.open("rb") as file:
            try:
                _asked("PUT", url, data=file, headers={"Content-Length": str(path.stat().st_size)}).close()
            except urllib.error.HTTPError:
                raise
            except (OSError, http.client.HTTPException):
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(PAUSE)
            else:
                return


def _asked(
    method: str, url: str, *, data: Any = None, accept: str = JSON_API, headers: Mapping[str, str] = NOTHING
) -> http.client.HTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"OSF leads to {url!r}, which is no web address; nothing was fetched")
    headers = {"Accept": accept, "User-Agent": "whence", **headers}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    if token := _token_for(url):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=PATIENCE)
    return answer
