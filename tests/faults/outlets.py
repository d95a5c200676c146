"""Every outlet of `harness/text/safe.py` with a recogniser of attacks, and a verdict's block."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from harness.records import CaseChange, SliceVerdict, Verdict
from harness.render import verdict_text
from harness.text import safe
from tests.faults import recognisers
from tests.faults.hostile_texts import hostile_text
from tests.store.records import make_verdict

Outlet = tuple[Callable[[str], str], Callable[[str], bool]]
OUTLETS: dict[str, Outlet] = {
    "terminal": (safe.terminal, recognisers.acts_in_one_line),
    "terminal, lines": (partial(safe.terminal, lines=True), recognisers.acts_on_a_terminal),
    "CI log": (safe.ci_log, recognisers.acts_in_a_log),
    "CI log, lines": (partial(safe.ci_log, lines=True), recognisers.acts_in_a_log),
    "Markdown cell": (safe.markdown_cell, recognisers.acts_in_a_table),
    "Markdown block": (safe.markdown_block, recognisers.acts_in_a_block),
    "HTML": (safe.html, recognisers.acts_in_html),
    "CSV": (safe.csv_cell, recognisers.acts_in_a_sheet),
    "JUnit XML": (safe.xml_text, recognisers.acts_in_xml),
    "JSON": (safe.json_text, recognisers.acts_in_json),
    "JSON line": (lambda text: safe.json_line({text: [text]}), recognisers.acts_in_a_log),
}
"""By name: what makes a text safe there, and whether something still acts."""
VERDICT = "verdict block"
IN_A_VERDICT = 16
"""Texts that one verdict carries."""


def hostile_verdict(texts: Sequence[str]) -> Verdict:
    """Return a verdict in which every freely chosen word is one of these texts."""
    (task, candidate, promoted, pinned, why, note, advice, case, ideal, reference, written,
     accepted, part, inside, fixed, run) = texts  # fmt: skip
    return make_verdict(
        task=task,
        candidate=candidate,
        promoted=promoted,
        pinned=pinned,
        reasons=(why, "2 cases broke"),
        notes=(note,),
        advice=(advice,),
        broken=(CaseChange(case, True, 1.0, 0.1, ideal, reference, written, accepted),),
        slices=(SliceVerdict(part, "m", 6, -0.2, 0.01, (inside, "b")),),
        fixed=(CaseChange(fixed, False, 0.1, 1.0),),
        runs={"candidate": run},
        metrics=(),
    )


def through_outlets(text: str, outlets: dict[str, Outlet] = OUTLETS) -> list[str]:
    """Return the outlets whose result still acts on its reader."""
    return [name for name, (made, acts) in outlets.items() if acts(made(text))]


def got_through(texts: Iterable[str], width: Callable[[], int]) -> Counter[str]:
    """Count results that still act, for each outlet and for the verdict's block."""
    found: Counter[str] = Counter()
    some: list[str] = []
    for text in texts:
        found.update(through_outlets(text))
        some.append(text)
        if len(some) == IN_A_VERDICT:
            block = verdict_text(hostile_verdict(some), width=width(), report=some[0])
            found[VERDICT] += recognisers.acts_in_a_log(block)
            some.clear()
    return found


def rendered(seed: int, count: int) -> Counter[str]:
    """Send random texts through everything; the same seed gives the same texts."""
    draw: Any = random.Random(seed)
    return got_through((hostile_text(draw) for _ in range(count)), lambda: draw.randrange(40, 160))
