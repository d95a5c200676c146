"""Files of the project that were changed by hand: promoted file, store, signatures, keys."""
# ruff: noqa: E501 - the lines are quoted exactly

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

from harness.records import Decision
from tests.fakes.project import TASK, TinyProject
from tests.threats.adapters import pipe
from tests.threats.row import Row, text

PATH = ("path", "--task", "openers")
PROMOTED = "adapters/promoted.json"


def row(name: str, make: Any, line: str = "", words: tuple[str, ...] = PATH, **more: Any) -> Row:
    return Row(f"state: {name}", make, words, line, **more)


def entry(**changed: Any) -> str:
    made = {
        "adapter": "v1",
        "digest": "0" * 64,
        "files": {},
        "decision": "x",
        "since": "",
    } | changed
    return json.dumps({"format": 1, "tasks": {"openers": made}})


def pointing(content: str | bytes) -> Any:
    def make(project: TinyProject) -> None:
        project.adapter("v1").write()
        text(PROMOTED, content)(project)

    return make


def standing(adapter: str, digest: str) -> Any:
    """Name it in the ledger and in the promoted file alike, as if it had been promoted."""

    def make(project: TinyProject) -> None:
        decision = Decision("promote", TASK, adapter, digest, "a", "b", "2026-01-01T00:00:00Z")
        store = project.store()
        made = store.decisions.add(decision)
        store.close()
        pointing(entry(adapter=adapter, digest=digest, decision=made.hash))(project)

    return make


def edited(statement: str) -> Any:
    """Change a row of the store by hand."""

    def make(project: TinyProject) -> None:
        project.promote("good")
        with sqlite3.connect(project.folder / "reports/harness.db") as connection:
            connection.execute(statement)
        connection.close()

    return make


ROWS = [
    row(
        "a promoted file with a path as a name",
        standing("../../x", "0" * 64),
        line="'../../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    row(
        "a promoted file of other bytes",
        standing("v1", "0" * 64),
        line="HERE/adapters/v1/adapter_config.json or HERE/adapters/v1/adapter_model.safetensors: is not what was promoted, restore the file or promote the adapter anew",
    ),
    row(
        "a promoted file of an adapter that is gone",
        standing("v2", "0" * 64),
        line="v2: no such adapter under HERE/adapters, known are v1",
    ),
    row(
        "a promoted file whose decision no store knows",
        pointing(entry()),
        line="promoted.json names v1, the store does not know it: commit reports/history.jsonl or name the store",
        code=11,
    ),
    row(
        "a promoted file that is no JSON",
        pointing("{"),
        line="HERE/adapters/promoted.json:1: is not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    row(
        "a promoted file that is a list",
        pointing("[]"),
        line="promoted.json was damaged, and the store knows no promotion: restore that file, commit reports/history.jsonl or name the store",
        code=11,
    ),
    row(
        "a promoted file of 100,000 levels",
        pointing('{"tasks":' * 100_000),
        line="HERE/adapters/promoted.json:1: is nested deeper than 64 levels",
    ),
    row(
        "a promoted file with a key twice",
        pointing('{"tasks": {}, "tasks": {}}'),
        line="HERE/adapters/promoted.json:1: key 'tasks' stands twice, once is allowed",
    ),
    row(
        "a promoted file without its tasks",
        pointing("{}"),
        line="promoted.json was damaged, and the store knows no promotion: restore that file, commit reports/history.jsonl or name the store",
        code=11,
    ),
    row(
        "a promoted file with an entry that is a list",
        pointing('{"tasks": {"openers": []}}'),
        line="promoted.json was damaged, and the store knows no promotion: restore that file, commit reports/history.jsonl or name the store",
        code=11,
    ),
    row(
        "a promoted file of another task",
        pointing('{"tasks": {}}'),
        line="openers: nothing is promoted for this task",
    ),
    row(
        "a promoted file in UTF-16",
        pointing("{}".encode("utf-16")),
        line="HERE/adapters/promoted.json:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "a promoted file that is a pipe",
        pipe(PROMOTED),
        line="HERE/adapters/promoted.json: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "a promoted file of 10 GB",
        lambda p: (pointing("{}")(p), os.truncate(p.folder / PROMOTED, 10_000_000_000)),
        line="HERE/adapters/promoted.json: 10,000,000,000 bytes, at most 67,108,864 are read",
    ),
    row(
        "no promoted file",
        lambda p: None,
        line="HERE/adapters/promoted.json: is not there, `lora-harness status` makes it",
    ),
    row(
        "a decision changed by hand",
        edited("UPDATE decisions SET adapter = 'bad'"),
        words=("status",),
        line="the ledger was changed by hand (decision 1, promote bad: its content is not what was recorded), see `lora-harness verify`",
        code=11,
    ),
    row(
        "a decision taken away",
        edited("UPDATE decisions SET prev = 'x'"),
        words=("status",),
        line="the ledger was changed by hand (decision 1, promote good: does not follow the one before it), see `lora-harness verify`",
        code=11,
    ),
    row(
        "a decision of a task that is no text",
        edited("UPDATE decisions SET task = x'00ff'"),
        words=("status",),
        line="the ledger was changed by hand (decision 1, promote good: its content is not what was recorded), see `lora-harness verify`",
        code=11,
    ),
    row(
        "a table that is lost",
        edited("DROP TABLE decisions"),
        words=("status",),
        line="the store sqlite:///HERE/reports/harness.db failed (no such table: decisions); run the same command again",
        code=11,
    ),
    row(
        "a private key that is none",
        lambda p: (p.adapter("v1").write(), text("k.pem", "x")(p)),
        words=("sign", "v1", "--key", "k.pem"),
        line="k.pem: no private key in PEM is here",
    ),
]
