"""Break a command at one of its steps, look at the project, and run the command once more.

trial = Trials(SCENES["promote"], tmp_path)
for found in trial.each("kill"):         # one for every step, until a run is let through
    assert not found.wrong and not found.lost
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner

from harness.cli.command import cli
from tests.faults.injector import How, Injector, arm
from tests.faults.scenes import DONE, Scene, stand_in
from tests.faults.state import LOOKS, State, between, look

AFTERWARDS = (("status", "--json"), ("verify", "--json"))
"""What is asked once all is done."""


@dataclass
class Ended:
    """The end of a command in a separate process."""

    killed: bool
    code: int | None = None
    said: str = ""
    """Standard error."""
    raised: str = ""
    """A traceback, which users must never see."""
    was: str = ""
    """The step that was broken, if it lived to tell."""
    steps: int = 0
    modules: tuple[str, ...] = ()
    """What it had imported."""
    finished: frozenset[str] = frozenset()
    """What it had reported as kept when it ended."""

    @property
    def hit(self) -> bool:
        """Whether anything was broken."""
        return self.killed or bool(self.was)


@dataclass
class Found:
    """One attempt with its outcome."""

    how: How
    at: tuple[int, ...]
    ended: Ended
    wrong: list[str] = field(default_factory=list)
    """What could not be read, was half, or did not complete afterwards."""
    lost: frozenset[str] = frozenset()
    """Finished outputs that were not there any more, or made again."""


def typed(folder: Path, words: tuple[str, ...], injector: Injector) -> Ended:
    """Run a command in a forked process that ends as the injector wants it."""
    reader, writer = os.pipe()
    kept_reader, kept_writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.close(kept_reader)
        _type(folder, words, injector, writer, kept_writer)
    os.close(writer)
    os.close(kept_writer)
    with os.fdopen(reader, "rb") as said, os.fdopen(kept_reader, "rb") as kept:
        finished = frozenset(kept.read().decode().splitlines())
        told = said.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    about = json.loads(told) if told else {"raised": f"ended with {status} and no word"}
    return Ended(killed, **({} if killed else about), finished=finished)


def _type(folder: Path, words: tuple[str, ...], injector: Injector, writer: int, kept: int) -> None:
    """Run the command and end this process, in every case."""
    try:
        write = os.write
        stand_in(lambda key: write(kept, f"{key}\n".encode()) and None)
        os.chdir(folder)
        arm(injector)
        found = CliRunner().invoke(cli, words, prog_name="lora-harness")
        raised = ""
        if found.exc_info and not isinstance(found.exception, SystemExit | None):
            raised = "".join(traceback.format_exception(*found.exc_info))
        told = {"code": found.exit_code, "said": found.stderr, "raised": raised}
        told |= {"was": injector.was, "steps": injector.count, "modules": list(sys.modules)}
        os.close(kept)  # read to its end first: what follows may be more than a pipe holds
        write(writer, json.dumps(told).encode())
    except BaseException:
        os.write(writer, json.dumps({"raised": traceback.format_exc()}).encode())
    finally:
        os._exit(0)


class Trials:
    """One scene, made once; every attempt is on a copy of it."""

    def __init__(self, scene: Scene, place: Path, url: str | None = None) -> None:
        self.scene, self.place = scene, place
        place.mkdir(parents=True, exist_ok=True)
        os.environ["LORA_HARNESS_CACHE"] = str(place / "cache")
        self.template = scene.made(place / "template", url).folder
        self.old = look(self.template).state
        self.new, self.first = self._let_through()

    def _let_through(self) -> tuple[State, Ended]:
        folder = self.copied()
        ended = typed(folder, self.scene.words, Injector(0))
        _know(ended.modules)
        assert ended.code is not None and not ended.raised, ended
        assert not ended.said or ended.code in (0, 1, 10), ended
        found = look(folder)
        assert not found.wrong, found.wrong
        assert found.state != self.old, "the command changes nothing"
        self.dropped(folder)
        return found.state, ended

    def copied(self) -> Path:
        """Return a new copy to break."""
        folder = self.place / "copy"
        shutil.copytree(self.template, folder)
        return folder

    def dropped(self, folder: Path) -> None:
        """Remove the copy."""
        shutil.rmtree(folder)

    def injector(self, at: int, how: How) -> Injector:
        """Return the injector that breaks a command."""
        return Injector(at, how)

    def between(self) -> None:
        """Restore the world before the project is looked at; a local store needs no step."""

    def steps(self, how: How) -> int:
        """Count the steps that can be broken."""
        folder = self.copied()
        found = typed(folder, self.scene.words, self.injector(0, how)).steps
        self.dropped(folder)
        return found

    def each(self, how: How, start: int = 1, stride: int = 1) -> Iterator[Found]:
        """Break every step, or every `stride`-th, until a run comes through unbroken."""
        at = start
        while True:
            found = self.broken(how, at)
            if not found.ended.hit:
                assert at > start, "nothing was broken"
                return
            yield found
            at += stride

    def broken(self, how: How, *at: int) -> Found:
        """Break the command at each step in turn, one attempt per step; then run it once more."""
        folder = self.copied()
        finished: set[str] = set()
        lost: set[str] = set()
        for step in at:
            ended = typed(folder, self.scene.words, self.injector(step, how))
            lost |= finished & ended.finished
            finished |= ended.finished
        found = Found(how, at, ended)
        self.between()
        found.wrong += _badly_told(ended)
        found.wrong += self._looked(folder, again=False)
        self._typed_again(folder, found, finished, lost)
        self.dropped(folder)
        return found

    def _looked(self, folder: Path, *, again: bool) -> list[str]:
        found = look(folder, AFTERWARDS if again else LOOKS)
        if found.wrong:
            return found.wrong
        if not again:
            return between(found.state, self.old, self.new, self.scene)
        parts = {*found.state, *self.new}
        return [
            f"{part} after the re-run: {found.state.get(part)}, not {self.new.get(part)}"
            for part in sorted(parts)
            if found.state.get(part) != self.new.get(part)
        ]

    def _typed_again(self, folder: Path, found: Found, finished: set[str], lost: set[str]) -> None:
        """Run the same command once more; it must reach the new state and repeat no work."""
        again = typed(folder, self.scene.words, Injector(0))
        done = again.code == self.first.code or (again.code == 4 and DONE.search(again.said))
        if not done or again.raised:
            said = again.raised or again.said.strip()
            found.wrong.append(f"the re-run ended with {again.code}: {said}")
        found.wrong += self._looked(folder, again=True)
        found.lost = frozenset(lost | (finished & again.finished))


def _know(modules: Iterable[str]) -> None:
    """Import the modules of an attempt here, before the fork: importing took most of its time."""
    for name in modules:
        if name not in sys.modules:
            with suppress(ImportError):
                import_module(name)


def _badly_told(ended: Ended) -> list[str]:
    """Return a complaint unless a surviving command names the failure in one line."""
    if ended.killed or not ended.was:
        return []
    if ended.raised:
        return [f"{ended.was}: {ended.raised}"]
    if ended.code in (0, 1, 10):
        return []
    # What a command was at may stand above, as of `train`; the failure itself is one line.
    *_, line = ended.said.splitlines() or [""]
    alone = line.startswith("lora-harness: ") and ended.said.count("lora-harness: ") == 1
    if ended.code != 11 or not alone:
        return [f"{ended.was}: ended with {ended.code}: {ended.said}"]
    return []
