"""A server on this machine that speaks as much of the Hub as a download needs, and lies when asked.

with HubServer() as hub:
    hub.commit("acme/openers", {"adapter_config.json": b"..."})    # moves main; returns the commit
    hub.url                                                         # for HF_ENDPOINT
    hub.asked                                                       # every request with headers
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

LARGE = (".safetensors", ".bin")
"""The Hub keeps such files aside and redirects to them."""


@dataclass(frozen=True)
class HubRequest:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Repository:
    """The commits of a repository."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    """Needed to see it."""
    gated: bool = False


class HubServer:
    """Answers from memory; the attributes below make it answer wrongly."""

    def __init__(self) -> None:
        self.repos: dict[str, Repository] = {}
        self.asked: list[HubRequest] = []
        self.headers: dict[str, str] = {}
        """Headers that replace those of every answer on a file."""
        self.status: tuple[int, dict[str, str], bytes] | None = None
        """An answer to everything."""
        self.siblings: list[Any] | None = None
        """A listing that is not true."""
        self.sha: object = None
        """A commit that is not true."""
        self.bodies: dict[str, bytes] = {}
        """Bytes that are sent in place of a file's."""
        self.stall = 0.0
        """Seconds before any answer."""
        self.endless = False
        """Whether a file's bytes have no declared length and never end."""
        self.elsewhere: str | None = None
        """Address of another server that holds the large files."""

    def __enter__(self) -> HubServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._handle(self)

            def do_HEAD(self) -> None:
                fake._handle(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True, args=(0.02,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what it holds -------------------------------------------------------------------------

    def commit(self, repo: str, files: Mapping[str, bytes], ref: str = "main") -> str:
        """Add a commit of these files to a branch; return its id."""
        held = self.repos.setdefault(repo, Repository())
        whole = json.dumps({name: hashlib.sha1(body).hexdigest() for name, body in files.items()})
        sha = hashlib.sha1(f"{len(held.commits)} {whole}".encode()).hexdigest()
        held.commits[sha] = dict(files)
        held.refs[ref] = sha
        return sha

    def publish(self, repo: str, folder: Path, ref: str = "main", below: str = "") -> str:
        """Add a commit of a folder's files."""
        files = {
            f"{below}{file.relative_to(folder).as_posix()}": file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
        return self.commit(repo, files, ref)

    def paths(self, method: str) -> list[str]:
        """Return the paths that were asked for."""
        return [one.path for one in self.asked if one.method == method]

    # --- answering -----------------------------------------------------------------------------

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append(HubRequest(handler.command, handler.path, headers))
        time.sleep(self.stall)
        try:
            if self.status is not None:
                _send(handler, *self.status)
                return
            self._answer(handler, unquote(urlsplit(handler.path).path), headers)
        except OSError:
            pass  # the client has disconnected

    def _answer(
        self, handler: BaseHTTPRequestHandler, path: str, headers: Mapping[str, str]
    ) -> None:
        parts = path.strip("/").split("/")
        if parts[0] == "large":
            self._body(handler, self._large(parts[1]), {})
            return
        api = parts[:2] == ["api", "models"]
        repo, rest = "/".join(parts[2:4] if api else parts[:2]), parts[4 if api else 2 :]
        held = self.repos.get(repo)
        wanted = f"Bearer {held.token}" if held and held.token else None
        if held is None or (wanted and headers.get("authorization") != wanted):
            _send(handler, 401 if "authorization" not in headers else 404, _error("RepoNotFound"))
            return
        if held.gated and not api:
            _send(handler, 403, _error("GatedRepo"))
            return
        revision, name = self._revision(held, rest[1:])
        if revision is None:
            _send(handler, 404, _error("RevisionNotFound"))
        elif api:
            _send(handler, 200, {}, self._info(repo, held, revision))
        elif name not in held.commits[revision]:
            _send(handler, 404, _error("EntryNotFound") | {"X-Repo-Commit": revision})
        else:
            self._file(handler, revision, name, held.commits[revision][name])

    def _revision(self, held: Repository, rest: list[str]) -> tuple[str | None, str]:
        """Split what follows `revision` or `resolve`: the longest known revision goes first."""
        for end in range(len(rest), 0, -1):
            revision = "/".join(rest[:end])
            sha = held.refs.get(revision, revision)
            if sha in held.commits:
                return sha, "/".join(rest[end:])
        return None, ""

    def _info(self, repo: str, held: Repository, sha: str) -> bytes:
        siblings = self.siblings
        if siblings is None:
            siblings = [_sibling(name, body) for name, body in held.commits[sha].items()]
        found = {"id": repo, "modelId": repo, "sha": self.sha or sha, "siblings": siblings}
        return json.dumps(found | {"private": bool(held.token), "tags": []}).encode()

    def _file(self, handler: BaseHTTPRequestHandler, sha: str, name: str, body: bytes) -> None:
        headers = {"X-Repo-Commit": sha, "ETag": f'"{_git(body)}"'}
        if name.endswith(LARGE):
            digest = hashlib.sha256(body).hexdigest()
            # As at the Hub, another host: what is redirected to the same one is taken for a rename.
            aside = self.elsewhere or self.url.replace("127.0.0.1", "localhost")
            place = f"{aside}/large/{digest}"
            headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(body))}
            _send(handler, 302, headers | {"Location": place} | self.headers)
        else:
            self._body(handler, self.bodies.get(name, body), headers | self.headers)

    def _body(self, handler: BaseHTTPRequestHandler, body: bytes, headers: dict[str, str]) -> None:
        if not self.endless or handler.command == "HEAD":
            _send(handler, 200, headers, body)
            return
        handler.close_connection = True
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"\0" * 65536)

    def _large(self, digest: str) -> bytes:
        every = (
            (name, body)
            for held in self.repos.values()
            for files in held.commits.values()
            for name, body in files.items()
        )
        name, body = next(
            (name, body) for name, body in every if hashlib.sha256(body).hexdigest() == digest
        )
        return self.bodies.get(name, body)


def _sibling(name: str, body: bytes) -> dict[str, Any]:
    found = {"rfilename": name, "size": len(body), "blobId": _git(body)}
    if name.endswith(LARGE):
        digest = hashlib.sha256(body).hexdigest()
        found["lfs"] = {"sha256": digest, "size": len(body), "pointerSize": 134}
    return found


def _git(body: bytes) -> str:
    return hashlib.sha1(f"blob {len(body)}\0".encode() + body).hexdigest()


def _error(code: str) -> dict[str, str]:
    return {"X-Error-Code": code, "X-Error-Message": f"::error::{code}\\nof the server"}


def _send(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes = b""
) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Length": str(len(body))} | headers).items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def use_hub(patch: pytest.MonkeyPatch, url: str, cache: Path) -> None:
    """Let huggingface_hub, which reads its environment once, use this server and this cache."""
    from huggingface_hub import constants

    patch.delenv("HF_TOKEN", raising=False)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, url)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    patch.setattr(constants, "ENDPOINT", url)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    patch.setattr(constants, "HF_HUB_CACHE", str(cache))
    patch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no-token"))
    patch.setattr("huggingface_hub.hf_api.api.endpoint", url)
