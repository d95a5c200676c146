"""Propose cases for a benchmark's reserve, from finals that people sent and no adapter was taught.

Finals lean towards the adapter that wrote the output. So a person confirms each ideal, and a
proposal says neither which adapter wrote the output nor what was done with it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import BenchmarkError, RequestError
from harness.findings import near_duplicates
from harness.findings.reviewed import held_by, reserve_id
from harness.findings.set_aside import is_set_aside
from harness.findings.spread import Axis, shares_of, spread
from harness.flows.evaluation.contamination import find_taught
from harness.flows.evaluation.finals import final_case, mixed, newest_finals
from harness.flows.project import Project
from harness.judge.paired import commonest
from harness.records import SYNTHETIC, Benchmark, Review
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.store import Store
from harness.text.given import beside_input
from harness.workspace.formats.output_file import write_for_a_person
from harness.workspace.project.conversations import CONTEXT
from harness.workspace.project.reserve import read_confirmations
from harness.workspace.project.voice_days import voice_since

LOOKED_AT = 1_000
"""Finals that are compared with the training sets: those set aside first, the newest first."""
_WHY = ("taught", "held", "declined", "alike")
"""Why a final is not proposed, by the keys of `Proposals.left_out`."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Cases that a person may confirm, and why there are no more of them."""

    benchmark: str = field(metadata=EXACT)
    task: str = field(metadata=EXACT)
    lines: tuple[dict[str, Any], ...] = field(metadata=TEXT)
    """Objects of `cases.reserve.jsonl`, with `benchmark` and `confirmed` beside them."""
    finals: int
    """Inputs of the task with a final."""
    left_out: dict[str, int] = field(metadata=EXACT)
    """Finals that are not proposed: taught, held (a case already), declined,
    alike (as another final), leaning."""
    synthetic: int
    """Proposals that are made of made-up reviews."""
    reserve: int
    """Cases that the reserve has."""
    looks: tuple[int, ...]
    """Numbers of reserve cases after which an open verdict is looked at again."""
    notes: tuple[str, ...] = field(metadata=QUOTING)


def reserved_benchmark(project: Project, name: str | None, task: str | None) -> Benchmark:
    """Return the benchmark whose reserve is meant, by its name or its task."""
    if name is not None:
        found = project.known(name)
        if task not in (None, found.task):
            raise RequestError(
                f"--task {task}: benchmark {name} is for {found.task or 'all tasks'}"
            )
    else:
        found = project.task_benchmark(task)
    if found.guard:
        raise BenchmarkError(f"{found.name}: a guard benchmark has no reserve, name a task's")
    return found


def propose(
    project: Project, store: Store, benchmark: Benchmark, count: int | None = None
) -> Proposals:
    """Propose `count` cases, by default as many as the reserve lacks for its last look."""
    if not project.settings.privacy.texts:
        raise RequestError(
            "[tool.harness.privacy] leaves texts out, and a proposal is nothing but texts:"
            " propose in a project that may show them"
        )
    policy, more = benchmark.policy, []
    if count is None:
        count = max(0, max(policy.reserve_looks, default=0) - len(benchmark.reserve))
        if not count:
            more.append(
                "the reserve has all cases that a verdict looks at; --count N proposes more"
            )
    since = voice_since(project.settings.benchmarks / benchmark.name)
    every = newest_finals(store, str(benchmark.task), since)
    if not every:
        more.append(
            f"no final of {benchmark.task} is in the store, `lora-harness reviews import FILE`"
            " brings them in"
        )
    free, left_out, notes = _free(project, benchmark, every)
    fair = mixed(free, every, len(free))
    left_out["leaning"] = len(free) - len(fair)
    chosen = _balanced(benchmark, fair, every, free, count)
    return Proposals(
        benchmark=benchmark.name,
        task=str(benchmark.task),
        lines=tuple(_line(project, benchmark, review) for review in chosen),
        finals=len(every),
        left_out=left_out,
        synthetic=sum(review.source == SYNTHETIC for review in chosen),
        reserve=len(benchmark.reserve),
        looks=policy.reserve_looks,
        notes=(*more, *notes),
    )


def write_proposals(found: Proposals, file: Path) -> str:
    """Write the proposals as JSONL and return the file's path; empty where there are none."""
    if not found.lines:
        return ""
    write_for_a_person(file, found.lines, "answers of a person, name another")
    return str(file)


def _free(
    project: Project, benchmark: Benchmark, every: Sequence[Review]
) -> tuple[list[Review], dict[str, int], list[str]]:
    """Return the finals that no training set and no benchmark holds, the likeliest first."""
    share = benchmark.policy.set_aside
    aside = {review.id for review in every if is_set_aside(review.input, share)}
    ordered = sorted(every, key=lambda review: review.id not in aside)[:LOOKED_AT]
    declined = {
        one.id
        for one in read_confirmations(project.settings.benchmarks / benchmark.name)
        if not one.confirmed
    }
    held = held_by(project.benchmarks.values(), ordered)
    asked = replace(benchmark, cases=tuple(map(final_case, ordered)), reserve=())
    seen = find_taught(project.settings.adapters, asked)
    texts = ["\n".join((*review.context, review.conversation)) for review in ordered]
    alike = {one.index for one in near_duplicates(texts)}
    left, free, counts = len(every) - len(ordered), list[Review](), Counter[str]()
    for place, review in enumerate(ordered):
        if place in held:
            counts["held"] += 1
        elif reserve_id(review) in declined:
            counts["declined"] += 1
        # what was set aside is in no set that this software wrote, also where a set is unknown
        elif review.id in seen.cases or (seen.unknown and review.id not in aside):
            counts["taught"] += 1
        elif place in alike:
            counts["alike"] += 1
        else:
            free.append(review)
    notes = []
    if seen.unknown:
        some = "; ".join(seen.unknown[:3]) + ("; …" if len(seen.unknown) > 3 else "")
        notes.append(f"{some}: so only finals are proposed that were set aside for judging")
    if left:
        notes.append(f"{left:,} older finals were not looked at")
    return free, {name: counts[name] for name in _WHY}, notes


def _balanced(
    benchmark: Benchmark,
    fair: Sequence[Review],
    every: Sequence[Review],
    free: Sequence[Review],
    count: int,
) -> list[Review]:
    """Choose finals that keep to the cases' slices, in an order that tells nothing about them."""
    key = commonest(key for case in benchmark.cases for key in list(case.slices)[:1])

    def slice_axis() -> Axis[Review]:
        values = [case.slices.get(key or "", "") for case in benchmark.cases]
        there = Counter(case.slices.get(key or "", "") for case in benchmark.reserve)
        return Axis(lambda review: review.slices.get(key or "", ""), shares_of(values), there)

    decisions = Axis[Review](
        lambda review: review.decision, shares_of(review.decision for review in every)
    )
    wanted = {review.id for review in fair}
    likeliest = [review for review in free if review.id in wanted]
    chosen = spread(likeliest, (slice_axis(), decisions), count)
    # A verdict looks at the first cases only: each beginning is balanced, and shuffled by a hash.
    shuffled = sorted(
        chosen, key=lambda review: hashlib.sha256(reserve_id(review).encode()).digest()
    )
    return spread(shuffled, (slice_axis(),), count)


def _line(project: Project, benchmark: Benchmark, exact: Review) -> dict[str, Any]:
    """Return a final as an object of the reserve, its texts masked as the settings ask."""
    review = project.redaction.record(exact)
    beside = beside_input(review)
    if CONTEXT not in benchmark.template:
        beside.pop("context", None)  # no prompt would show it
    if beside.get("system") == benchmark.system:
        del beside["system"]
    given = beside if review.turns else {"input": review.input, **beside}
    slices = {"slices": dict(review.slices)} if review.slices else {}
    return {
        "id": reserve_id(exact),
        **given,
        "ideal": review.final,
        **slices,
        "benchmark": benchmark.name,
        "confirmed": False,
    }
