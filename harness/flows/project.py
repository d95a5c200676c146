"""A project: its settings, and everything that is found through them."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError, SettingsError
from harness.records import Benchmark, Privacy
from harness.text.redact import OPEN, Finder, Found, Redaction
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.benchmarks import Rules, benchmark_names, read_benchmark
from harness.workspace.project.settings import Settings, read_settings

MARK = "[redacted]"


def redaction(settings: Settings) -> Redaction:
    """What the settings ask for; a pattern that means nothing is refused before anything shows."""
    privacy = settings.privacy
    where = settings.root / "pyproject.toml"
    patterns = [_pattern(one, f"{where} [tool.harness.privacy]") for one in privacy.patterns]
    personal = [_personal(privacy)] if privacy.kinds else []
    return Redaction((*personal, *patterns), privacy.texts)


def said(problem: HarnessError | str, texts: bool = True) -> str:
    """The line of an error, which may quote a text, as this project lets it be shown.

    Without `texts` none is shown, whatever the settings say.
    """
    try:
        found = redaction(read_settings())
    except (HarnessError, OSError):
        found = OPEN  # what is wrong with the settings themselves must be readable
    return (found if texts else replace(found, texts=False)).words(str(problem))


def shown_error(problem: HarnessError, texts: bool = True) -> HarnessError:
    """Return the error as hooks may see it: itself, or one of ours that says what may be shown."""
    line = said(problem, texts)
    if line == str(problem):
        return problem
    # Errors of other packages may be made of more than a line.
    kinds = (kind for kind in type(problem).__mro__ if kind.__module__ == HarnessError.__module__)
    ours: type[HarnessError] = next(kinds)
    return ours(line)


def _personal(privacy: Privacy) -> Finder:
    from harness.findings.personal import places

    def find(text: str) -> Iterator[Found]:
        for kind, start, end in places(text, privacy.region):
            if kind in privacy.kinds:
                yield f"[{kind}]", start, end

    return find


def _pattern(pattern: str, where: str) -> Finder:
    from harness.measure.phrases import PATTERN_SECONDS

    ready: Any = _ready(pattern, where)

    def find(text: str) -> Iterator[Found]:
        for match in ready.finditer(text, timeout=PATTERN_SECONDS):
            yield MARK, *match.span()

    return find


def _ready(pattern: str, where: str) -> Any:
    from harness.measure.phrases import compiled

    try:
        ready = compiled(pattern)
    except ValueError as problem:
        raise SettingsError(f"{where}: `redact` names {pattern[:60]!r}: {problem}") from None
    if ready.fullmatch("") is not None:
        raise SettingsError(
            f"{where}: `redact` names {pattern[:60]!r}, which matches nothing at all as well;"
            " write it so that it needs a letter"
        )
    return ready


def utc_now() -> str:
    """This moment in UTC, to the millisecond, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commit(root: Path) -> dict[str, str | bool]:
    """The git commit of the project and whether files were changed; empty outside git."""
    try:
        head = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": head, "dirty": dirty}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, timeout=5, check=True
    )
    return done.stdout.strip()


def machine() -> dict[str, str]:
    """What ran it, in words."""
    return {"python": platform.python_version(), "system": platform.platform(terse=True)}


@dataclass(frozen=True)
class Project:
    """The settings with what they lead to; found once, then kept."""

    settings: Settings

    @classmethod
    def here(cls, start: Path | None = None) -> Project:
        """The project of the working directory."""
        return cls(read_settings(start))

    def showing(self, texts: bool) -> Project:
        """The same project; without `texts`, none of them leaves it whatever the settings say."""
        if texts:
            return self
        privacy = replace(self.settings.privacy, texts=False)
        return Project(replace(self.settings, privacy=privacy))

    def reporting_to(self, reports: Path | None) -> Project:
        """The same project with another reports folder, where one is named."""
        return Project(replace(self.settings, reports=reports)) if reports else self

    @cached_property
    def redaction(self) -> Redaction:
        """What every outlet does to texts before it shows them."""
        return redaction(self.settings)

    @cached_property
    def base(self) -> Weights:
        """The base model's weights."""
        return find_weights(self.settings.base, self.settings.root)

    @cached_property
    def embedder(self) -> Weights:
        """The embedder's weights."""
        return find_weights(self.settings.embedder, self.settings.root)

    @cached_property
    def benchmarks(self) -> dict[str, Benchmark]:
        """Every benchmark, the guards last."""
        found = [self.benchmark(name) for name in self.benchmark_names]
        return {one.name: one for one in sorted(found, key=lambda one: one.guard)}

    @property
    def benchmark_names(self) -> list[str]:
        """What lies in the benchmarks' folder, unread."""
        names = benchmark_names(self.settings.benchmarks)
        if not names:
            raise BenchmarkError(
                f"{self.settings.benchmarks}: holds no benchmark, one is <name>/benchmark.toml"
                " beside cases.jsonl"
            )
        return names

    def known(self, name: str) -> Benchmark:
        """One of the benchmarks, or what is near where there is none of that name."""
        if name not in self.benchmarks:
            raise BenchmarkError(f"{name}: no such benchmark{suggestion(name, self.benchmarks)}")
        return self.benchmarks[name]

    def benchmark(self, name: str) -> Benchmark:
        """One benchmark by name."""
        return read_benchmark(self.settings.benchmarks, name, self.settings.generation, rules())

    def task_benchmark(self, task: str | None) -> Benchmark:
        """The benchmark of a task; of the only task where none is named."""
        mine = [b for b in self.benchmarks.values() if b.task and task in (None, b.task)]
        if len(mine) == 1:
            return mine[0]
        if mine:
            tasks = ", ".join(self.tasks)
            raise BenchmarkError(f"several benchmarks fit, name the task or benchmark ({tasks})")
        if task is None:
            raise BenchmarkError("every benchmark is a guard, one with `task` is needed")
        raise BenchmarkError(f"{task}: no benchmark is for this task{suggestion(task, self.tasks)}")

    @property
    def tasks(self) -> list[str]:
        """What the benchmarks are for, by name."""
        return sorted({b.task for b in self.benchmarks.values() if b.task})


def rules() -> Rules:
    """What the pure rooms know about tables in a benchmark, for the reader."""
    from harness.judge import check_policy
    from harness.measure import merge_checks, parse_checks

    return Rules(parse_checks, merge_checks, check_policy)
