"""What every scene of `make vllm` has in hand: the project, its runs in process, servers, lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vllm_project import TRIED, Answers, Ended, Judged, Same, VLLMProject, outcomes, same
from vllm_server import VLLMServer

Words: TypeAlias = tuple[str, ...]

IN_PROCESS = "in_process"
"""The store of the runs in this process."""
REFERENCES = "references"
"""The store with all that a gate of the first adapter asks of a server, but for its own answers."""
PROMOTED, PINNED = "adapter_v2", "adapter_v1"
TASK = "outreach"
BRIEF = ("--benchmark", TASK, "--no-baselines")
"""A gate with the verdict on the task alone, without what the base answers."""


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    tried: str
    seen: str
    fine: bool
    """Whether it is as wanted."""


@dataclass(frozen=True)
class Trial:
    """A project whose adapters were judged in process, and the programs of vLLM."""

    project: VLLMProject
    programs: Path
    expected: frozenset[Judged]
    """The verdicts in process: adapter, benchmark, outcome."""
    port: int
    """The port of all servers: outputs are addressed by it, so that one scene finds another's."""

    @classmethod
    def prepared(cls, folder: Path, programs: Path, port: int) -> Trial:
        """Judge the adapters in process, in float32, in a store that is kept."""
        project = VLLMProject(folder / "project")
        project.forget(IN_PROCESS)
        found = project.command("sweep", *TRIED, "--store", project.store(IN_PROCESS), "--json")
        return cls(project, programs, frozenset(outcomes(found)), port)

    def server(self, *words: str, **how: object) -> VLLMServer:
        """Return a server of the base, or of what `how` says; its log is beside the project."""
        log = self.project.folder.parent / "vllm.log"
        given = {
            "programs": self.programs, "base": self.project.base, "log": log, "port": self.port,
            "words": words,
        }  # fmt: skip
        return VLLMServer(**(given | how))  # type: ignore[arg-type]  # `how` are its fields

    def loaded(self, *adapters: str) -> Words:
        """Return the words that load adapters, each under its own name, as production does."""
        return ("--lora-modules", *(f"{name}={self.project.at(name)}" for name in adapters))

    # --- judging -------------------------------------------------------------------------------

    def gate(self, server: VLLMServer, *adapters: str, store: str, more: Words = ()) -> Ended:
        """Judge adapters at a server, in a store of this name."""
        engine, url = f"openai:{server.url}", self.project.store(store)
        return self.project.command(
            "sweep", *adapters, "--engine", engine, "--store", url, "--json", *more
        )

    def verdicts(self, adapter: str) -> set[Judged]:
        """Return the verdict in process on an adapter, on its task."""
        return {one for one in self.expected if one[:2] == (adapter, TASK)}

    def on_task(self) -> set[Judged]:
        """Return the verdicts in process on all adapters, on their task."""
        return {one for one in self.expected if one[1] == TASK}

    def equal(self, store: str, adapter: str) -> Same:
        """Compare an adapter's answers in a store with those of this process."""
        return same(self.answers(IN_PROCESS, adapter), self.answers(store, adapter))

    def answers(self, store: str, adapter: str) -> Answers:
        """Return the answers of an adapter in a store of this name."""
        return self.project.answers(self.project.store(store), adapter)

    def served(self, server: VLLMServer, model: str = PROMOTED) -> tuple[Ended, str]:
        """Ask whether the promoted adapter answers; return how that ended, and who answers."""
        store = self.project.copy_store(IN_PROCESS, "served")
        words = ("--task", "outreach", "--url", server.url, "--model", model)
        found = self.project.command("served", *words, "--store", store, "--json")
        if not found.out.startswith("{"):
            return found, found.said
        told = json.loads(found.out)
        apart = "" if told["distance"] is None else f"{told['distance']:.2g} apart, "
        texts = f"{apart}{told['equal']} of {told['texts']} texts equal"
        return found, f"{told['answers']} {told['name']} ({texts})".replace("  ", " ")


def shown(verdicts: set[Judged]) -> str:
    """Return verdicts in short."""
    return ", ".join(f"{name} {out} on {where}" for name, where, out in sorted(verdicts))
