"""Keep the marked days of a task in `voice.jsonl` in its benchmark's folder.

The file is committed with the benchmark and the training set that it speaks of, and its lines are
chained by hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, get_args

from harness.errors import BenchmarkError, WorldFailed, reason
from harness.records import VoiceDay
from harness.records.voice import MarkedKind
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.chained import line_hash
from harness.workspace.formats.names import inside
from harness.workspace.formats.reading import json_object, jsonl_lines

VOICE = "voice.jsonl"
_FORMAT = 1
_TYPES = {one.name: int if one.type == "int" else str for one in fields(VoiceDay)}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_voice_days(folder: Path) -> list[VoiceDay]:
    """Read the days of the benchmark in a folder; refuse a file whose chain is broken."""
    file = folder / VOICE
    found: list[VoiceDay] = []
    if not file.exists():
        return found
    inside(folder, file, BenchmarkError)
    for number, line in jsonl_lines(file, BenchmarkError):
        where = f"{file}:{number}"
        raw = json_object(line, where, BenchmarkError)
        one = _day_of(raw, where)
        prev = found[-1].hash if found else ""
        if (one.number, one.prev) != (len(found) + 1, prev):
            raise BenchmarkError(
                f"{where}: is not day {len(found) + 1} after the line before it; lines were"
                " removed or moved by hand"
            )
        if one.hash != line_hash(raw):
            raise BenchmarkError(f"{where}: was changed by hand, restore the file")
        found.append(one)
    return found


def _day_of(raw: dict[str, Any], where: str) -> VoiceDay:
    known = {*_TYPES, "format"} == {*raw} and raw["format"] == _FORMAT
    if not known or any(type(raw[name]) is not kind for name, kind in _TYPES.items()):
        raise BenchmarkError(f"{where}: is no day as `lora-harness reposition` or `note` writes it")
    found = VoiceDay(**{name: raw[name] for name in _TYPES})
    if found.kind not in get_args(MarkedKind) or not _DAY.fullmatch(found.day):
        raise BenchmarkError(f"{where}: is no day as `lora-harness reposition` or `note` writes it")
    return found


def voice_since(folder: Path) -> str | None:
    """Return the day of the newest repositioning; None where the voice never changed."""
    days = [one.day for one in read_voice_days(folder) if one.kind == "reposition"]
    return days[-1] if days else None


def add_voice_day(folder: Path, before: Sequence[VoiceDay], new: VoiceDay) -> VoiceDay:
    """Add a day to the file, chained to the days that were read before."""
    prev = before[-1].hash if before else ""
    chained = replace(new, number=len(before) + 1, prev=prev, hash="")
    sealed = replace(chained, hash=line_hash(_line(chained)))
    text = "".join(json.dumps(_line(one), ensure_ascii=False) + "\n" for one in (*before, sealed))
    try:
        write_atomically(folder / VOICE, text)
        (folder / VOICE).chmod(0o644)
    except OSError as problem:
        raise WorldFailed(f"{folder / VOICE}: cannot be written ({reason(problem)})") from problem
    return sealed


def _line(one: VoiceDay) -> dict[str, Any]:
    return {"format": _FORMAT} | asdict(one)
