"""What a verdict rests on, as a table of a report, and the texts that would be lost.

Tested in tests/render/report/test_evidence.py.
"""

from __future__ import annotations

from harness.records import Verdict, WeighedFinal
from harness.render.evidence import evidence, lost_finals
from harness.render.report.grid import Column, grid
from harness.render.report.material import Material
from harness.text.figures import count, day, score
from harness.text.html import Child, Html, element


def rests_on(verdict: Verdict) -> Html | None:
    """Return a row for the cases, the reserve and the finals; None under the first rule."""
    rows = evidence(verdict)
    if not rows:
        return None
    columns = [Column("what it rests on"), Column("says"), Column("seen")]
    cells: list[list[Child]] = [[row.what, row.says, row.seen] for row in rows]
    return grid("What the verdict rests on", columns, cells, shown=False)


def lost_texts(material: Material) -> Html | None:
    """Return a section on the texts that people sent and that would no longer be written."""
    shown, finals = lost_finals(material.verdict), material.verdict.finals
    if finals is None or not shown:
        return None
    columns = [
        Column("review"),
        Column("sent", "word"),
        Column("slices"),
        Column("likely before", "number"),
        Column("now", "number"),
        Column("text"),
    ]
    rows = [_row(one, material) for one in shown]
    rest = len(finals.texts) - len(shown)
    more = element("p", f"{count(rest, 'text')} more would be lost", class_="quiet")
    return element(
        "section",
        element("h2", "Texts that would be lost"),
        grid("Texts that people sent, under both adapters", columns, rows, shown=False),
        more if rest > 0 else None,
    )


def _row(one: WeighedFinal, material: Material) -> list[Child]:
    text = material.finals.get(one.id, "") if material.texts else ""
    slices = ", ".join(one.slices)
    name = element("span", one.id, class_="name")
    return [name, day(one.at), slices, score(one.promoted), score(one.candidate), text]
