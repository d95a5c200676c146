"""Try every forgery on copies of a project, and print which command notices it.

    make forge          python perf/forge.py

The gate judges a bad adapter, `promote` tries to put it into production, each on a copy of its own;
`verify` looks as well. A row is fine if the gate or `promote` says in one line what is wrong, and
the bad adapter is neither passed nor promoted. Exit code 1 where one is not.

Tested in tests/flows/decisions/test_forged.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.errors import HarnessError
from harness.flows.decisions.decide import DecisionRequest, pin
from harness.flows.decisions.promote import promote
from harness.flows.decisions.verify import verify
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.history import export_history
from harness.records import Decision
from harness.workspace.adapters.keys import make_keys
from harness.workspace.base import gguf
from perf.forgeries import (
    BAD,
    GOOD,
    HISTORY,
    OF_CACHE,
    OF_HISTORY,
    OF_PROJECTS,
    OF_RECORDED,
    OF_SIGNATURES,
    OF_STORE,
    TASK,
    Forgery,
    give_id,
)
from tests.fakes.project import TinyProject

Said = tuple[Any, str]
"""What an attempt gave, and what was said about a forgery."""
KEYS = '\n[tool.harness.promotion]\nkeys = ["lead.pub"]\n'
_SAYS = re.compile(
    "by hand|came with a history|seal|sign|as a history has|does not follow|no line before|lacks"
    "|does not know it|twice|score|is none|no result|unknown|policy|rests on"
    "|not those that were promoted|since the base was converted|of project"
)
"""Words of the refusals that are about a forgery, not about a bad adapter."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What each command said of a forgery; empty where it noticed nothing."""

    forgery: str
    gate: str
    promote: str
    verify: str
    promoted: bool
    """Whether the bad adapter was passed or promoted all the same."""

    @property
    def fine(self) -> bool:
        """Whether the gate or promote noticed it, and the bad adapter got nowhere."""
        return bool(self.gate or self.promote) and not self.promoted


class Forging:
    """Projects to forge: one with a store, one with a history only, one with signed decisions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lived = self._lived(folder / "lived")
        self.signed = self._lived(folder / "signed", KEYS)
        self.cloned = self._copy(self.lived, "cloned")
        with closing(self.lived.store()) as store:
            self.cloned.write(HISTORY, "".join(f"{line}\n" for line in export_history(store)))
        for file in (self.cloned.folder / "reports").glob("harness.db*"):
            file.unlink()
        self.converted = _converted(folder / "converted")
        self.named = self._copy(self.lived, "named")
        give_id(self.named, "team-a")
        gate(self.named, GOOD)  # the first command adopts the rows

    def _lived(self, folder: Path, more: str = "") -> TinyProject:
        """Return a project in which `good` was promoted and `bad` was rejected by the gate."""
        project = TinyProject(folder)
        key = None
        if more:
            key = folder / "lead.pem"
            make_keys(key, folder / "lead.pub", for_decisions=True)
            project.settings(more)
        project.record(GOOD, quality="good")
        project.record(BAD, quality="bad")
        assert gate(project, GOOD) == ("promote", "")
        promote(project.project, GOOD, task=TASK, by="Ana", why="the first", key=key)
        pin(project.project, GOOD, DecisionRequest("Ana", "the yardstick", TASK, key=key))
        assert gate(project, BAD) == ("reject", "")
        return project

    def _copy(self, project: TinyProject, name: str) -> TinyProject:
        shutil.copytree(project.folder, self.folder / name)
        made = TinyProject.__new__(TinyProject)
        made.folder, made.base = self.folder / name, project.base
        return made

    def try_one(self, forgery: Forgery) -> Noticed:
        """Try a forgery on three copies, and remove them."""
        of = self.cloned if forgery in OF_HISTORY else self.lived
        of = self.signed if forgery.signed else of
        of = self.converted if forgery in OF_CACHE else of
        of = self.named if forgery in OF_PROJECTS else of
        with tempfile.TemporaryDirectory(dir=self.folder) as place:

            def forged(name: str, attempt: Callable[[TinyProject], Said]) -> Said:
                project = self._copy(of, f"{Path(place).name}/{name}")
                with _own_cache(project):
                    forgery.make(project)
                    return attempt(project)

            outcome, gate_says = noticed(
                lambda: forged("gate", lambda project: gate(project, BAD)), ("error", "")
            )
            promoted, promote_says = noticed(
                lambda: forged("promote", lambda project: put(project, BAD)), (False, "")
            )
            wrong, verify_says = noticed(lambda: forged("verify", checked), ("", ""))
        return Noticed(
            forgery.name,
            gate_says,
            promote_says,
            wrong or verify_says,
            promoted or outcome == "promote",
        )


def _converted(folder: Path) -> TinyProject:
    """Return a project on a GGUF that was converted into a cache of its own."""
    project = TinyProject(folder)
    settings = project.folder / "pyproject.toml"
    text = settings.read_text().replace('"base"', '"base.gguf"')
    settings.write_text(text.replace('"recorded"', '"transformers"'))
    project.write("base.gguf", "GGUF")
    (project.folder / "cache").mkdir()
    good, bad = project.adapter(GOOD), project.adapter(BAD, seed=3)
    digest = good.write().files().digest
    bad.write()
    with closing(project.store()) as store:
        store.decisions.add(Decision("promote", TASK, GOOD, digest, "Ana", "the first", "2026"))
    with _own_cache(project), patch.object(gguf, "_convert", partial(_copy_base, project)):
        gguf.model_folder(project.project.base)
    return project


def _copy_base(project: TinyProject, source: Path, into: Path) -> None:
    """Stand in for the conversion of a real GGUF."""
    shutil.copytree(project.base.folder, into, dirs_exist_ok=True)


def _own_cache(project: TinyProject) -> AbstractContextManager[object]:
    """Use the cache in a project's folder, where there is one."""
    cache = project.folder / "cache"
    return patch.dict(os.environ, {"LORA_HARNESS_CACHE": str(cache)} if cache.exists() else {})


def gate(project: TinyProject, adapter: str) -> tuple[str, str]:
    """Return the gate's outcome, and what it says about runs that it did not trust."""
    with open_session(project.project, Request(), lambda *_: None) as session:
        found = session.candidate(adapter).evaluate(session.benchmark(TASK))
        return found.verdict.outcome, "; ".join(found.made_again)


def put(project: TinyProject, adapter: str) -> tuple[bool, str]:
    """Try to promote; return that it went through."""
    key = project.folder / "lead.pem"
    promote(
        project.project, adapter, task=TASK, by="Eve", why="it is good",
        key=key if key.exists() else None,
    )  # fmt: skip
    return True, ""


def checked(project: TinyProject) -> tuple[str, str]:
    """Return what `verify` finds wrong."""
    wrong = [check for check in verify(project.project) if not check.ok]
    return "; ".join(f"{check.name}: {check.message}" for check in wrong), ""


def noticed(attempt: Callable[[], Said], else_: Said) -> Said:
    """Return what an attempt gave; of a refusal what it says about a forgery."""
    try:
        return attempt()
    except HarnessError as problem:
        said = str(problem)
        return else_[0], said if _SAYS.search(said) else ""


def main() -> int:
    """Try every forgery, print a row for each, and return 1 where one went unnoticed."""
    os.environ["LORA_HARNESS_CACHE"] = cache = tempfile.mkdtemp(prefix="forge-")
    found: list[Noticed] = []
    with tempfile.TemporaryDirectory(prefix="forge-") as folder:
        forging = Forging(Path(folder))
        for title, forgeries in (
            ("history in a pull request", OF_HISTORY),
            ("rows of the store", OF_STORE),
            ("recorded outputs", OF_RECORDED),
            ("the converted base in the cache", OF_CACHE),
            ("two projects, one store", OF_PROJECTS),
            ("ledger and pointer, decisions signed", OF_SIGNATURES),
        ):
            print(title)
            for forgery in forgeries:
                found.append(forging.try_one(forgery))
                print(_row(found[-1], folder), flush=True)
    shutil.rmtree(cache, ignore_errors=True)
    fine = sum(one.fine for one in found)
    print(f"{len(found)} forgeries tried, {fine} noticed by the gate or by promote")
    return 0 if fine == len(found) else 1


def _row(one: Noticed, folder: str) -> str:
    by = (
        ", ".join(name for name in ("gate", "promote", "verify") if getattr(one, name)) or "nothing"
    )
    said = re.sub(rf"{re.escape(folder)}\S*/", "", one.gate or one.promote)
    mark = "ok  " if one.fine else "MISS"
    return f"  {mark} {one.forgery:<52} {by:<22} {said[:110]}"


if __name__ == "__main__":
    sys.exit(main())
