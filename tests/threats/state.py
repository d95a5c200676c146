"""What the project wrote itself and somebody changed: pointer, store, signatures, keys."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

from tests.fakes.project import TinyProject
from tests.threats.adapters import pipe
from tests.threats.row import Row, text

PATH = ("path", "--task", "openers")
POINTER = "adapters/promoted.json"


def row(name: str, make: Any, line: str = "", words: tuple[str, ...] = PATH, **more: Any) -> Row:
    return Row(f"state: {name}", make, words, line, **more)


def entry(**changed: Any) -> str:
    made = {"adapter": "v1", "digest": "0" * 64, "files": {}, "decision": "x", "since": ""} | changed
    return json.dumps({"format": 1, "tasks": {"openers": made}})


def pointing(content: str | bytes) -> Any:
    def make(project: TinyProject) -> None:
        project.adapter("v1").write()
        text(POINTER, content)(project)

    return make


def edited(statement: str) -> Any:
    """A row of the store changed by hand."""

    def make(project: TinyProject) -> None:
        project.promote("good")
        with sqlite3.connect(project.folder / "reports/harness.db") as connection:
            connection.execute(statement)
        connection.close()

    return make


ROWS = [
    row("a pointer to a path", pointing(entry(adapter="../../x"))),
    row("a pointer to other bytes", pointing(entry())),
    row("a pointer to nobody", pointing(entry(adapter="v2"))),
    row("a pointer that is no JSON", pointing("{")),
    row("a pointer that is a list", pointing("[]")),
    row("a pointer of 100,000 levels", pointing('{"tasks":' * 100_000)),
    row("a pointer with a key twice", pointing('{"tasks": {}, "tasks": {}}')),
    row("a pointer without its tasks", pointing("{}")),
    row("a pointer with an entry that is a list", pointing('{"tasks": {"openers": []}}')),
    row("a pointer of another task", pointing('{"tasks": {}}')),
    row("a pointer in UTF-16", pointing("{}".encode("utf-16"))),
    row("a pointer that is a pipe", pipe(POINTER)),
    row("a pointer of 10 GB", lambda p: (pointing("{}")(p), os.truncate(p.folder / POINTER, 10_000_000_000))),
    row("no pointer", lambda p: None),
    row("a decision changed by hand", edited("UPDATE decisions SET adapter = 'bad'"), words=("status",)),
    row("a decision taken away", edited("UPDATE decisions SET prev = 'x'"), words=("status",)),
    row("a decision of a task that is no text", edited("UPDATE decisions SET task = x'00ff'"), words=("status",)),
    row("a table that is lost", edited("DROP TABLE decisions"), words=("status",)),
    row("a public key that is none", text("k.pub", "x"), words=("verify", "--key", "k.pub")),
    row("a public key that is a pipe", pipe("k.pub"), words=("verify", "--key", "k.pub")),
    row("a private key that is none", lambda p: (p.adapter("v1").write(), text("k.pem", "x")(p)), words=("sign", "v1", "--key", "k.pem")),
]
