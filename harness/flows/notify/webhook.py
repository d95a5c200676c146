"""Post JSON to a webhook, with retries and a limit of time; its address is a secret.

Over urllib: httpx logs the address of each request, and urllib logs nothing. No exception leaves
this module and none is chained, since most of them quote the address.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from queue import Empty, SimpleQueue
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from harness.engines.openai.http import AGAIN
from harness.engines.openai.replies import seconds_after
from harness.records import NoticeSent

ATTEMPTS = 3
TIMEOUT = 5.0
"""Seconds for a connection, and for each answer on it."""
DEADLINE = 15.0
"""Seconds for all attempts together; a command waits no longer for a notice."""
PAUSE = 0.5
"""Seconds before the second attempt; each later pause is twice as long."""


def address_problem(variable: str) -> str:
    """Say why a variable holds no address that can be posted to; empty where it holds one."""
    address = os.environ.get(variable, "").strip()
    if not address:
        return f"${variable} is not set"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or " " in address:
        return f"${variable} holds no address, one begins with https://"
    return ""


def post(variable: str, body: dict[str, Any], pause: Callable[[float], None]) -> NoticeSent:
    """Post to the address in a variable; tell how it ended, and never raise."""
    if problem := address_problem(variable):
        return NoticeSent(False, 0, problem)
    ended: SimpleQueue[NoticeSent] = SimpleQueue()
    address, raw = os.environ[variable].strip(), json.dumps(body).encode()

    def work() -> None:
        ended.put(_delivered(address, raw, time.monotonic() + DEADLINE, pause))

    # Names are resolved without any limit of time, and a server may answer byte by byte: only a
    # thread that is left behind keeps the deadline whatever happens.
    threading.Thread(target=work, name="notice", daemon=True).start()
    try:
        return ended.get(timeout=DEADLINE)
    except Empty:
        return NoticeSent(False, 1, f"no answer within {DEADLINE:g} s")


def _delivered(
    address: str, raw: bytes, until: float, pause: Callable[[float], None]
) -> NoticeSent:
    opener = build_opener(_NoRedirect)
    problem = ""
    for attempt in range(1, ATTEMPTS + 1):
        problem, again, after = _once(opener, address, raw)
        wait = PAUSE * 2.0 ** (attempt - 1) if after is None else after
        if not problem:
            return NoticeSent(True, attempt)
        if not again or attempt == ATTEMPTS or time.monotonic() + wait >= until:
            return NoticeSent(False, attempt, problem)
        pause(wait)
    raise AssertionError("the last attempt returns")


def _once(opener: OpenerDirector, address: str, raw: bytes) -> tuple[str, bool, float | None]:
    """Post once; return the problem, whether to try again, and after how many seconds."""
    headers = {"Content-Type": "application/json", "User-Agent": "lora-harness"}
    try:
        with opener.open(Request(address, raw, headers), timeout=TIMEOUT):
            return "", False, None
    except HTTPError as refused:
        with refused:
            after = seconds_after(refused.headers.get("retry-after"))
        return f"the receiver says {refused.code}", refused.code in AGAIN, after
    except (OSError, HTTPException, ValueError) as problem:
        # Its class alone: the message of most of them has the host or the whole address in it.
        cause = getattr(problem, "reason", problem)
        kind = type(cause if isinstance(cause, BaseException) else problem).__name__
        return f"no answer ({kind})", True, None


class _NoRedirect(HTTPRedirectHandler):
    """Take a redirect as a refusal: what is told goes to the one address that was named."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Follow nowhere."""
        return None
