"""The plugin of a pytest session with `--model`: it collects, generates, judges and ends it.

Tested in tests/plugin/test_exits.py.
"""

from __future__ import annotations

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
from harness.flows.project import said, shown_error, shown_texts
from harness.plugin.bar import SessionBar
from harness.plugin.items import KEYWORD, BenchmarkFile, HarnessItem
from harness.plugin.log_records import safe_records
from harness.plugin.outcome import GateResult, PytestEnding, exit_status
from harness.plugin.terminal import SessionScreen
from harness.records import RESERVED
from harness.stopping import ends_in_order
from harness.text.failures import cause_lines
from harness.text.safe import ci_log
from harness.workspace.formats.names import check_name

Pair = tuple[str, str]
"""Adapter and benchmark."""


def open_gate(config: pytest.Config) -> Gate:
    """Check the request before anything is collected; close what was opened if it is wrong."""
    gate = Gate(config)
    try:
        gate.check()
    except BaseException as problem:  # a signal as well: what is open must not stay so
        gate.pytest_unconfigure()
        if isinstance(problem, HarnessError):
            raise gate.exit_for(problem) from problem
        raise
    return gate


class Gate:
    """The plugin that `--model` turns on."""

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
            reserve=option.harness_reserve,
            finals=option.harness_finals,
            texts=option.harness_texts,
            mlflow=option.harness_mlflow,
            base_ref=option.harness_base_ref,
        )
        self.bar = SessionBar(config, self.request.base_ref)
        config.pluginmanager.register(self.bar, "harness-bar")
        self.terminal = SessionScreen(config)
        config.pluginmanager.register(self.terminal, "harness-terminal")
        self.is_worker = hasattr(config, "workerinput")
        if self.is_worker:
            from harness.plugin.distribution import share_cores

            share_cores(config.workerinput["workercount"])  # type: ignore[attr-defined]  # xdist's
        self._stack = ExitStack()
        self._stack.enter_context(ends_in_order())
        self._stack.enter_context(safe_records(shown_texts(self.request.texts), config))
        self._session: Session | None = None
        self._evaluations: dict[Pair, Evaluation | HarnessError] = {}
        self.selected: dict[Pair, set[str]] = defaultdict(set)
        """Cases that are left after `-k` and the like."""
        self.results: list[GateResult] = []
        self.causes: dict[Pair, list[str]] = {}
        """With -vv: what stands behind an error, a line for each cause."""
        self.told: set[Pair] = set()
        """Pairs without a verdict, whose reason an item has said."""
        self.foreign_failed = False
        self.files: dict[Path, str] = {}

    def exit_for(self, problem: HarnessError) -> BaseException:
        """Return the exception that ends pytest with the code of an error: 4 is a usage error."""
        line = ci_log(said(problem, self.request.texts))
        shown = "\n".join([line, *self._causes_of(problem)])
        if problem.exit_code == 4:
            return pytest.UsageError(shown)
        return pytest.exit.Exception(shown, returncode=problem.exit_code)

    def _causes_of(self, problem: HarnessError) -> list[str]:
        if self.config.option.verbose < 2:
            return []
        return cause_lines(problem, shown_texts(self.request.texts))

    def check(self) -> None:
        """Refuse a name or a file of the request that is wrong."""
        option = self.config.option
        self.project = self.bar.open(self._stack)
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
        """Add the benchmarks to the paths to collect; without paths, collect only them."""
        names = self.request.benchmarks or tuple(self.project.benchmarks)
        folder = self.bar.benchmarks
        self.files = {self.bar.cases_file(name): name for name in names}
        named = self.config.args if self.config.args_source is self.config.ArgsSource.ARGS else []
        paths = [(self.config.invocation_params.dir / a.split("::")[0]).resolve() for a in named]
        if any(folder in (path, *path.parents) for path in paths):
            return
        self.config.args = [*named, *map(str, self.files)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep one adapter on one benchmark on one worker of xdist."""
        if config.option.dist not in ("load", "worksteal"):
            return None  # the user distributes in another way
        from harness.plugin.distribution import by_adapter_and_benchmark

        root = config.rootpath
        ours = {file.relative_to(root).as_posix() for file in self.files if root in file.parents}
        return by_adapter_and_benchmark(config, log, ours)

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> BenchmarkFile | None:
        """Return `cases.jsonl` of a benchmark as a test file."""
        name = self.files.get(file_path.resolve())
        if name is None:
            return None
        return BenchmarkFile.from_parent(parent, path=file_path, gate=self, benchmark=name)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the cases that are left after `-k` and the like: only they are generated."""
        for item in session.items:
            if isinstance(item, HarnessItem):
                self.selected[item.adapter, item.benchmark] |= item.wants

    def adapters_of(self, benchmark: str) -> list[str]:
        """Return the adapters that a benchmark judges: those of its task; a guard judges all."""
        if self.config.option.collectonly:
            return self.adapters
        return [
            a for a in self.adapters if benchmark in {b.name for b in self.session.benchmarks(a)}
        ]

    # --- judging -----------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """Store and engine, opened when first used."""
        if self._session is None:
            opened = open_session(self.project, self.request, self._on_progress)
            self._session = self._stack.enter_context(opened)
        return self._session

    def _on_progress(self, step: str, done: int, total: int) -> None:
        from harness.progress import ProgressLine

        if not hasattr(self, "_line"):
            self._line = ProgressLine("")
        self._line.title = step
        time_left = self._session.producer.time_left if self._session else None
        self._line.show(done, total, time_left=time_left)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[Any]:
        """Generate and judge before the first item runs; xdist's workers each do so."""
        distributed = self.config.pluginmanager.has_plugin("dsession")
        if not (self.is_worker or distributed or self.config.option.collectonly):
            if len(self.adapters) > 1:
                self._prefetch()
            for found in self._judged():
                if isinstance(found, HarnessError) and found.exit_code == 4:
                    self.results.clear()  # pytest says the line itself
                    raise self.exit_for(found)
            if hasattr(self, "_line"):
                self._line.close()
        return (yield)

    def _judged(self) -> Iterator[Evaluation | HarnessError]:
        from harness.flows.evaluation.sweep import judging

        found = (self.evaluation(*pair) for pair in self.selected)
        if self._session is None or len(self.adapters) == 1:
            return found  # a single adapter's runs say their own time
        return judging(self._session.producer, found, len(self.selected))

    def _prefetch(self) -> None:
        """Generate what all adapters lack as one stream; an error in it comes with its verdict."""
        from harness.flows.evaluation.prefetch import prefetch

        wanted = ((*pair, frozenset(cases) or None) for pair, cases in self.selected.items())
        with suppress(HarnessError):
            prefetch(self.session, wanted)

    def evaluation(self, adapter: str, benchmark: str) -> Evaluation | HarnessError:
        """Return the run and verdict of an adapter on a benchmark, or why there is none."""
        pair = (adapter, benchmark)
        if pair not in self._evaluations:
            try:
                wanted = self.session.benchmark(benchmark)
                cases = frozenset(self.selected[pair])
                exact = self.session.candidate(adapter).evaluate(wanted, cases or None)
                found = self.session.project.redaction.record(exact)
                self._evaluations[pair] = found
                reported = report(self.session, found)
                self.results.append(self.terminal.result(found, reported))
            except HarnessError as problem:
                shown = shown_error(problem, self.request.texts)
                self._evaluations[pair] = shown
                self.causes[pair] = self._causes_of(problem)
                text = "\n".join([ci_log(str(shown)), *self.causes[pair]])
                self.results.append(GateResult(*pair, None, text, problem.exit_code))
            self._call_hooks(adapter, benchmark)
        return self._evaluations[pair]

    def _call_hooks(self, adapter: str, benchmark: str) -> None:
        # Not while an error is handled: what a hook raises would show that error beside it.
        found, hook = self._evaluations[adapter, benchmark], self.config.hook
        if isinstance(found, HarnessError):
            hook.pytest_harness_unjudged(
                config=self.config, adapter=adapter, benchmark=benchmark, problem=found
            )
        else:
            hook.pytest_harness_verdict(config=self.config, verdict=found.verdict, run=found.run)

    # --- ending ------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Take over the results of a worker of xdist; a worker that died judged nothing."""
        if error:
            line = "the worker died, run the same command again to go on"
            self.results.append(
                GateResult("everything", f"worker {node.gateway.id}", None, line, 11)
            )
        for raw in getattr(node, "workeroutput", {}).get("harness", []):
            self.results.append(GateResult(*raw))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether tests of others fail; of ours, the results say more than the reports."""
        crashed = str(report.when) == "???"  # xdist: its worker died, which has its own result
        if report.failed and not crashed and KEYWORD not in report.keywords:
            self.foreign_failed = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Hand a worker's results over, or set the exit code of the gravest result."""
        if self.is_worker:
            output: dict[str, Any] = self.config.workeroutput  # type: ignore[attr-defined]  # xdist's
            output["harness"] = [tuple(one) for one in self.results]
            return
        status = 1 if self._stopped_by_failures() else int(exitstatus)
        session.exitstatus = exit_status(PytestEnding(status, self.foreign_failed), self.results)

    def _stopped_by_failures(self) -> bool:
        """Tell whether `-x` ended the session; under xdist that looks like an interruption."""
        distributed: Any = self.config.pluginmanager.get_plugin("dsession")
        stopped = str(getattr(distributed, "shouldstop", False) or "")
        return stopped.startswith("stopping after")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Write the verdicts, the last thing before pytest's own last lines."""
        results = list(dict.fromkeys(self.results))
        self.terminal.write_results(terminalreporter, results)
        if self.is_worker:
            return  # the controller tells GitHub of the results of all workers
        for command in tell_github([Reported(*one.report) for one in results if one.report]):
            terminalreporter.write_line(command)

    def pytest_unconfigure(self) -> None:
        """Close the store and the engine."""
        self._stack.close()
