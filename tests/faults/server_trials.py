"""Trials on a store on PostgreSQL: the client killed, its connection cut, the server stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tests.fakes.postgresql import PostgreSQL
from tests.faults.injector import How, Injector
from tests.faults.scenes import Scene
from tests.faults.trials import Trials

Loss = Literal["killed", "cut", "stopped"]
"""The client is killed, the server ends the connection, the server crashes and comes back."""
_STORE = re.compile(r'^store = "(.*)"$', re.MULTILINE)


class ServerTrials(Trials):
    """One scene whose store is a database of a real server; every attempt has a copy of both."""

    def __init__(self, scene: Scene, place: Path, server: PostgreSQL, loss: Loss) -> None:
        self._server, self._loss = server, loss
        self._template, self._url = server.fresh(), ""
        super().__init__(scene, place, self._template)

    def copied(self) -> Path:
        """Copy the project and its database."""
        folder = super().copied()
        self._url = self._server.copy(self._template)
        file = folder / "pyproject.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(_STORE.sub(lambda _: f'store = "{self._url}"', text), encoding="utf-8")
        return folder

    def dropped(self, folder: Path) -> None:
        """Remove the copy of the project and its database."""
        super().dropped(folder)
        self._server.drop(self._url)

    def injector(self, at: int, how: How) -> Injector:
        """Return an injector that breaks a statement or a commit."""
        ways: dict[Loss, Callable[[], None] | None] = {
            "killed": None,
            "cut": self._cut,
            "stopped": self._server.stop,
        }
        return Injector(at, how, cut=ways[self._loss])

    def between(self) -> None:
        """Restart the server before the project is looked at."""
        if self._loss == "stopped":
            self._server.start()

    def _cut(self) -> None:
        import psycopg
        from sqlalchemy.engine import make_url

        mine = make_url(self._url)
        others = mine.set(drivername="postgresql", database="postgres")
        say = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        plain = others.render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(say, (mine.database,))
