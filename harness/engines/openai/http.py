"""Requests to one server, many at once: limits, deadlines, and asking again where that may help.

Whatever a server does instead of answering becomes one line; a key never becomes part of one.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from harness.engines.openai.replies import read_json, said
from harness.errors import EngineFailed, HarnessError, RequestError, SettingsError, reason
from harness.records import Endpoint

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from httpx2 import AsyncClient, Response

LIMIT = 16 * 1024 * 1024
"""Bytes of one answer that are read."""
MAX_PAUSE = 30.0
FIRST_PAUSE = 0.25
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
_SHORTEST_KEY = 8
"""A shorter one is no secret, and taking it out of texts would mutilate them."""

What = TypeVar("What")
Read = TypeVar("Read")
Body = Mapping[str, object]


class RequestRefused(RequestError):
    """The server understood the request and does not want it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Again(Exception):
    """It may go well the next time; `after` is when the server wants to be asked again."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class HttpClient:
    """An open connection to an endpoint."""

    def __init__(
        self, endpoint: Endpoint, key: str, portal: BlockingPortal, client: AsyncClient
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._portal = portal
        self._client = client
        self._until = time.monotonic() + endpoint.deadline

    def get(self, path: str) -> Any:
        """One answer."""
        return self._portal.call(self._answered, "GET", path, None)

    def post(self, path: str, body: Body) -> Any:
        """One answer."""
        return self._portal.call(self._answered, "POST", path, body)

    def tell(self, path: str, body: Body) -> None:
        """Something that is done or refused; in what words does not matter."""
        self._portal.call(self._asked, "POST", path, body)

    def each(
        self, path: str, asks: Iterable[tuple[What, Body]], read: Callable[[What, Any], Read]
    ) -> Iterator[tuple[Read, ...]]:
        """All answers as read, in groups as they come; what is finished goes before an error.

        Only as many requests as may be under way exist at any time.
        """
        left = iter(asks)
        under_way: dict[Future[Any], What] = {}

        def start(number: int) -> None:
            for what, body in islice(left, number):
                under_way[self._portal.start_task_soon(self._answered, "POST", path, body)] = what

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
                if not problems:
                    start(len(done))
                if found:
                    yield tuple(found)
                if problems:
                    raise problems[0]
        finally:
            for future in under_way:
                future.cancel()

    # --- one request -------------------------------------------------------------------------

    async def _answered(self, method: str, path: str, body: Body | None) -> Any:
        return read_json(await self._asked(method, path, body), where=f"{self._endpoint.url}{path}")

    async def _asked(self, method: str, path: str, body: Body | None) -> str:
        import anyio

        where = f"{self._endpoint.url}{path}"
        for attempt in range(self._endpoint.retries + 1):
            try:
                return await self._once(method, where, body)
            except _Again as again:
                await anyio.sleep(self._pause(again, attempt, where))
        raise AssertionError("the last attempt answers or raises")

    def _pause(self, again: _Again, attempt: int, where: str) -> float:
        """How long to wait before the next attempt, where there is one and time for it."""
        if attempt == self._endpoint.retries:
            asked = f"asked {attempt + 1} times" if attempt else "asked once"
            raise EngineFailed(f"{where}: {again}, {asked}; run the same command again to go on")
        pause = _doubled(attempt) if again.after is None else again.after
        if time.monotonic() + pause >= self._until:
            limit = f"the deadline of {self._endpoint.deadline:g} s for all is over"
            raise EngineFailed(f"{where}: {again}, and {limit}; run the same command again")
        return pause

    async def _once(self, method: str, where: str, body: Body | None) -> str:
        import anyio
        import httpx2

        left = min(self._endpoint.timeout, self._until - time.monotonic())
        try:
            with anyio.fail_after(max(0.0, left)):
                async with self._client.stream(method, where, json=body) as response:
                    raw = await _bytes(response, where)
        except TimeoutError:
            raise _Again(f"no whole answer within {max(0.0, left):.3g} s") from None
        except httpx2.RequestError as problem:
            raise _Again(f"no answer ({self._told(reason(problem))})") from None
        text = self._told(raw.decode("utf-8", "replace"))
        if not response.is_success:
            raise self._problem(where, response, text)
        return text

    def _problem(self, where: str, response: Response, text: str) -> Exception:
        """What a status other than success means."""
        status = response.status_code
        why = f"the server says {status}{said(text)}"
        if status in AGAIN:
            return _Again(why, _seconds(response.headers.get("retry-after")))
        if status in (401, 403):
            name = self._endpoint.key
            what = f"${name} holds the wrong key" if self._key else f"put its key into ${name}"
            return SettingsError(f"{where}: {why}, {what}")
        if status >= 500:
            return EngineFailed(f"{where}: {why}")
        return RequestRefused(f"{where}: {why}", status)

    def _told(self, text: str) -> str:
        """What a server says, without the key if it says that."""
        return text.replace(self._key, "***") if len(self._key) >= _SHORTEST_KEY else text


async def _bytes(response: Response, where: str) -> bytes:
    """The whole answer as it came over the wire; a small packed one may unpack to anything."""
    packed = response.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise EngineFailed(f"{where}: the answer is packed ({packed[:40]}), which nobody asked for")
    raw = bytearray()
    async for some in response.aiter_raw():
        raw += some
        if len(raw) > LIMIT:
            raise EngineFailed(f"{where}: the answer is longer than {LIMIT:,} bytes")
    return bytes(raw)


def _doubled(attempt: int) -> float:
    """Twice as long each time, and never the same for two who were turned away together."""
    return random.uniform(0.5, 1.0) * min(MAX_PAUSE, FIRST_PAUSE * 2.0**attempt)


def _seconds(after: str | None) -> float | None:
    """`Retry-After`: seconds, or a date."""
    if not after:
        return None
    if after.isascii() and after.isdecimal():
        return float(after[:9])
    try:
        wanted = parsedate_to_datetime(after).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wanted)


@contextmanager
def open_wire(endpoint: Endpoint) -> Iterator[HttpClient]:
    """Connections that are all closed at the end, also where somebody stops in the middle."""
    from anyio.from_thread import start_blocking_portal

    key = _key(endpoint.key)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_client(endpoint, key)) as client,
    ):
        yield HttpClient(endpoint, key, portal, client)


def _client(endpoint: Endpoint, key: str) -> AsyncClient:
    import httpx2

    headers = {"accept-encoding": "identity", "user-agent": "lora-harness"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    try:
        return httpx2.AsyncClient(
            headers=headers,
            timeout=None,  # deadlines are kept here: its own begin anew with every byte
            limits=httpx2.Limits(max_connections=endpoint.concurrency),
            trust_env=not _is_here(endpoint.url),
            verify=endpoint.url.startswith("https:"),  # certificates cost 90 ms, and http has none
        )
    except (ValueError, OSError, ImportError) as problem:  # a proxy in the environment, say
        raise SettingsError(f"{endpoint.url}: cannot be asked ({reason(problem)})") from None


def _is_here(url: str) -> bool:
    """Whether it is this machine, which no proxy has to do with."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(name: str) -> str:
    found = os.environ.get(name, "").strip()
    if not found.isascii() or not found.isprintable():
        raise SettingsError(f"${name}: holds signs that no key has")
    return found
