"""A copy of the shipped project in float32, with its commands and what its stores remember."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from trial_project import ROOT, here
from vllm_server import BASE_NAME

from harness.flows.project import Project
from harness.flows.store import open_store
from harness.records import Output, Run
from harness.workspace.adapters.files import read_adapter
from harness.workspace.base.gguf import model_folder

BENCHMARKS = ("outreach", "general")
TRIED = ("adapter_v3", "adapter_v4")
WANTED = {("adapter_v3", "promote"), ("adapter_v4", "reject")}
"""What becomes of the shipped adapters on their task, in process as at a server."""
Answers: TypeAlias = dict[tuple[str, str], Output]
"""By benchmark and case, the text with its tokens and the NLL of each ideal."""

Judged: TypeAlias = tuple[str, str, str]
"""Adapter, benchmark and outcome."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """The last line that it wrote, for a table."""
        return (self.err.strip() or self.out.strip() or "nothing").splitlines()[-1]


@dataclass(frozen=True)
class Same:
    """How far two sides are equal."""

    texts: int
    """Texts that are equal, in so many tokens."""
    of: int
    ideals: int
    apart: float

    def __str__(self) -> str:
        return (
            f"{self.texts} of {self.of} texts equal,"
            f" {self.ideals} ideals {self.apart:.2e} apart in NLL at most"
        )


class VLLMProject:
    """The shipped adapters, benchmarks and history, and a folder for temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder.parent / "temporary"
        self.temporary.mkdir(exist_ok=True)
        if not folder.exists():
            for name in ("adapters", "benchmarks", "reports"):
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.db*"))
        self.set("float32")

    def forget(self, kept: str) -> None:
        """Remove all stores of earlier runs but one."""
        for file in (self.folder / "reports").glob("*.db*"):
            if not file.name.startswith(f"{kept}.db"):
                file.unlink()

    def set(self, dtype: str, url: str = "") -> None:
        """Write the settings: the dtype of this process, and the server where there is one."""
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        head = "[tool.harness.generation]\n"
        text = text.replace(head, f'{head}dtype = "{dtype}"\n')
        if url:
            text = re.sub('(?m)^engine = "transformers"$', 'engine = "openai"', text)
        server = f'[tool.harness.openai]\nurl = "{url}"\n' if url else "[tool.harness.openai]\n"
        text += f'\n{server}model = "{BASE_NAME}"\ntimeout = 300\n'
        (self.folder / "pyproject.toml").write_text(text, encoding="utf-8")

    @property
    def base(self) -> Path:
        """The folder of the base, as transformers and vLLM read it."""
        return model_folder(Project.here(self.folder).base)

    def module(self, adapter: str) -> str:
        """Return the name under which a server has an adapter's judged bytes."""
        return f"{adapter}-{read_adapter(self.folder / 'adapters', adapter).digest[:12]}"

    def at(self, adapter: str) -> Path:
        """Return an adapter's folder."""
        return self.folder / "adapters" / adapter

    # --- commands ------------------------------------------------------------------------------

    def started(self, *words: str) -> subprocess.Popen[str]:
        """Start a command of lora-harness, with a separate folder for temporary files."""
        return subprocess.Popen(
            [sys.executable, "-m", "harness.cli", *words],
            cwd=self.folder, env=here() | {"TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def command(self, *words: str) -> Ended:
        """Run a command of lora-harness to its end."""
        return ended(self.started(*words))

    def left(self) -> list[str]:
        """Return what commands left behind among the temporary files."""
        return sorted(file.name for file in self.temporary.iterdir())

    # --- stores --------------------------------------------------------------------------------

    def store(self, name: str) -> str:
        """Return the URL of a store of this name."""
        return f"sqlite:///{self.folder / 'reports' / name}.db"

    def copy_store(self, old: str, new: str) -> str:
        """Copy a store, with the part that is still in its log, and return the copy's URL."""
        places = [self.folder / "reports" / f"{name}.db" for name in (old, new)]
        with suppress(FileNotFoundError):
            places[1].unlink()
        with closing(sqlite3.connect(places[0])) as one, closing(sqlite3.connect(places[1])) as two:
            one.backup(two)
        return self.store(new)

    def answers(self, store: str, adapter: str) -> Answers:
        """Return the texts and likelihoods of an adapter's newest runs in a store."""
        return {
            (run.benchmark, result.case.id): result.outputs[0]
            for run in self._runs(store, adapter)
            for result in run.results
        }

    def _runs(self, store: str, adapter: str) -> Iterator[Run]:
        with closing(open_store(Project.here(self.folder), store)) as opened:
            for benchmark in BENCHMARKS:
                if (run := opened.runs.newest(adapter, benchmark)) is not None:
                    yield run

    def outputs(self, store: str) -> dict[str, str]:
        """Return when each output of a store was written, by key."""
        place = store.removeprefix("sqlite:///")
        try:
            with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as opened:
                return dict(opened.execute("select key, made from outputs").fetchall())
        except sqlite3.OperationalError:  # its tables are not there yet
            return {}


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command."""
    out, err = process.communicate()
    return Ended(process.returncode, out, err)


def outcomes(found: Ended) -> set[Judged]:
    """Return adapter, benchmark and outcome of each verdict that `--json` wrote."""
    with suppress(json.JSONDecodeError):
        lines = [json.loads(line) for line in found.out.splitlines() if line.startswith("{")]
        rows = [row for line in lines for row in line.get("rows", [{"verdict": line}])]
        verdicts = [row["verdict"] for row in rows if row["verdict"] is not None]
        return {(v["candidate"], v["benchmark"], v["outcome"]) for v in verdicts if "outcome" in v}
    return set()


def written(output: Output) -> tuple[str, int | None, str]:
    """Return what is equal where two sides wrote the same: text, number of tokens, and its end."""
    return output.text, output.tokens, output.finish


def same(one: Answers, other: Answers) -> Same:
    """Compare the texts and likelihoods of two sides on the benchmarks that the other one ran."""
    ran = {benchmark for benchmark, _ in other}
    wanted = [case for case in one if case[0] in ran]
    both = [case for case in wanted if case in other]
    apart = [
        abs(a - b)
        for case in both
        for a, b in zip(one[case].ideal_nlls, other[case].ideal_nlls, strict=True)
        if a is not None and b is not None
    ]
    texts = sum(written(one[case]) == written(other[case]) for case in both)
    return Same(texts, len(wanted), len(apart), max(apart, default=0.0))
