"""The Hugging Face hub as its client sees it: repositories, preupload, LFS in parts, commits as NDJSON, resolve."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field

from tests.share.fakes.serving import Answer, Server

TOKEN = "hf_secretsecretsecretsecretsecretsecret"
LARGE = 1 << 17  # bytes from which a file goes to the large file storage
REPO = r"(?:(datasets)/)?([\w.-]+/[\w.-]+)"


@dataclass
class Repo:
    """The files of one repository at its newest commit; `commits` counts them."""

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    commits: int = 0

    @property
    def sha(self) -> str:
        return f"{self.commits:040x}"


class Hub(Server):
    """Keeps repositories by (kind, id) and large files by their SHA-256. `chunk`: bytes of a part; 0 for one part."""

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.storage: dict[str, bytes] = {}
        self.parts: dict[tuple[str, int], bytes] = {}
        self.chunk = 1 << 18
        self.visibility: dict[str, str | None] = {}
        super().__init__(HubAnswer)


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class HubAnswer(Answer):
    """One answer of the hub. Whatever writes needs the token; storage has signed addresses of its own."""

    server: Hub

    def answer(self, method: str, path: str, query: dict[str, str]) -> None:
        if path.startswith("/storage/"):
            return self.at_storage(method, path, query)
        if (
            method in ("POST", "PUT")
            and "paths-info" not in path
            and self.headers.get("Authorization") != f"Bearer {TOKEN}"
        ):
            self.body()
            return self.send_json({"error": "Invalid username or password."}, 401)
        for pattern, do in (
            (r"/api/repos/create", self.create),
            (r"/api/validate-yaml", self.validate),
            (r"/api/(models|datasets)/([\w.-]+/[\w.-]+)/preupload/main", self.preupload),
            (r"/api/(models|datasets)/([\w.-]+/[\w.-]+)/commit/main", self.commit),
            (r"/api/(models|datasets)/([\w.-]+/[\w.-]+)/paths-info/main", self.paths_info),
            (r"/api/(models|datasets)/([\w.-]+/[\w.-]+)/tree/main/?", self.tree),
            (r"/api/(models|datasets)/([\w.-]+/[\w.-]+)(?:/revision/main)?", self.info),
            (rf"/{REPO}\.git/info/lfs/objects/batch", self.batch),
            (rf"/{REPO}/resolve/main/(.+)", self.resolve),
        ):
            if found := re.fullmatch(pattern, path):
                return do(*found.groups())
        self.body()
        return self.send_json({"error": "not found"}, 404)

    def create(self) -> None:
        asked = self.json_body()
        kind, name = f"{asked.get('type', 'model')}s", f"{asked['organization']}/{asked['name']}"
        self.server.visibility[name] = asked.get("visibility")
        fresh = (kind, name) not in self.server.repos
        self.server.repos.setdefault((kind, name), Repo())
        where = name if kind == "models" else f"{kind}/{name}"
        self.send_json({"url": f"{self.server.url}/{where}", "name": name, "id": "1"}, 200 if fresh else 409)

    def validate(self) -> None:
        text = self.json_body()["content"]
        good = text.startswith("---\n") and "\n---\n" in text
        self.send_json(
            {"errors": [], "warnings": []} if good else {"errors": [{"message": "no YAML"}]},
            200 if good else 400,
        )

    def preupload(self, kind: str, name: str) -> None:
        repo, found = self.server.repos[kind, name], []
        for file in self.json_body()["files"]:
            held = repo.files.get(file["path"])
            large = file["size"] >= LARGE or file["path"].endswith((".safetensors", ".zip"))
            oid = None if held is None else hashlib.sha256(held).hexdigest() if large else git_hash(held)
            found.append(
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": oid,
                }
            )
        self.send_json({"files": found})

    def batch(self, kind: str | None, name: str) -> None:
        objects = []
        for asked in self.json_body()["objects"]:
            oid, size = asked["oid"], asked["size"]
            one = {"oid": oid, "size": size}
            if oid not in self.server.storage:
                signed = f"{self.server.url}/storage/{oid}"
                upload: dict[str, object] = {"href": f"{signed}?signature=sesame"}
                if self.server.chunk and size > self.server.chunk:
                    count = -(-size // self.server.chunk)
                    parts = {str(n): f"{signed}?signature=sesame&part={n}" for n in range(1, count + 1)}
                    upload = {
                        "href": f"{signed}?complete=1&signature=sesame",
                        "header": {"chunk_size": str(self.server.chunk), **parts},
                    }
                one["actions"] = {"upload": upload}
            objects.append(one)
        self.send_json({"transfer": "multipart", "objects": objects})

    def at_storage(self, method: str, path: str, query: dict[str, str]) -> None:
        oid = path.removeprefix("/storage/")
        if query.get("signature") != "sesame":
            self.body()
            return self.send(b"", 403)
        if method in ("GET", "HEAD"):
            return self.send_file(self.server.storage[oid], oid)
        if "complete" in query:
            asked = self.json_body()
            data = b"".join(self.server.parts[oid, part["partNumber"]] for part in asked["parts"])
            self.server.storage[oid] = data
            return self.send(b"{}")
        data = self.body()
        if "part" in query:
            self.server.parts[oid, int(query["part"])] = data
            return self.send(b"", headers={"ETag": f'"{len(data)}"'})
        if hashlib.sha256(data).hexdigest() != oid:
            return self.send(b"", 400)
        self.server.storage[oid] = data
        return self.send(b"")

    def commit(self, kind: str, name: str) -> None:
        repo = self.server.repos[kind, name]
        for line in self.body().splitlines():
            asked = json.loads(line)
            value = asked["value"]
            if asked["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
            elif asked["key"] == "lfsFile":
                repo.files[value["path"]] = self.server.storage[value["oid"]]
                repo.large.add(value["path"])
        repo.commits += 1
        where = name if kind == "models" else f"{kind}/{name}"
        self.send_json({"commitUrl": f"{self.server.url}/{where}/commit/{repo.sha}", "commitOid": repo.sha})

    def info(self, kind: str, name: str) -> None:
        repo = self.server.repos.get((kind, name))
        if repo is None:
            return self.send_json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        return self.send_json(
            {"id": name, "sha": repo.sha, "private": False, "siblings": [{"rfilename": path} for path in repo.files],
             "tags": [], "downloads": 0, "likes": 0}
        )  # fmt: skip

    def paths_info(self, kind: str, name: str) -> None:
        from urllib.parse import parse_qs

        wanted = parse_qs(self.body().decode()).get("paths", [])
        self.send_json([one for one in self.entries(kind, name) if one["path"] in wanted])

    def tree(self, kind: str, name: str) -> None:
        self.send_json(self.entries(kind, name))

    def entries(self, kind: str, name: str) -> list[dict[str, object]]:
        repo = self.server.repos[kind, name]
        found: list[dict[str, object]] = []
        for path, data in repo.files.items():
            one: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": git_hash(data)}
            if path in repo.large:
                one["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            found.append(one)
        return found

    def resolve(self, kind: str | None, name: str, path: str) -> None:
        repo = self.server.repos.get((kind or "models", name))
        if repo is None:
            return self.send_json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        if path not in repo.files:
            return self.send_json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
        data = repo.files[path]
        if path not in repo.large:
            self.extra = {"X-Repo-Commit": repo.sha}
            return self.send_file(data, git_hash(data))
        oid = hashlib.sha256(data).hexdigest()
        headers = {
            "Location": f"{self.server.elsewhere}/storage/{oid}?signature=sesame", "X-Repo-Commit": repo.sha,
            "X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(data)),
        }  # fmt: skip
        return self.send(b"", 302, headers)

    extra: dict[str, str] = {}  # noqa: RUF012

    def end_headers(self) -> None:
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.extra = {}
        super().end_headers()
