"""Read a benchmark: its `benchmark.toml`, its `cases.jsonl` and its reserve."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from harness.errors import BenchmarkError, HarnessError, reason
from harness.records import Benchmark, Case, Check, Example, Generation, MetricRule, Policy
from harness.records.policy import SMALLEST_MARGIN
from harness.workspace.formats.fields import Table, suggestion, toml_table
from harness.workspace.formats.names import check_plain_name, inside
from harness.workspace.formats.reading import opened
from harness.workspace.project.cases import Rules, each_case, read_cases, seen_ids
from harness.workspace.project.chat import read_chat
from harness.workspace.project.conversations import CONTEXT, INPUT, read_given, refuse_unseen
from harness.workspace.project.fingerprints import fingerprint
from harness.workspace.project.generation import read_generation

ROLES = ("gate", "guard", "report")
RESERVE = "cases.reserve.jsonl"
"""Further cases beside `cases.jsonl`, used only while a verdict is open."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
MAX_KNOWN = 200
"""Benchmarks that are kept in memory: a page asks for all of them on every click."""


_KNOWN: dict[Path, tuple[tuple[Draft, Rules, str, str], Benchmark]] = {}


def benchmark_names(root: Path) -> list[str]:
    """Return the names of the benchmarks in a folder, sorted."""
    if not root.is_dir():
        raise BenchmarkError(f"{root}: no such folder, the benchmarks are looked for there")
    return sorted(file.parent.name for file in root.glob("*/benchmark.toml"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A benchmark before its cases are read."""

    benchmark: Benchmark
    """Without cases and fingerprint."""
    shared: tuple[Check, ...]
    """Checks that hold for every case."""
    cases: Path

    def whole(self, cases: tuple[Case, ...], reserve: tuple[Case, ...] = ()) -> Benchmark:
        """Return the benchmark with its cases, its fingerprint, and its reserve."""
        digest = fingerprint(self.benchmark, cases)
        return replace(self.benchmark, cases=cases, fingerprint=digest, reserve=reserve)

    @property
    def reserve(self) -> Path:
        """The file of the reserve, which need not be there."""
        return self.cases.with_name(RESERVE)


def read_benchmark(root: Path, name: str, defaults: Generation, rules: Rules) -> Benchmark:
    """Read a benchmark of the project by name, complete and checked."""
    return _complete(read_draft(root, name, defaults, rules), rules)


def read_folder(folder: Path, defaults: Generation, rules: Rules) -> Benchmark:
    """Read a benchmark from any folder, such as an older copy beside the current copy."""
    return _complete(_draft(folder, None, defaults, rules), rules)


def _complete(draft: Draft, rules: Rules) -> Benchmark:
    """Read the cases and the reserve, unless no byte of them changed since the last time."""
    reserve = ""
    if os.path.lexists(draft.reserve):
        inside(draft.reserve.parent, draft.reserve, BenchmarkError)
        reserve = _digest(draft.reserve)
    state = (draft, rules, _digest(draft.cases), reserve)
    known = _KNOWN.get(draft.cases)
    if known is not None and known[0] == state:
        return known[1]
    cases = read_cases(draft.cases, draft.shared, rules, draft.benchmark.template)
    found = draft.whole(cases, read_reserve(draft, cases, rules))
    if len(_KNOWN) >= MAX_KNOWN:
        _KNOWN.clear()
    _KNOWN[draft.cases] = state, found
    return found


def _digest(file: Path) -> str:
    try:
        with opened(file, BenchmarkError) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto
    except OSError as problem:
        raise BenchmarkError(f"{file}: cannot be read ({reason(problem)})") from problem


def read_draft(root: Path, name: str, defaults: Generation, rules: Rules) -> Draft:
    """Read everything but the cases, for callers that go through the cases themselves."""
    check_plain_name(name, "", BenchmarkError)
    folder = root / name
    # `lexists`: a link that leads nowhere is there, and is refused below for what it is.
    if not os.path.lexists(folder / "benchmark.toml"):
        known = benchmark_names(root)
        raise BenchmarkError(f"{name}: no such benchmark{suggestion(name, known)}")
    for file in ("benchmark.toml", "cases.jsonl"):
        inside(root, folder / file, BenchmarkError)
    return _draft(folder, name, defaults, rules)


def _draft(folder: Path, name: str | None, defaults: Generation, rules: Rules) -> Draft:
    """Read `benchmark.toml`; without an expected `name` the benchmark's own name counts."""
    file = folder / "benchmark.toml"
    table = toml_table(file, BenchmarkError)
    called = table.text("name", name or folder.absolute().name)
    template = _template(table)
    benchmark = Benchmark(
        name=called,
        task=_task(table, name or called),
        cases=(),
        fingerprint="",
        description=table.text("description", "", blank=True),
        system=table.text("system", "", blank=True),
        template=template,
        examples=_examples(table, template),
        generation=read_generation(table.table("generation"), defaults),
        metrics=_metrics(table.table("metrics")),
        policy=_policy(table.table("policy"), rules),
        chat=read_chat(table.table("chat"), folder),
    )
    checks = table.table("checks")
    shared = rules.parse_checks(checks.raw, checks.where)
    table.done()
    return Draft(benchmark, shared, folder / "cases.jsonl")


def _task(table: Table, folder: str) -> str | None:
    """Return the task, or None for a guard."""
    name = table.text("name", folder)
    if name != folder:
        raise table.fail(f"`name` is {name!r} but the folder is {folder!r}, make them equal")
    guard = table.flag("guard")
    if guard == table.has("task"):
        raise table.fail('needs either `task = "..."` or `guard = true`')
    if guard:
        return None
    return check_plain_name(table.text("task"), f"{table.at('task')}: `task` ", BenchmarkError)


def _template(table: Table) -> str:
    template = table.text("template", "{input}")
    names = _PLACEHOLDER.findall(template)
    wrong = [name for name in names if f"{{{name}}}" not in (INPUT, CONTEXT)]
    if wrong:
        raise table.fail(f"`template` has {{{wrong[0]}}}, allowed are {INPUT} and {CONTEXT}")
    if "input" not in names:
        raise table.fail("`template` has no {input}, every case would get the same prompt")
    return template


def _examples(table: Table, template: str) -> tuple[Example, ...]:
    raw = table.any("examples", [])
    if not isinstance(raw, list):
        raise table.fail("`examples` is not a list, write [[examples]] above each")
    found = []
    for number, item in enumerate(raw, start=1):
        example = table.item("examples", number, item)
        given = read_given(example, own_system=False)
        if given.system is not None:
            raise example.fail("has a system turn in `messages`, examples share that of the case")
        refuse_unseen(example, given, template)
        found.append(Example(given.input, example.text("output"), given.turns, given.context))
        example.done()
    return tuple(found)


def _metrics(table: Table) -> tuple[MetricRule, ...]:
    rules = []
    for name in table.raw:
        metric = table.table(name)
        role = metric.choice("role", "gate", ROLES)
        if role == "report" and metric.has("margin"):
            raise metric.fail("`margin` is for gate and guard, a reported metric is only shown")
        margin = None if role == "report" else metric.number("margin", 0.05, 0.0, 1.0)
        if margin is not None and not 0 < margin < 1:
            raise metric.fail(f"`margin` is {margin:g}, allowed is more than 0 and less than 1")
        if margin is not None and margin < SMALLEST_MARGIN:
            raise metric.fail(f"`margin` is {margin:g}, the smallest is {SMALLEST_MARGIN:g}")
        rules.append(MetricRule(name, role, margin))  # type: ignore[arg-type]  # checked by choice
        metric.done()
    return tuple(rules)


def _policy(table: Table, rules: Rules) -> Policy:
    known = {field.name for field in fields(Policy)}
    for key in table.raw:
        if key not in known:
            raise table.fail(f"unknown key `{key}`{suggestion(str(key), known)}")
    policy = Policy(**table.raw)
    try:
        rules.check_policy(policy)
    except HarnessError as problem:
        raise table.fail(str(problem)) from problem
    return policy


def read_reserve(draft: Draft, cases: tuple[Case, ...], rules: Rules) -> tuple[Case, ...]:
    """Read the reserve's cases, in their order; none where there is no such file."""
    found = []
    for _, one in each_reserve_case(draft, cases, rules):
        if isinstance(one, HarnessError):
            raise one
        found.append(one)
    return tuple(found)


def each_reserve_case(
    draft: Draft, cases: Iterable[Case], rules: Rules
) -> Iterator[tuple[int, Case | HarnessError]]:
    """Yield line by line the reserve's case, or the error that says why the line is none."""
    path = draft.reserve
    if not os.path.lexists(path):
        return
    inside(path.parent, path, BenchmarkError)
    if draft.benchmark.guard:
        raise BenchmarkError(f"{path}: a guard benchmark has no reserve, remove the file")
    seen = seen_ids(cases, draft.cases)
    yield from each_case(path, draft.shared, rules, draft.benchmark.template, seen)
