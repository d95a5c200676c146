"""A server on this machine that speaks as vLLM does, and fails in any way that a test asks for.

with OpenAIServer() as server:
    server.url                      # .../v1
    server.next("POST", "/chat/completions", Reply(429, headers={"Retry-After": "0"}))
    server.asked                    # every request: method, path, headers, body
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BASE = "the-base"
CHAT, WEIGH = "/chat/completions", "/completions"


@dataclass(frozen=True)
class Asked:
    """One request with its method, path, headers and body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """A prepared answer; `raw` replaces HTTP altogether, `slow` waits seconds before each byte."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    slow: float = 0.0
    hold: float = 0.0
    """Seconds before anything is sent."""
    length: int | None = None
    """A `Content-Length` that is not true."""

    @property
    def payload(self) -> bytes:
        """Return the body's bytes; other types become JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Writer = Callable[[str, list[dict[str, str]], dict[str, Any]], str]
"""Model, messages and the whole body to a text."""


class OpenAIServer:
    """Answer with the last turn, upside down with an adapter, unless a reply is prepared."""

    def __init__(
        self,
        write: Writer | None = None,
        weigh: Callable[[str, list[int]], Sequence[float]] | None = None,
        *,
        loads: bool = True,
        count: Callable[[list[dict[str, str]]], int] | None = None,
        ids: Callable[[list[dict[str, str]]], list[int]] | None = None,
    ) -> None:
        """Serve; without `weigh` no log-probabilities, with `loads` adapters can be loaded."""
        self.write = write or self._echo
        self.weigh = weigh
        self.loads = loads
        self.count = count
        self.ids = ids
        self.modules: dict[str, str] = {}
        """By name, where an adapter lies."""
        self.asked: list[Asked] = []
        self.most = 0
        """Requests that were under way at once."""
        self.pause = 0.0
        self.loading = 0.0
        """Seconds that an adapter takes to load, even if its client has gone meanwhile."""
        self._now = 0
        self._lock = threading.Lock()
        self._next: dict[tuple[str, str], list[Reply]] = defaultdict(list)

    def __enter__(self) -> OpenAIServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._handle(self, {})

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                fake._handle(self, json.loads(self.rfile.read(size)))

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True, args=(0.02,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, method: str, path: str, *replies: Reply) -> None:
        """Set the replies to the next requests to a path."""
        self._next[method, path] += replies

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Return the bodies of requests to a path."""
        return [asked.body for asked in self.asked if asked.path == path]

    # --- answering ---------------------------------------------------------------------------

    def _handle(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        path = handler.path.removeprefix("/v1")
        with self._lock:
            self.asked.append(Asked(handler.command, path, _lower(handler.headers), body))
            told = self._next[handler.command, path]
            reply = told.pop(0) if told else None
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            time.sleep(self.pause)
            answer = reply or self._reply(handler.command, path, body)
            time.sleep(answer.hold)
            _send(handler, answer)
        except OSError:
            pass  # the client has disconnected
        finally:
            with self._lock:
                self._now -= 1

    def _reply(self, method: str, path: str, body: dict[str, Any]) -> Reply:
        if (method, path) == ("GET", "/models"):
            base = [{"id": BASE, "object": "model"}]
            return Reply(body={"data": base + [{"id": m, "parent": BASE} for m in self.modules]})
        if path == "/load_lora_adapter" and self.loads:
            time.sleep(self.loading)
            self.modules[body["lora_name"]] = body["lora_path"]
            return Reply(body=b"Success: it is there.")
        if path == "/unload_lora_adapter" and self.loads:
            if self.modules.pop(body["lora_name"], None) is None:
                return Reply(404, {"error": {"message": "The adapter cannot be found."}})
            return Reply(body=b"Success: it is gone.")
        if path not in (CHAT, WEIGH):
            return Reply(404, {"detail": "Not Found"})
        if body["model"] not in (BASE, *self.modules):
            return Reply(
                404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
            )
        return self._chat(body) if path == CHAT else self._weighed(body)

    def _chat(self, body: dict[str, Any]) -> Reply:
        text = self.write(body["model"], body["messages"], body)
        usage = {"completion_tokens": 3}
        if self.count is not None:
            usage["prompt_tokens"] = self.count(body["messages"])
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer: dict[str, Any] = {"choices": [choice], "usage": usage}
        if self.ids is not None:
            own = self.ids(body["messages"])
            usage["prompt_tokens"] = len(own)
            if body.get("return_token_ids"):
                answer["prompt_token_ids"] = own
        return Reply(body=answer)

    def _weighed(self, body: dict[str, Any]) -> Reply:
        if self.weigh is None:
            return Reply(422, {"detail": "Unexpected fields in the request: {'prompt_logprobs'}"})
        numbers = self.weigh(body["model"], body["prompt"])
        pairs = zip(body["prompt"], numbers, strict=True)
        found = [{str(token): {"logprob": number}} for token, number in pairs]
        choice = {"text": "x", "finish_reason": "length", "prompt_logprobs": [None, *found[1:]]}
        return Reply(body={"choices": [choice]})

    def _echo(self, model: str, messages: list[dict[str, str]], body: dict[str, Any]) -> str:
        text = messages[-1]["content"]
        return text if model == BASE else text[::-1]


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    if reply.raw is not None:
        handler.close_connection = True
        for byte in [reply.raw[i : i + 1] for i in range(len(reply.raw))] if reply.slow else []:
            time.sleep(reply.slow)
            handler.wfile.write(byte)
            handler.wfile.flush()
        if not reply.slow:
            handler.wfile.write(reply.raw)
        return
    payload = reply.payload
    handler.send_response(reply.status)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(payload))}
    if reply.length is not None:
        headers["Content-Length"] = str(reply.length)
        handler.close_connection = True
    for name, value in (headers | dict(reply.headers)).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(payload)
