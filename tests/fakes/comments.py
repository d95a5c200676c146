"""The comments of a pull or merge request, as GitHub's and GitLab's servers answer for them.

with CommentServer() as server:
    server.comments = [{"id": 7, "user": {"type": "Bot"}, "body": "..."}]
    server.asked          # every method and path, in order
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ME = 42
"""The id of the user whose token asks, on GitLab."""


class CommentServer:
    """Hold comments and answer on a free port until the block ends."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.refuses = 0
        """A status with which every write is refused."""
        self.page = 2
        """Comments on a page."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                outer.note(self)
                if parts.path.endswith("/user"):
                    self.answer(200, {"id": ME})
                    return
                number = int(parse_qs(parts.query).get("page", ["1"])[0])
                shown = outer.comments[(number - 1) * outer.page : number * outer.page]
                more = number * outer.page < len(outer.comments)
                following = f"{outer.address}{parts.path}?per_page=100&page={number + 1}"
                self.answer(200, shown, f'<{following}>; rel="next"' if more else "")

            def do_POST(self) -> None:
                outer.note(self)
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.refuses:
                    self.answer(outer.refuses, {"message": "refused"})
                    return
                outer.write(self.path, self.command, json.loads(raw)["body"])
                self.answer(201, {})

            def do_PATCH(self) -> None:
                self.do_POST()

            def do_PUT(self) -> None:
                self.do_POST()

            def answer(self, status: int, body: object, link: str = "") -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                if link:
                    self.send_header("Link", link)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def note(self, request: BaseHTTPRequestHandler) -> None:
        """Remember what was asked, and with which token."""
        self.asked.append(f"{request.command} {urlsplit(request.path).path}")
        for name in ("Authorization", "PRIVATE-TOKEN"):
            if name in request.headers:
                self.tokens.add(request.headers[name])

    def write(self, path: str, method: str, body: str) -> None:
        """Add a comment, or write over the one that a path names."""
        if method == "POST":
            author = {"id": ME, "type": "Bot"}
            number = 100 + len(self.comments)
            self.comments.append({"id": number, "user": author, "author": author, "body": body})
            return
        number = int(path.rpartition("/")[2])
        (known,) = [one for one in self.comments if one["id"] == number]
        known["body"] = body

    @property
    def address(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> CommentServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
