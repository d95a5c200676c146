"""Record an adapter's outputs with their provenance, so that they outlive the model behind it.

The store keeps every batch as it comes, so an interrupted recording goes on where it stopped.

Tested in tests/flows/evaluation/test_named.py and tests/cli/test_record.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import __version__
from harness.errors import RequestError
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import Session, open_session
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project
from harness.progress import OnProgress
from harness.records import Benchmark, Run
from harness.records.holds import EXACT, QUOTING
from harness.workspace.project.fingerprints import reserve_part
from harness.workspace.project.recordings import (
    RECORDED,
    RecordedAnswer,
    Recording,
    write_recording,
)


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A benchmark's answers as they were written."""

    benchmark: str = field(metadata=EXACT)
    file: Path
    answers: int
    likelihoods: int
    first: str = field(metadata=EXACT)
    """When the oldest answer was given; ISO 8601, UTC."""
    last: str = field(metadata=EXACT)
    changed: bool
    """False if the same answers were there already."""


@dataclass(frozen=True, slots=True)
class RecordedOutputs:
    """What was recorded of an adapter."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    model: str = field(metadata=EXACT)
    """The model and its address, for a name; empty for an adapter with bytes."""
    files: tuple[RecordedFile, ...]
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Sentences on answers that could not be renewed."""


def record(
    project: Project, name: str, request: Request, on_progress: OnProgress, folder: Path | None
) -> RecordedOutputs:
    """Ask an adapter for all its answers, with those to the reserve, and write them to files."""
    with open_session(project, request, on_progress) as session:
        adapter = session.candidate(name).adapter
        if session.backend.from_files(adapter):
            raise RequestError(
                f"{name}: the engine `recorded` reads files and writes no answers; name the engine"
                " that does, such as --engine transformers"
            )
        into = folder or project.settings.root / RECORDED
        benchmarks = session.benchmarks(name)
        files: list[RecordedFile] = []
        for benchmark in benchmarks:
            files += _recorded(session, name, benchmark, into, request.refresh)
        notes = session.producer.made_again
        kept = tuple(notes[name, b.name] for b in benchmarks if (name, b.name) in notes)
        called = adapter.served.called if adapter.served else ""
    return RecordedOutputs(name, adapter.digest, called, tuple(files), kept)


def _recorded(
    session: Session, name: str, benchmark: Benchmark, into: Path, refresh: bool
) -> Sequence[RecordedFile]:
    """Write the benchmark's file, and that of its reserve, under the names that runs have."""
    parts = [benchmark]
    if benchmark.reserve:
        parts.append(reserve_part(benchmark, len(benchmark.reserve)))
    adapter = session.candidate(name).adapter
    found = []
    for part in parts:
        run = session.producer.run(adapter, part, refresh=refresh)
        recording = _recording(session, run, RunSpec(adapter, part, part.cases, session.backend))
        file, changed = write_recording(into, recording)
        first, last = recording.asked
        numbers = len(recording.answers), len(recording.likelihoods)
        found.append(RecordedFile(part.name, file, *numbers, first, last, changed))
    return found


def _recording(session: Session, run: Run, spec: RunSpec) -> Recording:
    outputs = {(o.case, o.sample): o for result in run.results for o in result.outputs}
    made = session.store.outputs.made(spec.outputs.values())
    answers, ideals, likelihoods = {}, {}, {}
    for (case, sample), key in spec.outputs.items():
        output = outputs[case, sample]
        at = made.get(key, run.started)
        answers[key] = RecordedAnswer(case, output.text, at, sample, output.tokens, output.finish)
    nlls = {result.case.id: result.outputs[0].ideal_nlls for result in run.results}
    for (case, place), key in spec.likelihoods.items():
        nll = nlls[case][place] if place < len(nlls[case]) else None
        ideals[key] = (case, place)
        if nll is not None:
            likelihoods[key] = nll
    return Recording(
        run.adapter,
        run.digests["adapter"],
        run.benchmark,
        run.fingerprint,
        {key: value for key, value in run.origin.items() if key not in ("machine", "source")},
        f"lora-harness {__version__}",
        answers,
        ideals,
        likelihoods,
    )
