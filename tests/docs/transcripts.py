"""The transcripts in README.md, made anew from real runs.

python tests/docs/transcripts.py            print them
python tests/docs/transcripts.py --write    put them into README.md
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.render import verdict_text
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
_LINES = {"head": 11, "why": 1, "table": 4, "case": 4, "worth it?": 2, "next": 4}
"""How many lines of a part are shown, of its first appearance; the other parts are left out."""


def transcript(verdict: str) -> str:
    """A verdict as README.md shows it: what was cut is a `…`."""
    shown: list[str] = []
    seen = Counter[str]()
    for name, lines in parts(verdict.splitlines()):
        seen[name] += 1
        most = _LINES.get(name, 0) if seen[name] == 1 or name == "head" else 0
        shown += lines[:most]
        if most < len(lines) and any(map(str.strip, lines)) and shown[-1] != CUT:
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


def given(adapter: str, folder: Path) -> str:
    """The verdict on an adapter: the shipped history's, else a new one on the real base."""
    return stored(adapter, folder) or evaluated(adapter, folder)


def stored(adapter: str, folder: Path) -> str | None:
    """The shipped history's newest verdict, in the words of the command."""
    project = Project.here(folder)
    benchmark = project.task_benchmark(None).name
    with closing(open_store(project)) as store:
        for kept in reversed(list(store.verdicts.all())):
            told = kept.verdict
            if (told.candidate, told.benchmark) == (adapter, benchmark):
                held = [d for d in store.decisions.all() if d.adapter == told.promoted]
                return verdict_text(told, width=WIDTH, promoted_at=held[0].at if held else None)
    return None


def evaluated(adapter: str, folder: Path) -> str:
    """What the command says in a copy of the shipped project; the task comes before the guards."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "evaluate", adapter],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise HarnessError(f"{adapter}: {done.stderr.strip() or done.stdout[-200:]}")
    lines = done.stdout.splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("═")]
    return "\n".join(lines[rules[0] : rules[1] + 1])


def main() -> None:
    """Run, print or write."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        folder = shipped(Path(place) / "project", recorded=False)
        made = {name: transcript(given(name, folder)) for _, name, _, _ in PLACE.findall(text)}
    if "--write" in sys.argv:
        text = PLACE.sub(lambda found: found[1] + made[found[2]] + found[4], text)
        README.write_text(text, encoding="utf-8")
    else:
        print("\n".join(made.values()))


if __name__ == "__main__":
    main()
