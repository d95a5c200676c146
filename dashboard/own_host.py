"""ASGI middleware: answer pages of this very server only, and let no other page frame them."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.cli.dashboard import LOOPBACK

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

GUARDS = (
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),  # the same, for browsers from before the line above
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
)
"""Headers of every response: framed nowhere, read by no other site, its addresses told to none."""


class OwnHostOnly:
    """Refuse requests under a foreign name or from a page of another origin.

    Streamlit lets in every origin on `localhost`, whatever its port, and every origin for what is
    no WebSocket. Here a page is let in only if this server sent it: its origin is the name and
    port that the request asks for, or the proxy's name.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str] = (), proxy: str = "") -> None:
        """Guard an app; without `names` it is open to the network, under this machine's names."""
        self._app = app
        self._open = not names
        known = names or (*LOOPBACK, socket.gethostname(), socket.getfqdn())
        self._names = {name.lower() for name in (*known, proxy) if name}
        self._proxies = {proxy.lower()}.difference(LOOPBACK, [""])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *GUARDS]}
            await send(message)

        why = "" if scope["type"] == "lifespan" else self.refusal(scope)
        if not why:
            await self._app(scope, receive, guarded)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why})
        else:
            from starlette.responses import PlainTextResponse

            await PlainTextResponse(f"{why}\n", status_code=403)(scope, receive, guarded)

    def refusal(self, scope: Scope) -> str:
        """Return why a request is refused, or an empty text."""
        headers = [(name, value.decode("latin-1").lower()) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return "this server answers to its own name only; --behind NAME gives it another"
        origins = [value for name, value in headers if name == b"origin"]
        if not all(self._is_own_page(origin, hosts[0]) for origin in origins):
            return "this server answers its own pages only"
        return ""

    def _is_own(self, host: str) -> bool:
        name = _name(host)
        # Another site's name may be made to lead here, an address in figures cannot be.
        return name in self._names or (self._open and _in_figures(name))

    def _is_own_page(self, origin: str, host: str) -> bool:
        place = origin.partition("://")[2]
        # A browser says where a page is from; programs that say nothing have no one's cookies.
        return bool(place) and (place == host or _name(place) in self._proxies)


def _name(place: str) -> str:
    """Return the host's name of `name:port`, empty where it has none."""
    try:
        return (urlsplit(f"//{place}").hostname or "").rstrip(".")
    except ValueError:  # a bracket without its other one
        return ""


def _in_figures(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
