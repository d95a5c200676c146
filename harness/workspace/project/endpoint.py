"""Read `[openai]`: the server that is asked, and the address that may not hold a secret."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn, get_args, get_type_hints
from urllib.parse import urlsplit

from harness.errors import SettingsError
from harness.records import Endpoint
from harness.workspace.formats.fields import Table
from harness.workspace.project.notify import VARIABLE

EXAMPLE = "http://127.0.0.1:8000/v1"
_LIKELIHOODS = get_args(get_type_hints(Endpoint)["likelihoods"])


def read_endpoint(table: Table) -> Endpoint:
    """Read `[openai]`; an empty `url` means that no server is named."""
    plain = Endpoint()
    found = Endpoint(
        url=table.text("url", "", blank=True),
        model=table.text("model", "", blank=True),
        key=table.text("key", plain.key),
        concurrency=table.whole("concurrency", plain.concurrency, 1, 1024),
        timeout=table.number("timeout", plain.timeout, 0.1, 86_400),
        deadline=table.number("deadline", plain.deadline, 0.1, 30 * 86_400),
        retries=table.whole("retries", plain.retries, 0, 100),
        likelihoods=table.choice("likelihoods", plain.likelihoods, _LIKELIHOODS),  # type: ignore[arg-type]  # a choice of exactly these
        adapters=table.text("adapters", "", blank=True),
        check=table.flag("check", plain.check),
    )
    table.done()
    if not VARIABLE.fullmatch(found.key):
        raise table.fail("`key` must be the name of an environment variable, never the key itself")
    return at_url(found, found.url, f"{table.where}: `url`") if found.url else found


def at_url(endpoint: Endpoint, url: str, where: str) -> Endpoint:
    """Return the endpoint at another address; refuse an address that could hold a secret."""

    def refuse(what: str) -> NoReturn:
        # Neither the message nor a chained cause may show the address, which may hold a password:
        # the errors of `urlsplit` quote parts of it.
        raise SettingsError(f"{where} {what}") from None

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        refuse(f"is no address, one is {EXAMPLE}")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        refuse(f"holds signs that no address has, one is {EXAMPLE}")
    if "@" in parts.netloc:
        refuse("holds a name or password; a key belongs in the environment, see `key`")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        refuse("ends in a query, which may hold a secret; a key belongs in the environment")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        refuse(f"must be http or https with a host, such as {EXAMPLE}")
    return replace(endpoint, url=url.rstrip("/"))
