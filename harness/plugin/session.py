"""One pytest session with adapters on trial: what is collected, made, judged, and how it ends."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.flows.evaluation.candidate import Evaluation
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import Session, open_session
from harness.flows.github import Reported, report, tell_github
from harness.flows.project import Project, said, shown_error
from harness.plugin.items import KEYWORD, BenchmarkFile, HarnessItem
from harness.plugin.outcome import GateResult, PytestEnding, exit_status
from harness.records import RESERVED
from harness.render import verdict_text
from harness.text.safe import ci_log
from harness.workspace.formats.names import check_name

Pair = tuple[str, str]
"""Adapter and benchmark."""


def open_gate(config: pytest.Config) -> Gate:
    """Check the request before anything is collected; what was opened meanwhile is given back."""
    gate = Gate(config)
    try:
        gate.check()
    except HarnessError as problem:
        gate.pytest_unconfigure()
        raise gate.ended(problem) from None
    return gate


def _share_cores(workers: int) -> None:
    """Workers that each take all cores get in each other's way; no text depends on threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (cores or 1) // workers)))


class Gate:
    """The plugin that `--model` wakes up."""

    def __init__(self, config: pytest.Config) -> None:
        option = config.option
        self.config = config
        self.adapters = list(dict.fromkeys(option.harness_models))
        reports = option.harness_reports
        self.request = Request(
            tuple(option.harness_benchmarks or ()),
            option.harness_against,
            option.harness_engine,
            option.harness_store,
            Path(reports).resolve() if reports else None,
            option.harness_samples,
            option.harness_refresh,
            option.harness_baselines,
            texts=option.harness_texts,
            mlflow=option.harness_mlflow,
        )
        self.is_worker = hasattr(config, "workerinput")
        if self.is_worker:
            _share_cores(config.workerinput["workercount"])  # type: ignore[attr-defined]  # xdist's
        self._stack = ExitStack()
        self._session: Session | None = None
        self._found: dict[Pair, Evaluation | HarnessError] = {}
        self.selected: dict[Pair, set[str]] = defaultdict(set)
        self.told: list[GateResult] = []
        self.foreign_failed = False
        self.files: dict[Path, str] = {}

    def ended(self, problem: HarnessError) -> BaseException:
        """4 is pytest's own code for a wrong request; 11 is ours for a world that failed."""
        line = ci_log(said(problem, self.request.texts))
        if problem.exit_code == 4:
            return pytest.UsageError(line)
        return pytest.exit.Exception(line, returncode=problem.exit_code)

    def check(self) -> None:
        """Read what was asked for now: a bad name or file is the request's fault."""
        option = self.config.option
        self.project = Project.here(self.config.invocation_params.dir)
        for name in self.request.benchmarks or tuple(self.project.benchmarks):
            self.project.known(name)
        for adapter in self.adapters:
            if adapter not in RESERVED:
                check_name(adapter)
        self._name_files()
        if not option.collectonly and not self.is_worker:
            for adapter in self.adapters:
                self.session.candidate(adapter)

    # --- collecting --------------------------------------------------------------------------

    def _name_files(self) -> None:
        """Collect the benchmarks; only them, unless paths were named beside `--model`."""
        names = self.request.benchmarks or tuple(self.project.benchmarks)
        folder = self.project.settings.benchmarks.resolve()
        self.files = {folder / name / "cases.jsonl": name for name in names}
        named = self.config.args if self.config.args_source is self.config.ArgsSource.ARGS else []
        paths = [(self.config.invocation_params.dir / a.split("::")[0]).resolve() for a in named]
        if any(folder in (path, *path.parents) for path in paths):
            return
        self.config.args = [*named, *map(str, self.files)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Under xdist, one adapter on one benchmark stays on one worker."""
        if config.option.dist not in ("load", "worksteal"):
            return None  # somebody chose another way to distribute
        from harness.plugin.distribution import by_adapter_and_benchmark

        root = config.rootpath
        ours = {file.relative_to(root).as_posix() for file in self.files if root in file.parents}
        return by_adapter_and_benchmark(config, log, ours)

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> BenchmarkFile | None:
        """`cases.jsonl` of a benchmark is a test file."""
        name = self.files.get(file_path.resolve())
        if name is None:
            return None
        return BenchmarkFile.from_parent(parent, path=file_path, gate=self, benchmark=name)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is left after `-k` and friends is what is generated."""
        for item in session.items:
            if isinstance(item, HarnessItem):
                self.selected[item.adapter, item.benchmark] |= item.wants

    def adapters_of(self, benchmark: str) -> list[str]:
        """Adapters that are judged on a benchmark: those of its task, and all where it guards."""
        if self.config.option.collectonly:
            return self.adapters
        return [
            a for a in self.adapters if benchmark in {b.name for b in self.session.benchmarks(a)}
        ]

    # --- making ------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """Store and engine, opened when first needed."""
        if self._session is None:
            opened = open_session(self.project, self.request, self._on_progress)
            self._session = self._stack.enter_context(opened)
        return self._session

    def _on_progress(self, step: str, done: int, total: int) -> None:
        from harness.progress import ProgressLine

        if not hasattr(self, "_line"):
            self._line = ProgressLine("")
        self._line.title = step
        self._line.show(done, total)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[Any]:
        """All outputs are made in batches before the first item runs (workers make their own)."""
        distributed = self.config.pluginmanager.has_plugin("dsession")
        if not (self.is_worker or distributed or self.config.option.collectonly):
            if len(self.adapters) > 1:
                self._write_ahead()
            for adapter, benchmark in self.selected:
                found = self.evaluation(adapter, benchmark)
                if isinstance(found, HarnessError) and found.exit_code == 4:
                    self.told.clear()  # pytest says the line itself
                    raise self.ended(found)
            if hasattr(self, "_line"):
                self._line.close()
        return (yield)

    def _write_ahead(self) -> None:
        """What all adapters lack, as one stream; what fails in it is told with its verdict."""
        from harness.flows.evaluation.prefetch import prefetch

        wanted = ((*pair, frozenset(cases) or None) for pair, cases in self.selected.items())
        with suppress(HarnessError):
            prefetch(self.session, wanted)

    def evaluation(self, adapter: str, benchmark: str) -> Evaluation | HarnessError:
        """The run and verdict of an adapter on a benchmark, or why there is none."""
        place = (adapter, benchmark)
        if place not in self._found:
            try:
                wanted = self.session.benchmark(benchmark)
                cases = frozenset(self.selected[place])
                exact = self.session.candidate(adapter).evaluate(wanted, cases or None)
                made = self.session.project.redaction.record(exact)
                self._found[place] = made
                self.told.append(self._told(made))
            except HarnessError as problem:
                shown = shown_error(problem, self.request.texts)
                self._found[place] = shown
                self.told.append(
                    GateResult(adapter, benchmark, None, ci_log(str(shown)), problem.exit_code)
                )
            self._call_hooks(adapter, benchmark)
        return self._found[place]

    def _call_hooks(self, adapter: str, benchmark: str) -> None:
        """Whoever waits for verdicts hears of this one, or why there is none."""
        found, hook = self._found[adapter, benchmark], self.config.hook
        if isinstance(found, HarnessError):
            hook.pytest_harness_unjudged(
                config=self.config, adapter=adapter, benchmark=benchmark, problem=found
            )
        else:
            hook.pytest_harness_verdict(config=self.config, verdict=found.verdict, run=found.run)

    def _told(self, made: Evaluation) -> GateResult:
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        colour = bool(reporter and reporter.hasmarkup)
        reported = report(self.session, made)
        text = verdict_text(
            made.verdict,
            colour=colour,
            promoted_at=made.promoted_at,
            overridden=made.overridden,
            report=reported.said,
        )
        verdict = made.verdict
        place = (verdict.candidate, verdict.benchmark)
        return GateResult(*place, verdict.outcome, text, None, tuple(reported))

    # --- ending ------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """A worker's verdicts, told in the controller; a worker that died judged nothing."""
        if error:
            line = "the worker died, run the same command again to go on"
            self.told.append(GateResult("everything", f"worker {node.gateway.id}", None, line, 11))
        for raw in getattr(node, "workeroutput", {}).get("harness", []):
            self.told.append(GateResult(*raw))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Whether tests that are not ours fail; under xdist this is all the controller sees."""
        crashed = str(report.when) == "???"  # xdist: its worker died, which is told on its own
        if report.failed and not crashed and KEYWORD not in report.keywords:
            self.foreign_failed = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Workers hand over; the session leaves with the code of its gravest verdict."""
        if self.is_worker:
            output: dict[str, Any] = self.config.workeroutput  # type: ignore[attr-defined]  # xdist's
            output["harness"] = [tuple(one) for one in self.told]
            return
        status = 1 if self._stopped_by_failures() else int(exitstatus)
        session.exitstatus = exit_status(PytestEnding(status, self.foreign_failed), self.told)

    def _stopped_by_failures(self) -> bool:
        """Under xdist, `-x` ends like an interruption though nobody interrupted."""
        distributed: Any = self.config.pluginmanager.get_plugin("dsession")
        stopped = str(getattr(distributed, "shouldstop", False) or "")
        return stopped.startswith("stopping after")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The verdicts, the last thing before pytest's own last lines."""
        for told in sorted(dict.fromkeys(self.told), key=lambda t: (t.adapter, t.benchmark)):
            if self.config.option.verbose < 0 and told.outcome:
                terminalreporter.write_line(f"{told.outcome}  {told.adapter} on {told.benchmark}")
            elif told.outcome:
                terminalreporter.write_line(told.text)
            else:
                line = f"could not judge {told.adapter} on {told.benchmark}: {told.text}"
                terminalreporter.write_line(line)
        if self.is_worker:
            return  # the controller tells what workers found
        reports = [Reported(*told.report) for told in dict.fromkeys(self.told) if told.report]
        for command in tell_github(reports):
            terminalreporter.write_line(command)

    def pytest_unconfigure(self) -> None:
        """Give the store back."""
        self._stack.close()
