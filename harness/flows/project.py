"""Open a project: its settings, and the weights, benchmarks and privacy rules they name.

Tested in tests/flows/test_init.py.
"""

from __future__ import annotations

import logging
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError, SettingsError
from harness.records import Benchmark, Calendar, Privacy
from harness.text.redact import OPEN, Finder, Found, Redaction
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.benchmarks import benchmark_names, read_benchmark
from harness.workspace.project.cases import Rules
from harness.workspace.project.settings import SETTINGS, Settings, read_settings

_log = logging.getLogger(__name__)

MARK = "[redacted]"
PROMOTED_FILE = "promoted.json"


def redaction(settings: Settings) -> Redaction:
    """Return the privacy rules of the settings; refuse a bad pattern before any text is shown."""
    privacy = settings.privacy
    where = settings.root / SETTINGS
    patterns = [_pattern(one, f"{where} [tool.harness.privacy]") for one in privacy.patterns]
    personal = [_personal(privacy)] if privacy.kinds else []
    return Redaction((*personal, *patterns), privacy.texts)


def shown_texts(texts: bool = True) -> Redaction:
    """Return the redaction of the project in this folder; without `texts` no text is shown."""
    try:
        found = redaction(read_settings())
    except (HarnessError, OSError):
        found = OPEN  # an error in the settings themselves must be readable
    return found if texts else replace(found, texts=False)


def said(problem: HarnessError | str, texts: bool = True) -> str:
    """Return the line of an error, redacted as this project demands, since it may quote a text."""
    return shown_texts(texts).words(str(problem))


def shown_error(problem: HarnessError, texts: bool = True) -> HarnessError:
    """Return an error that hooks may see: the same error, or our error with the redacted line."""
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
    from harness.measure.phrases import PATTERN_SECONDS, compiled

    try:
        ready: Any = compiled(pattern)
    except ValueError as problem:
        raise SettingsError(f"{where}: `redact` names {pattern[:60]!r}: {problem}") from problem
    if ready.fullmatch("") is not None:  # it would put a mark between any two letters
        raise SettingsError(
            f"{where}: `redact` names {pattern[:60]!r}, which matches nothing at all as well;"
            " write it so that it needs a letter"
        )

    def find(text: str) -> Iterator[Found]:
        for match in ready.finditer(text, timeout=PATTERN_SECONDS):
            yield MARK, *match.span()

    return find


@lru_cache
def _say_once(line: str) -> None:
    """Log a warning, once in a process: a page opens its project with each click."""
    _log.warning(line)


def utc_now(calendar: Calendar | None = None) -> str:
    """Return the current time in UTC, to the millisecond, as ISO 8601.

    With a project's calendar it is the time that a replayed one declares.
    """
    if calendar is not None and calendar.now:
        return calendar.now
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commit(root: Path) -> dict[str, str | bool]:
    """Return the project's git commit and whether files were changed since; empty outside git."""
    try:
        head = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": head, "dirty": dirty}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=5,
        check=True,
    )
    return done.stdout.strip()


def machine() -> dict[str, str]:
    """Return the Python version and the operating system of this machine."""
    return {"python": platform.python_version(), "system": platform.platform(terse=True)}


@dataclass(frozen=True, slots=True)
class Bar:
    """The commit that sets the bar of a verdict, in place of the working folder."""

    commit: str
    promoted_file: Path
    """The commit's `promoted.json`."""
    differs: tuple[str, ...] = ()
    """What the working folder changes of the bar, as sentences; none of it is used."""
    store_of_commit: bool = False
    """Whether the store holds nothing but the commit's own history, and outputs by content."""
    files: Path | None = None
    """The folder with the commit's files, under their paths in the repository."""


@dataclass(frozen=True)
class Project:
    """Settings with the weights and benchmarks that they name; each is found once, then kept."""

    settings: Settings
    bar: Bar | None = None
    """Where another commit sets the bar: the settings are that commit's then."""

    @classmethod
    def here(cls, start: Path | None = None) -> Project:
        """Open the project of the working directory, or of `start`."""
        settings = read_settings(start)
        if label := settings.calendar.label:
            _say_once(f"{settings.root.name}: {label}")
        return cls(settings)

    def showing(self, texts: bool) -> Project:
        """Return the project; without `texts` it shows no text, even if the settings allow it."""
        if texts:
            return self
        privacy = replace(self.settings.privacy, texts=False)
        return replace(self, settings=replace(self.settings, privacy=privacy))

    def kept_in(self, store: str | None) -> Project:
        """Return the project, whose bar no longer trusts its store where another one is named."""
        if self.bar is None or store is None:
            return self
        return replace(self, bar=replace(self.bar, store_of_commit=False))

    def reporting_to(self, reports: Path | None) -> Project:
        """Return the project with another reports folder, unless that is None."""
        return replace(self, settings=replace(self.settings, reports=reports)) if reports else self

    @property
    def promoted_file(self) -> Path:
        """The file that names the promoted adapters to serving code; derived from the ledger."""
        return self.bar.promoted_file if self.bar else self.settings.adapters / PROMOTED_FILE

    @cached_property
    def redaction(self) -> Redaction:
        """The privacy rules that every face applies to texts before it shows them."""
        return redaction(self.settings)

    @cached_property
    def base(self) -> Weights:
        """The base model's weights, quantised as the settings say."""
        settings = self.settings
        return find_weights(settings.base, settings.root, quantize=settings.quantize)

    @cached_property
    def embedder(self) -> Weights:
        """The embedder's weights."""
        return find_weights(self.settings.embedder, self.settings.root)

    @cached_property
    def benchmarks(self) -> dict[str, Benchmark]:
        """Every benchmark, the guards last."""
        found = [self.benchmark(name) for name in self.benchmark_names]
        return {b.name: b for b in sorted(found, key=lambda b: b.guard)}  # stable: by name within

    @property
    def benchmark_names(self) -> list[str]:
        """The names in the benchmarks' folder; their files are not read."""
        names = benchmark_names(self.settings.benchmarks)
        if not names:
            raise BenchmarkError(
                f"{self.settings.benchmarks}: holds no benchmark, one is <name>/benchmark.toml"
                " beside cases.jsonl"
            )
        return names

    def known(self, name: str) -> Benchmark:
        """Return a benchmark by name; refuse an unknown name and suggest a similar name."""
        if name not in self.benchmarks:
            raise BenchmarkError(f"{name}: no such benchmark{suggestion(name, self.benchmarks)}")
        return self.benchmarks[name]

    def benchmark(self, name: str) -> Benchmark:
        """Read a benchmark by name."""
        return read_benchmark(self.settings.benchmarks, name, self.settings.generation, rules())

    def task_benchmark(self, task: str | None) -> Benchmark:
        """Return the benchmark of a task; without a name, of the only task."""
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
        """The tasks that the benchmarks are for, sorted by name."""
        return sorted({b.task for b in self.benchmarks.values() if b.task})


def rules() -> Rules:
    """Return the checks of `measure` and `judge` that the reader of benchmarks needs."""
    from harness.judge import check_policy
    from harness.measure import merge_checks, parse_checks

    return Rules(parse_checks, merge_checks, check_policy)
