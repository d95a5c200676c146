"""Send requests to a server, many at once, with limits, deadlines and retries.

Every failure of a server becomes a single line, and the key never becomes part of a line. Tested in
tests/engines/openai/test_engine.py.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from harness.engines.openai.replies import read_json, said, seconds_after
from harness.engines.openai.trouble import Trouble
from harness.errors import EngineFailed, HarnessError, RequestError, SettingsError, reason
from harness.records import Endpoint

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from httpx2 import AsyncClient, Response

_log = logging.getLogger(__name__)

LIMIT = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
MAX_PAUSE = 30.0
FIRST_PAUSE = 0.25
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Statuses after which the request is sent again."""
_PROBE = 5.0
"""Seconds within which a server that works says something."""
_MIN_KEY = 8
"""A shorter key is no secret, and taking it out of texts would mutilate them."""

Item = TypeVar("Item")
Read = TypeVar("Read")
Body = Mapping[str, object]


class RequestRefused(RequestError):
    """The server understood the request and refused it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Again(Exception):
    """The request may succeed next time; `after` is the pause that the server asks for."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class _Silent(_Again):
    """The request has no whole answer yet."""


class HttpClient:
    """An open connection to an endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        key: str,
        portal: BlockingPortal,
        client: AsyncClient,
        trouble: Trouble,
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._portal = portal
        self._client = client
        self._trouble = trouble
        self._under_way = 0
        self._probe: asyncio.Task[bool] | None = None
        """The look whether the server works, shared by all requests that wait."""
        self._until = time.monotonic() + endpoint.deadline

    def get(self, path: str) -> object:
        """Return the parsed answer to a GET."""
        return self._portal.call(self._answer, "GET", path, None)

    def post(self, path: str, body: Body) -> object:
        """Return the parsed answer to a POST."""
        return self._portal.call(self._answer, "POST", path, body)

    def command(self, path: str, body: Body) -> None:
        """Post a request that is done or refused; the text of the answer does not matter."""
        self._portal.call(self._text, "POST", path, body)

    def each(
        self, path: str, asks: Iterable[tuple[Item, Body]], read: Callable[[Item, object], Read]
    ) -> Iterator[tuple[Read, ...]]:
        """Yield all answers as read, in groups as they come; finished answers before an error.

        Requests are taken from `asks` only as earlier ones finish.
        """
        left = iter(asks)
        under_way: dict[Future[object], Item] = {}

        def start(number: int) -> None:
            for item, body in islice(left, number):
                under_way[self._portal.start_task_soon(self._answer, "POST", path, body)] = item

        try:
            start(self._endpoint.concurrency)
            while under_way:
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                found, problems = [], []
                for future in done:
                    try:
                        found.append(read(under_way.pop(future), future.result()))
                    except HarnessError as problem:
                        problems.append(problem)
                # After a problem no request is added, and finished answers are yielded first.
                if not problems:
                    start(len(done))
                if found:
                    yield tuple(found)
                if problems:
                    raise problems[0]
        finally:
            for future in under_way:
                future.cancel()

    # --- a single request --------------------------------------------------------------------

    async def _answer(self, method: str, path: str, body: Body | None) -> object:
        return read_json(await self._text(method, path, body), where=f"{self._endpoint.url}{path}")

    async def _text(self, method: str, path: str, body: Body | None) -> str:
        """Ask until there is an answer; a request that the server works on is not asked anew."""
        where = f"{self._endpoint.url}{path}"
        asked: asyncio.Task[str] | None = None
        self._under_way += 1
        try:
            for attempt in range(self._endpoint.retries + 1):
                asked = asked or asyncio.ensure_future(self._exchange(method, where, body))
                try:
                    return await self._in_time(asked)
                except _Again as again:
                    pause = self._pause(again, attempt, where)
                    if isinstance(again, _Silent) and await self._still_works():
                        continue
                    asked.cancel()
                    asked = None
                    _log.info("%s: %s, asking again in %.3g s", where, again, pause)
                    await asyncio.sleep(pause)
            raise AssertionError("the last attempt answers or raises")
        finally:
            self._under_way -= 1
            if asked is not None:
                asked.cancel()

    async def _in_time(self, asked: asyncio.Task[str]) -> str:
        """Return the answer; raise if it takes longer than a request may, and let it go on."""
        left = max(0.0, min(self._endpoint.timeout, self._until - time.monotonic()))
        done, _ = await asyncio.wait({asked}, timeout=left)
        if not done:
            raise _Silent(f"no whole answer within {left:.3g} s")
        return asked.result()

    async def _still_works(self) -> bool:
        """Return whether the server answers a small question while requests wait."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.ensure_future(self._answers())
        works = await asyncio.shield(self._probe)
        endpoint = self._endpoint
        self._trouble.silent(endpoint.url, self._under_way, endpoint.timeout, works)
        return works

    async def _answers(self) -> bool:
        import httpx2

        limit = min(_PROBE, self._endpoint.timeout)
        try:
            async with asyncio.timeout(limit):
                await self._client.head(f"{self._endpoint.url}/models")
        except (TimeoutError, httpx2.RequestError):
            return False
        return True

    def _pause(self, again: _Again, attempt: int, where: str) -> float:
        """Return how long to wait before the next attempt; raise if none is left, or no time."""
        if attempt == self._endpoint.retries:
            asked = f"asked {attempt + 1} times" if attempt else "asked once"
            line = self._trouble.ended(where, str(again), asked, self._endpoint.concurrency)
            raise EngineFailed(line) from again
        pause = again.after
        if pause is None:
            # Doubled each time, and random, so that clients refused together return apart.
            pause = random.uniform(0.5, 1.0) * min(MAX_PAUSE, FIRST_PAUSE * 2.0**attempt)
        if time.monotonic() + pause >= self._until:
            limit = f"the deadline of {self._endpoint.deadline:g} s for all is over"
            raise EngineFailed(
                f"{where}: {again}, and {limit}; run the same command again"
            ) from again
        return pause

    async def _exchange(self, method: str, where: str, body: Body | None) -> str:
        import httpx2

        try:
            async with self._client.stream(method, where, json=body) as response:
                raw = await _bytes(response, where)
        except httpx2.RequestError as problem:
            # Not chained: the exception may quote the request's key.
            raise _Again(f"no answer ({self._masked(reason(problem))})") from None
        text = self._masked(raw.decode("utf-8", "replace"))
        if not response.is_success:
            raise self._problem(where, response, text)
        return text

    def _problem(self, where: str, response: Response, text: str) -> Exception:
        """Return the exception for a status other than success."""
        status = response.status_code
        why = f"the server says {status}{said(text)}"
        if status >= 500:
            self._trouble.failed(why)
        if status in AGAIN:
            return _Again(why, seconds_after(response.headers.get("retry-after")))
        if status in (401, 403):
            name = self._endpoint.key
            what = f"${name} holds the wrong key" if self._key else f"put its key into ${name}"
            if not name:
                what = "name the variable with its key as `key`"
            return SettingsError(f"{where}: {why}, {what}")
        if status >= 500:
            return EngineFailed(f"{where}: {why}")
        return RequestRefused(f"{where}: {why}", status)

    def _masked(self, text: str) -> str:
        """Mask the key in a server's text."""
        return text.replace(self._key, "***") if len(self._key) >= _MIN_KEY else text


async def _bytes(response: Response, where: str) -> bytes:
    """Read the whole answer; refuse compression, since a small answer may unpack to any size."""
    packed = response.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise EngineFailed(f"{where}: the answer is packed ({packed[:40]}), which nobody asked for")
    raw = bytearray()
    async for some in response.aiter_raw():
        raw += some
        if len(raw) > LIMIT:
            raise EngineFailed(f"{where}: the answer is longer than {LIMIT:,} bytes")
    return bytes(raw)


@contextmanager
def open_client(endpoint: Endpoint, trouble: Trouble) -> Iterator[HttpClient]:
    """Open connections that are all closed at the end, even if the caller stops half-way."""
    from anyio.from_thread import start_blocking_portal

    key = os.environ.get(endpoint.key, "").strip()
    if not key.isascii() or not key.isprintable():
        raise SettingsError(f"${endpoint.key}: holds signs that no key has")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_connections(endpoint, key)) as client,
    ):
        yield HttpClient(endpoint, key, portal, client, trouble)


def _connections(endpoint: Endpoint, key: str) -> AsyncClient:
    import httpx2

    headers = {"accept-encoding": "identity", "user-agent": "lora-harness"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    try:
        return httpx2.AsyncClient(
            headers=headers,
            timeout=None,  # deadlines are kept here: those of the library restart with every byte
            limits=httpx2.Limits(max_connections=endpoint.concurrency + 1),  # and one to look
            trust_env=not endpoint.on_this_machine,
            verify=endpoint.url.startswith("https:"),  # certificates cost 90 ms, and http has none
        )
    except (ValueError, OSError, ImportError) as problem:  # a proxy in the environment, say
        raise SettingsError(f"{endpoint.url}: cannot be asked ({reason(problem)})") from problem
