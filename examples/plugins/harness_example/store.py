"""Entry point group `harness.stores`: a URL of your own in, that of a SQLite or PostgreSQL out."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit


def team_store(url: str) -> str:
    """`team://openers` is the database `openers` of the server that the environment names.

    A real one would ask a vault for the password; without a server a file in the home folder does.
    """
    name = urlsplit(url).netloc
    server = os.environ.get("TEAM_DATABASE")  # postgresql+psycopg://judge:secret@db.internal
    return f"{server}/{name}" if server else f"sqlite:///{Path.home() / name}.db"
