"""The store's address as it may be printed: without passwords, wherever they stand in it."""

from __future__ import annotations

from sqlalchemy.engine import URL

_OPEN = (
    "host", "hostaddr", "port", "dbname", "user", "sslmode", "connect_timeout",
    "target_session_attrs", "keepalives", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "client_encoding", "timeout", "uri", "mode", "cache", "immutable", "nolock",
    "check_same_thread",
)  # fmt: skip
"""Options after the `?` that hold no secret; any other may, such as `options` or `sslpassword`."""
_HIDDEN = "***"


def shown_url(url: URL) -> str:
    """Return a URL without its password and without the values of options that may hold one."""
    hidden = {name: _HIDDEN for name in url.query if name.lower() not in _OPEN}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def without_secrets(url: URL, words: str) -> str:
    """Return a driver's words without what `shown_url` hides: drivers quote what they refuse."""
    secrets = {url.password or ""}
    for name, given in url.query.items():
        if name.lower() not in _OPEN:
            values = (given,) if isinstance(given, str) else given
            # A server quotes a part of `options`, not the whole.
            secrets |= {
                part for value in values for part in (value, *value.replace("=", " ").split())
            }
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            words = words.replace(secret, _HIDDEN)
    return words
