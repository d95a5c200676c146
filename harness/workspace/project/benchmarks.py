"""Read a benchmark from its `benchmark.toml` and `cases.jsonl`, and compute its fingerprint."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, HarnessError
from harness.records import Benchmark, Case, Chat, Check, Example, Generation, MetricRule, Policy
from harness.records.policy import SMALLEST_MARGIN
from harness.text.blanks import is_blank, same_look
from harness.workspace.formats.fields import Table, kind_of, suggestion, toml_table
from harness.workspace.formats.names import check_plain_name, inside
from harness.workspace.formats.reading import json_object, jsonl_lines
from harness.workspace.project.chat import read_chat
from harness.workspace.project.conversations import CONTEXT, INPUT, read_given, refuse_unseen
from harness.workspace.project.settings import read_generation

ROLES = ("gate", "guard", "report")
RESERVE = "cases.reserve.jsonl"
"""Further cases beside `cases.jsonl`, used only while a verdict is open."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def benchmark_names(root: Path) -> list[str]:
    """Return the names of the benchmarks in a folder, sorted."""
    if not root.is_dir():
        raise BenchmarkError(f"{root}: no such folder, the benchmarks are looked for there")
    return sorted(file.parent.name for file in root.glob("*/benchmark.toml"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Functions of `measure` and `judge`, passed in because this package may import neither."""

    parse_checks: Callable[[Mapping[str, Any], str], tuple[Check, ...]]
    merge_checks: Callable[[tuple[Check, ...], Mapping[str, Any], str], tuple[Check, ...]]
    check_policy: Callable[[Policy], None]


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
    cases = read_cases(draft.cases, draft.shared, rules, draft.benchmark.template)
    return draft.whole(cases, read_reserve(draft, cases, rules))


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


def fingerprint(benchmark: Benchmark, cases: tuple[Case, ...]) -> str:
    """Hash cases (in any order), prompt and metrics: a verdict compares equal fingerprints only."""
    parts: dict[str, object] = {
        "cases": sorted((_hashed(case) for case in cases), key=lambda case: str(case["id"])),
        "system": benchmark.system,
        "template": benchmark.template,
        "metrics": sorted((asdict(rule) for rule in benchmark.metrics), key=lambda r: r["name"]),
    }
    if benchmark.chat != Chat():
        parts["chat"] = asdict(benchmark.chat)
    # Stored verdicts carry this digest: another spacing or order would cut them off.
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hashed(case: Case) -> dict[str, object]:
    """Return a case's fields; the later ones only where they are set, as no old case has them."""
    found = asdict(case)
    for name, unset in (("turns", ()), ("system", None), ("context", ())):
        if found[name] == unset:
            del found[name]
    return found


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


def read_cases(
    path: Path, shared: tuple[Check, ...], rules: Rules, template: str = INPUT
) -> tuple[Case, ...]:
    """Read the cases of a file; refuse the first line that is no complete case."""
    cases: list[Case] = []
    for _, found in each_case(path, shared, rules, template):
        if isinstance(found, HarnessError):
            raise found
        cases.append(found)
    if not cases:
        raise BenchmarkError(f"{path}: holds no case, at least one is needed")
    return tuple(cases)


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


def seen_ids(cases: Iterable[Case], place: Path) -> dict[str, str]:
    """Return the ids of cases as `read_case` compares them, with the place that has them."""
    return {same_look(case.id): str(place) for case in cases}


def reserve_part(benchmark: Benchmark, count: int) -> Benchmark:
    """Return the first cases of the reserve as a benchmark, with the fingerprint of that part."""
    part = benchmark.reserve[:count]
    digest = fingerprint(benchmark, part)
    return replace(
        benchmark, name=f"{benchmark.name}.reserve", cases=part, fingerprint=digest, reserve=()
    )


def each_case(
    path: Path,
    shared: tuple[Check, ...],
    rules: Rules,
    template: str = INPUT,
    seen: dict[str, str] | None = None,
) -> Iterator[tuple[int, Case | HarnessError]]:
    """Yield line by line the case, or the error that says why the line is none.

    `seen` are the ids of other files, with their places.
    """
    seen = {} if seen is None else seen
    for number, line in jsonl_lines(path, BenchmarkError):
        where = f"{path}:{number}"
        found: Case | HarnessError
        try:
            raw = json_object(line, where, BenchmarkError)
            found = read_case(raw, where, shared, rules, seen, template)
        except HarnessError as problem:
            found = problem
        yield number, found


def case_lines(path: Path) -> dict[str, int]:
    """Return the line of each case in `cases.jsonl`, by id."""
    found = {}
    for number, line in jsonl_lines(path, BenchmarkError):
        identity = json_object(line, f"{path}:{number}", BenchmarkError).get("id")
        if isinstance(identity, str):
            found[identity] = number
    return found


def read_case(
    raw: Any,
    where: str,
    shared: tuple[Check, ...],
    rules: Rules,
    seen: dict[str, str],
    template: str = INPUT,
) -> Case:
    """Read a complete case; refuse an id that is in `seen` (ids with their places), and add it."""
    table = Table(raw, where, BenchmarkError)
    identity = table.text("id")
    if len(identity) > 200 or any(unicodedata.category(letter) == "Cc" for letter in identity):
        raise table.fail("`id` has control characters or more than 200 characters")
    given = read_given(table)
    refuse_unseen(table, given, template)
    case = Case(
        id=identity,
        **given.fields(),
        ideals=_ideals(table),
        slices=_slices(table),
        critical=table.flag("critical"),
        checks=rules.merge_checks(shared, table.table("checks").raw, f"{table.where} checks"),
        group=table.text("group") if table.has("group") else None,
    )
    table.done()
    same = same_look(case.id)
    if same in seen:
        raise BenchmarkError(f"{where}: id {case.id!r} stands already at {seen[same]}")
    seen[same] = where
    return case


def _ideals(table: Table) -> tuple[str, ...]:
    raw = table.any("ideal")
    texts = raw if isinstance(raw, list) else [raw]
    if not texts:
        raise table.fail("`ideal` is an empty list, a text or several texts are needed")
    said = "has one that is" if isinstance(raw, list) else "is"
    for text in texts:
        if not isinstance(text, str):
            wrong = kind_of(text)
        elif "\0" in text:
            wrong = "a text with a NUL character"
        elif is_blank(text):
            wrong = "blank"
        else:
            continue
        raise table.fail(f"`ideal` {said} {wrong}, a text or several texts are needed")
    return tuple(texts)


def _slices(table: Table) -> Mapping[str, str]:
    raw = table.any("slices", {})
    if not isinstance(raw, Mapping) or not all(
        isinstance(text, str) and not is_blank(text) for pair in raw.items() for text in pair
    ):
        raise table.fail('`slices` must look like {"industry": "logistics"}')
    return dict(raw)
