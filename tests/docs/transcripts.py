"""The transcripts in README.md, made anew from real runs.

python tests/docs/transcripts.py            print them
python tests/docs/transcripts.py --write    put them into README.md
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import HarnessError
from tests.docs.markdown import ROOT
from tests.docs.shipped import shipped

README = ROOT / "README.md"
WIDTH = 80
CUT = "  …"
PLACE = re.compile(r"(<!-- transcript (\w+) -->\n```text\n)(.*?)(```\n)", re.DOTALL)
# A part of a verdict begins where its line does; what follows deeper belongs to it.
_PART = re.compile(
    r"  (why|worth it\?|forgotten\?|also|this benchmark|next|run|report|broken)(?=\s)"
)
_WHOLE = ("worth it?", "forgotten?", "next", "report")
_LINES = {"why": 5, "case": 4, "broken": 1}
"""Parts that are cut, and after how many lines."""
_CASES = 1


def transcript(verdict: str) -> str:
    """A verdict as README.md shows it: what was cut is a `…`."""
    shown: list[str] = []
    cases = 0
    for name, lines in parts(verdict.splitlines()):
        cases += name == "case"
        most = len(lines) if name in (*_WHOLE, "head", "table") else _LINES.get(name, 0)
        if name == "case" and cases > _CASES:
            most = 0
        shown += lines[:most]
        if most < len(lines) and shown[-1] != CUT:
            shown.append(CUT)
    return "\n".join(line for line in shown if line.strip()) + "\n"


def parts(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The verdict's parts by name: head, why, table, broken, case, ..."""
    name, found = "head", list[str]()
    for line in lines:
        begun = _begun(line, name)
        if begun is not None:
            yield name, found
            name, found = begun, []
        found.append(line)
    yield name, found


def _begun(line: str, name: str) -> str | None:
    told = _PART.match(line)
    if told:
        return told.group(1)
    if " role " in line and "candidate" in line:
        return "table"
    if not line.strip() and name in ("broken", "case"):
        return "case"
    return "head" if line.startswith("═") and name != "head" else None


def evaluated(adapter: str, folder: Path) -> str:
    """What the command says about the task in a copy of the shipped project."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "evaluate", adapter],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise HarnessError(f"{adapter}: {done.stderr.strip() or done.stdout[-200:]}")
    return first_verdict(done.stdout)


def first_verdict(text: str) -> str:
    """The first of several verdicts: that of the task, the guards come after it."""
    rule = [n for n, line in enumerate(text.splitlines()) if line.startswith("═")]
    return "\n".join(text.splitlines()[rule[0] : rule[1] + 1])


def main() -> None:
    """Run, print or write."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        folder = shipped(Path(place) / "project", recorded=False)
        made = {name: transcript(evaluated(name, folder)) for _, name, _, _ in PLACE.findall(text)}
    if "--write" in sys.argv:
        text = PLACE.sub(lambda found: found[1] + made[found[2]] + found[4], text)
        README.write_text(text, encoding="utf-8")
    else:
        print("\n".join(made.values()))


if __name__ == "__main__":
    main()
