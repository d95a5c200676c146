"""The address of an MLflow server or database: as MLflow takes it, and as it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_SQLITE = "sqlite:///"
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_MAX_SHOWN = 200
_HIDDEN = "***"


@dataclass(frozen=True)
class MLflowPlace:
    """Where MLflow keeps runs and models."""

    uri: str

    @classmethod
    def at(cls, uri: str, root: Path) -> MLflowPlace:
        """Return the place of an address; a relative file of SQLite lies below `root`."""
        if uri.startswith(_SQLITE):
            uri = f"{_SQLITE}{root / uri.removeprefix(_SQLITE)}"
        return cls(uri)

    @property
    def shown(self) -> str:
        """The address without user and query, which may hold a password."""
        scheme, sign, rest = self.uri.partition("://")
        return f"{scheme}{sign}{rest.rpartition('@')[2].partition('?')[0]}"[:_MAX_SHOWN]

    @property
    def is_server(self) -> bool:
        """Whether a server decides where files lie; a database would use the working folder."""
        return self.uri.startswith(("http:", "https:", "databricks"))

    def without_secrets(self, words: str) -> str:
        """Return the words of a library without what `shown` hides: libraries quote addresses."""
        words = words.replace(self.uri, self.shown)
        rest = self.uri.partition("://")[2]
        user, query = rest.rpartition("@")[0], rest.partition("?")[2]
        parts = {user, query, *user.split(":", 1), *query.replace("=", "&").split("&")}
        for part in sorted(parts | set(map(unquote, parts)), key=len, reverse=True):
            if len(part) > 2:
                words = words.replace(part, _HIDDEN)
        return words

    def try_database(self) -> None:
        """Connect once where MLflow would try for minutes without a word; raise what fails."""
        if self.uri.partition(":")[0].partition("+")[0] not in _DATABASES:
            return
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        with create_engine(self.uri, poolclass=NullPool).connect():
            pass
