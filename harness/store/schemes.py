"""Stores that other packages know the way to: entry point group `harness.stores`, by URL scheme.

The store rests on what SQLite and PostgreSQL promise. A package may say where one of these stands
and how to log in there (from a vault, with a token that expires); it cannot bring another database.
"""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from harness.errors import HarnessError, SettingsError, StoreFailed, reason
from harness.registered import STORES, names, registered

OWN = ("sqlite", "postgresql")


def way_to(url: URL) -> URL | Engine:
    """The URL itself where it is one of our own, else what the package of its scheme says."""
    if url.get_backend_name() in OWN:
        return url
    scheme = url.drivername
    offered = registered(STORES, scheme, SettingsError)
    if offered is None:
        known = ", ".join(("sqlite", "postgresql+psycopg", *names(STORES)))
        raise SettingsError(f"the store {scheme}: no such kind of store, known are {known}")
    who = f"the store {scheme} of {offered.package}"
    if not callable(offered.value):
        raise SettingsError(f"{who}: {offered.place} is no function from a URL to a URL")
    try:
        found = offered.value(url.render_as_string(hide_password=False))
    except HarnessError:
        raise
    except Exception as problem:  # a foreign function may raise whatever it likes
        raise StoreFailed(
            f"{who}: did not say where it is ({type(problem).__name__}: {reason(problem)})"
        ) from None
    return _checked(found, who)


def _checked(found: object, who: str) -> URL | Engine:
    """Never repeats what was given: it holds a password more often than not."""
    try:
        way = make_url(found) if isinstance(found, str) else found
    except (ArgumentError, ValueError):
        raise SettingsError(f"{who}: gave a text that is no URL") from None
    if not isinstance(way, URL | Engine):
        kind = type(found).__name__
        raise SettingsError(f"{who}: gave a {kind}, a URL or an Engine of SQLAlchemy is needed")
    backend = way.dialect.name if isinstance(way, Engine) else way.get_backend_name()
    if backend not in OWN:
        raise SettingsError(f"{who}: leads to {backend}, allowed are {' and '.join(OWN)}")
    return way
