"""A chat's webhook on this machine that keeps what it gets, and answers as a test asks for.

with Receiver() as receiver:
    receiver.answers = [503, 200]       # then 200 for ever
    receiver.bodies                     # every JSON that was posted
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T0S3CR3T-b0x"
"""A part of the address that nothing may show."""


class Receiver:
    """Take posts on a free port until the block ends."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        self.hold = 0.0
        """Seconds before an answer."""
        self.bodies: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(json.loads(raw))
                time.sleep(outer.hold)
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Return the address, with a secret in its path as Slack's and Teams' have it."""
        return f"http://127.0.0.1:{self._server.server_port}/services/{SECRET}?sig={SECRET}"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
