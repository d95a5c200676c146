"""Keep the versions of a training set in `SET.versions.jsonl` beside it, each chained to the last.

A line holds the examples that came and the digests of those that went, so every version can be made
again from this file alone. The lines are chained by hash, and each carries the fingerprint of the
whole set, which is compared when a version is read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records.datasets import DataVersion
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.chained import line_hash
from harness.workspace.formats.reading import json_object, lines_of

LOG = ".versions.jsonl"
MAX_LOG = 1024 * 1024 * 1024
_FORMAT = 1
_NAMED = re.compile(r"(.+)@([1-9][0-9]{0,5})")
_FIELDS = tuple(one.name for one in fields(DataVersion))
_DIGEST = re.compile(r"[0-9a-f]{64}")

Content = list[tuple[str, Mapping[str, Any]]]
"""The examples of a version: the digest of each, and the example as a line of JSONL."""


@dataclass(frozen=True, slots=True)
class LoggedVersion:
    """A version, with what came and what went."""

    version: DataVersion
    came: tuple[tuple[str, Mapping[str, Any]], ...]
    """Its new content."""
    went: tuple[str, ...]
    """Digests of examples of the version before."""


def log_of(file: Path) -> Path:
    """Return the log of a training set's file, or of a path such as `datasets/outreach@3`."""
    named = version_of(file)
    return file.with_name(f"{named[0] if named else file.stem}{LOG}")


def is_log(file: Path) -> bool:
    """Tell whether a file is the log of a set's versions."""
    return file.name.endswith(LOG)


def version_of(path: Path) -> tuple[str, int] | None:
    """Return set and number of a path that names a version; None where it names a file."""
    found = _NAMED.fullmatch(path.name)
    if found is None or path.exists():
        return None
    return found[1], int(found[2])


def version_with(folder: Path, fingerprint: object) -> Path | None:
    """Return a path such as `datasets/outreach@3` for the version that has a fingerprint."""
    for log in sorted(folder.glob(f"*{LOG}")):
        for one in reversed(_readable(log)):
            if one.version.fingerprint == fingerprint:
                return log.with_name(one.version.name)
    return None


def _readable(log: Path) -> list[LoggedVersion]:
    """Return the versions of a log; none where it is damaged, which commands on that set report."""
    try:
        return read_log(log)
    except DataError:
        return []


def read_log(log: Path) -> list[LoggedVersion]:
    """Read all versions of a log; refuse one whose chain is broken."""
    found: list[LoggedVersion] = []
    if not log.exists():
        return found
    name, prev = log.name.removesuffix(LOG), ""
    for number, line in lines_of(log, DataError, MAX_LOG):
        if not line.strip():
            continue
        where = f"{log}:{number}"
        logged = _logged(json_object(line, where, DataError), where)
        said = logged.version
        if (said.set, said.version, said.prev) != (name, len(found) + 1, prev):
            raise DataError(
                f"{where}: is not version {len(found) + 1} of {name} after the line before it;"
                " lines were removed, moved or renamed by hand"
            )
        if said.hash != _hash(logged):
            raise DataError(f"{where}: {said.name} was changed by hand, restore the file")
        found.append(logged)
        prev = said.hash
    return found


def _logged(raw: dict[str, Any], where: str) -> LoggedVersion:
    came, went = raw.pop("came", None), raw.pop("went", None)
    wrong = raw.pop("format", None) != _FORMAT or {*raw} != {*_FIELDS}
    types = {one.name: int if one.type == "int" else str for one in fields(DataVersion)}
    wrong = wrong or any(type(raw.get(name)) is not kind for name, kind in types.items())
    wrong = wrong or not isinstance(came, list) or not isinstance(went, list)
    if wrong or not all(map(_is_entry, came)) or not all(map(_is_digest, went)):
        raise DataError(f"{where}: is no version of a training set as `data version` writes it")
    return LoggedVersion(
        DataVersion(**raw), tuple((one["digest"], one["example"]) for one in came), tuple(went)
    )


def _is_entry(value: Any) -> bool:
    if not isinstance(value, dict) or {*value} != {"digest", "example"}:
        return False
    return _is_digest(value["digest"]) and isinstance(value["example"], dict)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _line(logged: LoggedVersion) -> dict[str, Any]:
    came = [{"digest": digest, "example": dict(example)} for digest, example in logged.came]
    return {"format": _FORMAT} | asdict(logged.version) | {"came": came, "went": [*logged.went]}


def _hash(logged: LoggedVersion) -> str:
    return line_hash(_line(logged))


def append(log: Path, before: Sequence[LoggedVersion], new: LoggedVersion) -> DataVersion:
    """Add a version to a log, chained to the versions that were read before."""
    prev = before[-1].version.hash if before else ""
    chained = replace(new, version=replace(new.version, prev=prev, hash=""))
    sealed = replace(chained, version=replace(chained.version, hash=_hash(chained)))
    lines = [json.dumps(_line(one), ensure_ascii=False) + "\n" for one in (*before, sealed)]
    write_atomically(log, "".join(lines))
    log.chmod(0o644)
    return sealed.version


def content_at(log: Path, number: int) -> tuple[DataVersion, Content]:
    """Return a version, and the digests and examples that it has, in the order they came in."""
    logged = read_log(log)
    if not 1 <= number <= len(logged):
        name = log.name.removesuffix(LOG)
        known = f"{name} has {len(logged)}" if logged else f"{name} has no versions yet"
        raise DataError(f"{name}@{number}: no such version, {known} (`lora-harness data log`)")
    content: Content = []
    for one in logged[:number]:
        gone = Counter(one.went)
        kept = []
        for digest, example in content:
            if gone[digest]:
                gone[digest] -= 1
            else:
                kept.append((digest, example))
        if gone.total():
            raise DataError(f"{log}: {one.version.name} removes what was not there")
        content = [*kept, *one.came]
    return logged[number - 1].version, content
