"""The Open Science Framework as its API sees it: JSON:API listings in pages, files at WaterButler."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from tests.share.fakes.serving import Answer, Server

TOKEN = "osfsecretosfsecretosfsecretosfsecret"
PAGE = 2  # entries of a listing's page


class Osf(Server):
    """One project, `ab3de`: its files by path, "/name" or "/folder/name". `public`: read without a token."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.public = True
        super().__init__(OsfAnswer)


class OsfAnswer(Answer):
    """One answer of the API (`/v2/…`), WaterButler (`/v1/…`) or the storage to which it sends on (`/bucket/…`)."""

    server: Osf
    storage = "/v1/resources/ab3de/providers/osfstorage"

    def answer(self, method: str, path: str, query: dict[str, str]) -> None:
        if path.startswith("/bucket/"):
            data = self.server.files[path.removeprefix("/bucket")]
            return self.send_file(data, hashlib.md5(data, usedforsecurity=False).hexdigest())
        let_in = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not let_in and (method == "PUT" or not self.server.public):
            self.body()
            return self.send_json({"errors": [{"detail": "not provided"}]}, 401)
        if path == "/v2/nodes/ab3de/files/":
            entry = {"attributes": {"provider": "osfstorage", "kind": "folder", "name": "osfstorage"}}
            return self.send_json({"data": [entry | self.links("/")], "links": {"next": None}})
        if found := re.fullmatch(r"/v2/nodes/ab3de/files/osfstorage(/.*)", path):
            return self.listing(found[1], int(query.get("page", 1)))
        if found := re.fullmatch(rf"{self.storage}(/.*)", path):
            return self.put(found[1], query) if method == "PUT" else self.get(found[1])
        self.body()
        return self.send_json({"errors": [{"detail": "Not found."}]}, 404)

    def links(self, path: str) -> dict[str, Any]:
        """Where an entry's content is read, written and listed."""
        url, storage = self.server.url, f"{self.server.url}{self.storage}{path}"
        links = {"upload": storage, "download": storage, "new_folder": f"{storage}?kind=folder"}
        listed = {"links": {"related": {"href": f"{url}/v2/nodes/ab3de/files/osfstorage{path}"}}}
        return {"links": links, "relationships": {"files": listed}}

    def listing(self, folder: str, page: int) -> None:
        entries = []
        for path, data in sorted(self.server.files.items()):
            if path.rpartition("/")[0] + "/" == folder:
                sums = {n: hashlib.new(n, data, usedforsecurity=False).hexdigest() for n in ("md5", "sha256")}
                about = {
                    "kind": "file",
                    "name": path.rpartition("/")[2],
                    "size": len(data),
                    "extra": {"hashes": sums},
                }
                entries.append({"attributes": about} | self.links(path))
        if folder == "/":
            for name in sorted(self.server.folders):
                about = {"kind": "folder", "name": name, "size": None, "extra": {"hashes": {}}}
                entries.append({"attributes": about} | self.links(f"/{name}/"))
        more = len(entries) > page * PAGE
        following = (
            f"{self.server.url}/v2/nodes/ab3de/files/osfstorage{folder}?page={page + 1}" if more else None
        )
        self.send_json({"data": entries[(page - 1) * PAGE : page * PAGE], "links": {"next": following}})

    def put(self, path: str, query: dict[str, str]) -> None:
        data = self.body()
        if query.get("kind") == "folder":
            self.server.folders.add(query["name"])
            return self.send_json({}, 201)
        fresh = path.endswith("/")
        target = path + query["name"] if fresh else path
        if fresh and target in self.server.files:
            return self.send_json({"message": "conflict"}, 409)
        self.server.files[target] = data
        return self.send_json({}, 201 if fresh else 200)

    def get(self, path: str) -> None:
        if path not in self.server.files:
            return self.send_json({}, 404)
        return self.send(b"", 302, {"Location": f"{self.server.elsewhere}/bucket{path}"})
