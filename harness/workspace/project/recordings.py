"""Write and read recorded outputs with their provenance: `recorded/NAME/BENCHMARK.jsonl`.

The lines are those of the engine `recorded`. Beside them, `BENCHMARK.origin.json` says who answered
and when, and under which key each answer is stored, so that it counts for no other prompt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError, WorldFailed, reason
from harness.records.holds import EXACT, TEXT
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import Table
from harness.workspace.formats.names import check_name, inside
from harness.workspace.formats.reading import read_json, read_jsonl, read_text

RECORDED = "recorded"
"""The folder of recorded outputs, where no other is named."""
ORIGIN = ".origin.json"
_FORMAT = 1
_MAX_SAMPLE = 63


def recorded_names(folder: Path) -> list[str]:
    """Return every adapter with recorded outputs in a folder, clients' with their `/`."""
    found = [*folder.glob("*/*.jsonl"), *folder.glob("*/*/*.jsonl")]
    return sorted({file.parent.relative_to(folder).as_posix() for file in found})


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """A text that a model wrote, and when."""

    case: str = field(metadata=EXACT)
    text: str = field(metadata=TEXT)
    at: str = field(metadata=EXACT)
    """ISO 8601, UTC."""
    sample: int = 0
    tokens: int | None = None
    finish: Literal["stop", "length", "time"] = field(default="stop", metadata=EXACT)


@dataclass(frozen=True, slots=True)
class Recording:
    """The answers of an adapter on a benchmark, and the NLLs of ideals, by their keys."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    """Of the benchmark as it was then."""
    origin: Mapping[str, Any] = field(metadata=EXACT)
    """Engine, decoding, address and whatever else the run says about its origin."""
    by: str = field(metadata=EXACT)
    """The software that recorded it, with its version."""
    answers: Mapping[str, RecordedAnswer]
    ideals: Mapping[str, tuple[str, int]] = field(default_factory=dict, metadata=EXACT)
    """By the key of a likelihood, the case and the place of its ideal."""
    likelihoods: Mapping[str, float] = field(default_factory=dict)
    """NLLs, by key."""

    @property
    def asked(self) -> tuple[str, str]:
        """The times of the oldest and the newest answer."""
        times = sorted(answer.at for answer in self.answers.values())
        return times[0], times[-1]


def write_recording(folder: Path, found: Recording) -> tuple[Path, bool]:
    """Write both files; return the file of the answers, and whether anything changed.

    The origin goes last: without it, or with one of other lines, no answer counts.
    """
    file = folder / check_name(found.adapter) / f"{found.benchmark}.jsonl"
    inside(folder, file, DataError)
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(found))
    origin = json.dumps(_origin(found, lines), indent=1, ensure_ascii=False) + "\n"
    beside = file.with_name(found.benchmark + ORIGIN)
    texts = {file: lines, beside: origin}
    if all(path.is_file() and path.read_bytes() == text.encode() for path, text in texts.items()):
        return file, False
    try:
        for path, text in texts.items():
            write_atomically(path, text)
            path.chmod(0o644)
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem
    return file, True


def _lines(found: Recording) -> list[dict[str, Any]]:
    nlls: dict[str, list[float | None]] = {}
    for key, (case, place) in found.ideals.items():
        mine = nlls.setdefault(case, [])
        mine += [None] * (place + 1 - len(mine))
        mine[place] = found.likelihoods.get(key)
    lines = []
    for answer in found.answers.values():
        line: dict[str, Any] = {"case": answer.case, "output": answer.text}
        if answer.sample:
            line["sample"] = answer.sample
        elif any(nll is not None for nll in nlls.get(answer.case, [])):
            line["ideal_nll"] = nlls[answer.case]
        lines.append(line)
    return lines


def _origin(found: Recording, lines: str) -> dict[str, Any]:
    answers = {
        key: {name: value for name, value in asdict(answer).items() if name != "text"}
        for key, answer in found.answers.items()
    }
    return {
        "format": _FORMAT,
        "adapter": found.adapter,
        "digest": found.digest,
        "benchmark": found.benchmark,
        "fingerprint": found.fingerprint,
        "origin": found.origin,
        "by": found.by,
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "answers": answers,
        "ideals": found.ideals,
    }


def read_recording(folder: Path, adapter: str, benchmark: str) -> Recording | None:
    """Return a recording with its provenance; None without one, refuse an edited one."""
    file = folder / check_name(adapter) / f"{benchmark}.jsonl"
    beside = file.with_name(benchmark + ORIGIN)
    if not file.exists() or not beside.exists():
        return None
    for path in (file, beside):
        inside(folder, path, DataError)
    table = Table(read_json(beside, DataError), str(beside), DataError)
    if table.any("format") != _FORMAT:
        raise table.fail("is no origin of recorded outputs, `lora-harness record` writes it")
    if table.text("sha256") != hashlib.sha256(read_text(file, DataError).encode()).hexdigest():
        raise DataError(
            f"{file}: was changed since it was recorded, `lora-harness record {adapter}` renews it"
        )
    said = {(raw.get("case"), raw.get("sample", 0)): raw for _, raw in read_jsonl(file, DataError)}
    answers = {}
    for key in table.table("answers").raw:
        one = table.table("answers").table(key)
        case, sample = one.text("case"), one.whole("sample", 0, 0, _MAX_SAMPLE)
        answers[key] = RecordedAnswer(
            case,
            _text(said, case, sample, one),
            _moment(one),
            sample,
            None if one.any("tokens") is None else one.whole("tokens", 0, 0, 10**9),
            one.choice("finish", "stop", ("stop", "length", "time")),  # type: ignore[arg-type]  # a choice of exactly these
        )
        one.done()
    ideals, likelihoods = _weighed(table, said)
    return Recording(
        adapter,
        table.text("digest"),
        benchmark,
        table.text("fingerprint"),
        table.table("origin").raw,
        table.text("by"),
        answers,
        ideals,
        likelihoods,
    )


def _text(said: Mapping[Any, Mapping[str, Any]], case: str, sample: int, one: Table) -> str:
    text = said.get((case, sample), {}).get("output")
    if not isinstance(text, str):
        raise one.fail(f"case {case!r} has no output in the lines beside it")
    return text


def _moment(one: Table) -> str:
    """Return when an answer was given; refuse a time to come, at which it would never be old."""
    at = one.text("at")
    try:
        given = datetime.fromisoformat(at)
        future = given > datetime.now(UTC)
    except (ValueError, TypeError) as problem:
        raise one.fail("`at` is no time, one is 2026-11-30T12:00:00.000Z") from problem
    if future:
        raise one.fail("`at` is a time to come")
    return at


def _weighed(
    table: Table, said: Mapping[Any, Mapping[str, Any]]
) -> tuple[dict[str, tuple[str, int]], dict[str, float]]:
    """Return the places of the recorded ideals, and the NLLs of those that have one."""
    ideals: dict[str, tuple[str, int]] = {}
    likelihoods: dict[str, float] = {}
    for key, place in table.table("ideals").raw.items():
        sound = isinstance(place, list) and len(place) == 2 and type(place[1]) is int
        if not sound or not isinstance(place[0], str):
            raise table.fail(f"`ideals` names no case and ideal under {key[:12]!r}")
        ideals[key] = (place[0], place[1])
        nlls = said.get((place[0], 0), {}).get("ideal_nll")
        nll = nlls[place[1]] if isinstance(nlls, list) and 0 <= place[1] < len(nlls) else None
        if isinstance(nll, int | float) and not isinstance(nll, bool) and nll >= 0:
            likelihoods[key] = float(nll)
    return ideals, likelihoods
