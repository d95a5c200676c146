"""Examine a name: whether its file is sound, its key is there, its server answers, and how.

Tested in tests/flows/evaluation/test_named.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from harness.engines.protocol import Mounted
from harness.errors import HarnessError
from harness.flows.evaluation.named import open_named
from harness.flows.evaluation.renewal import is_old
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project, utc_now
from harness.records import NOT_BYTES, Benchmark, DoctorCheck, Generation
from harness.text.figures import count
from harness.workspace.adapters.served import ServedModel
from harness.workspace.project.recordings import RECORDED, read_recording


def examine(
    project: Project, served: ServedModel, benchmarks: list[Benchmark]
) -> Iterator[DoctorCheck]:
    """Yield what can be told of a name; its server is asked for a single token."""
    note = f" ({served.note})" if served.note else ""
    said = f"{NOT_BYTES}: {served.called}, digest {served.digest[:12]}{note}"
    yield DoctorCheck("name", True, f"{served.name} is {said}")
    if served.endpoint.key:
        there = bool(os.environ.get(served.endpoint.key, "").strip())
        is_set = "is set" if there else "is not set, put the server's key into it"
        yield DoctorCheck("key", there, f"${served.endpoint.key} {is_set}")
    else:
        yield DoctorCheck("key", True, "none is sent, its file names none")
    if benchmarks:
        yield from _asked(project, served, benchmarks[0])
    for benchmark in benchmarks:
        yield _recorded(project, served, benchmark)


def _asked(project: Project, served: ServedModel, benchmark: Benchmark) -> Iterator[DoctorCheck]:
    engine = open_named(project, served)
    mounted = Mounted(served.name, served.digest, None)
    prompt = prompts_for(benchmark, benchmark.cases[0], served.name)[0]
    one = Generation(max_new_tokens=1)
    try:
        list(engine.generate(mounted, [prompt], one))
        yield DoctorCheck("server", True, f"{served.called} answers")
        asked = engine.likelihood(mounted, [prompt], one) if engine.likelihoods else ()
        weighed = [each.nll for batch in asked for each in batch]
    except HarnessError as problem:
        yield DoctorCheck("server", False, str(problem))
        return
    can = any(nll is not None for nll in weighed)
    said = "weighed, over the tokens of the base" if can else "not weighed: its texts are judged"
    yield DoctorCheck("ideals", True, said)


def _recorded(project: Project, served: ServedModel, benchmark: Benchmark) -> DoctorCheck:
    """Say how many of its answers are recorded, of when, and whether they are due again."""
    name = f"recorded {benchmark.name}"
    try:
        found = read_recording(project.settings.root / RECORDED, served.name, benchmark.name)
    except HarnessError as problem:
        return DoctorCheck(name, False, str(problem))
    if found is None or not found.answers:
        return DoctorCheck(name, True, f"none yet, `lora-harness record {served.name}` keeps them")
    if found.digest != served.digest:
        return DoctorCheck(name, True, "those that lie there are of another name, so none counts")
    first = found.asked[0]
    due = "due to be asked again" if is_old(served, first, utc_now()) else "not due yet"
    said = f"{count(len(found.answers), 'answer')} of {first[:10]}, {due}"
    return DoctorCheck(name, True, f"{said} (every {count(served.renew, 'day')})")
