"""`[tool.harness.openai]`: where a server stands and how it is asked; a key never stands here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import get_args, get_type_hints
from urllib.parse import urlsplit

from harness.errors import HarnessError, SettingsError
from harness.records import Endpoint
from harness.workspace.formats.fields import Table

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_WORDS = get_args(get_type_hints(Endpoint)["likelihoods"])
EXAMPLE = "http://127.0.0.1:8000/v1"


def read_endpoint(table: Table) -> Endpoint:
    """The section as it stands; an empty `url` means that none is named."""
    plain = Endpoint()
    found = Endpoint(
        url=table.text("url", "", blank=True),
        model=table.text("model", "", blank=True),
        key=table.text("key", plain.key),
        concurrency=table.whole("concurrency", plain.concurrency, 1, 1024),
        timeout=table.number("timeout", plain.timeout, 0.1, 86_400),
        deadline=table.number("deadline", plain.deadline, 0.1, 30 * 86_400),
        retries=table.whole("retries", plain.retries, 0, 100),
        likelihoods=table.choice("likelihoods", plain.likelihoods, _WORDS),  # type: ignore[arg-type]  # a choice of exactly these
        adapters=table.text("adapters", "", blank=True),
    )
    table.done()
    if not _VARIABLE.fullmatch(found.key):
        raise table.fail("`key` must be the name of an environment variable, never the key itself")
    return at_url(found, found.url, f"{table.where}: `url`") if found.url else found


def at_url(endpoint: Endpoint, url: str, where: str) -> Endpoint:
    """The same endpoint at another address; one that could hold a secret is refused unseen."""
    return replace(endpoint, url=_checked(url, lambda what: SettingsError(f"{where} {what}")))


def _checked(url: str, fail: Callable[[str], HarnessError]) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise fail(f"is no address, one is {EXAMPLE}") from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise fail(f"holds signs that no address has, one is {EXAMPLE}")
    if "@" in parts.netloc:
        raise fail("holds a name or password; a key belongs in the environment, see `key`")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise fail("ends in a query, which may hold a secret; a key belongs in the environment")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise fail(f"must be http or https with a host, such as {EXAMPLE}")
    return url.rstrip("/")
