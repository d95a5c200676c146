"""Remember the digests of a converted base's files, and refuse a copy that was changed since.

They stand beside the folder. Its files are hashed again when a size or a time has changed, as a
base has gigabytes; `doctor` hashes them always.
"""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

from harness.errors import WeightsError, reason
from harness.workspace.adapters.files import file_digest
from harness.workspace.formats.cache import remember, remembered, write_atomically
from harness.workspace.formats.reading import read_json

_CHECKED = "converted.json"
"""The cached table of the folders' states that were found to be whole."""


def digests_file(folder: Path) -> Path:
    """Return the file beside a converted folder that has the digests of its files."""
    return folder.with_name(f"{folder.name}.sha256.json")


def write_digests(made: Path, target: Path) -> None:
    """Record the files of a copy that was just made, and is about to be renamed to `target`."""
    digests = {file.name: file_digest(file) for file in made.iterdir()}
    write_atomically(digests_file(target), json.dumps(digests, indent=1, sort_keys=True))


def refuse_changed(folder: Path, always: bool = False) -> None:
    """Refuse a converted folder whose files are not those that the conversion wrote.

    Unless `always`, files whose sizes and times are as they were count as unchanged.
    """
    try:
        state = _state(folder)
        if not always and remembered(_CHECKED).get(folder.name) == state:
            return
        wrong = _changed(folder)
    except OSError as problem:
        raise WeightsError(f"{folder}: cannot be read ({reason(problem)})") from problem
    if wrong:
        raise WeightsError(
            f"{folder}: {', '.join(wrong[:3])} changed since the base was converted, remove this"
            " folder to convert it again"
        )
    remember(_CHECKED, folder.name, state)


def _state(folder: Path) -> str:
    """Return a digest of what the disk says about the files; ctime catches a restored mtime."""
    lines = []
    for file in (digests_file(folder), *sorted(folder.iterdir())):
        s = file.lstat()
        times = f"{s.st_mtime_ns}:{s.st_ctime_ns}"
        lines.append(f"{file.name}:{s.st_mode}:{s.st_size}:{times}:{s.st_ino}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _changed(folder: Path) -> list[str]:
    """Return the names of files that were changed, added or removed."""
    try:
        known = read_json(digests_file(folder), WeightsError)
    except WeightsError:
        known = None
    if not isinstance(known, dict):
        return [digests_file(folder).name]
    now = {}
    for file in folder.iterdir():
        plain = stat.S_ISREG(file.lstat().st_mode)  # a pipe would be waited for
        now[file.name] = file_digest(file) if plain else ""
    return sorted(name for name in {*known, *now} if known.get(name) != now.get(name))
