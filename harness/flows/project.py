"""A project: its settings, and everything that is found through them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness.errors import BenchmarkError
from harness.records import Benchmark
from harness.text.redact import Redaction
from harness.workspace.base.weights import Weights, find_weights
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.benchmarks import Rules, benchmark_names, read_benchmark
from harness.workspace.project.settings import Settings, read_settings


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
        from harness.flows.privacy import redaction

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
