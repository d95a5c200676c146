"""Post-edits as translators' tools log them, with times and keystrokes, by editor.

The columns are those of the IWSLT 2019 post-edits of Scarton and others; the rows are made up.
"""

from __future__ import annotations

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

HEAD = (
    "<file_name>\t<line_in_file>\t<who>\t<type>\t<src>\t<sys>\t<time>\t<time/mlen>\t<slen>\t<mlen>"
    "\t<plen>\t<schar>\t<mchar>\t<pchar>\t<letters>\t<digits>\t<spaces>\t<symbols>\t<navigation>"
    "\t<erase>\t<commands>\t<visible>\t<keystrokes>\t<keystrokes/mchar>\t<allkeys>\t<insertions>"
    "\t<deletions>\t<substitutions>\t<shifts>\t<S>\t<REF>\t<MT>\t<PE>\t<DA>\t<HTER>\t<HBLEU>"
    "\t<HMETEOR>\t<TER>\t<BLEU>\t<METEOR>"
)
ROWS = (
    # who, milliseconds, source, machine's, post-edited, edit rate by hand
    ("ann1", 12_000, "The house is red.", "La casa es roja .", "La casa es roja .", 0.0),
    ("ann1", 30_500, "He came late.", "El vino tarde hoy", "Vino muy tarde hoy", 2 / 4),
    ("ann2", 8_000, "The house is red.", "La casa es roja .", "Esa casa es roja .", 1 / 5),
    ("ann2", 61_000, "He came late.", "El vino tarde hoy", "Llegaba con retraso", 3 / 3),
    ("ann2", 9_000, "Good morning.", "Buenos dias a todos", "Buenos dias", 2 / 2),
)
TOLD = (
    "--map", "reviewer=<who>", "--map", "milliseconds=<time>", "--map", "input=<S>",
    "--map", "output=<MT>", "--map", "final=<PE>", "--set", "at=2019-11-02",
    "--set", "adapter=base", "--set", "task=openers", "--map", "decision=", "--map", "digest=",
    "--map", "id=", "--map", "source=",
)  # fmt: skip


@pytest.fixture
def imported(project: TinyProject, typed: Type) -> Type:
    lines = [HEAD]
    for number, (who, time, source, machine, post, _) in enumerate(ROWS):
        cells = dict.fromkeys(HEAD.split("\t"), "0")
        cells |= {"<who>": who, "<time>": str(time), "<S>": source, "<MT>": machine, "<PE>": post}
        lines.append("\t".join((cells | {"<line_in_file>": str(number)}).values()))
    project.write("post-edits.tsv", "\n".join(lines) + "\n")
    done = typed("reviews", "import", "post-edits.tsv", *TOLD)
    assert done.code == 0, done.err
    assert "5 new reviews" in done.out
    return typed


def test_each_editor_has_the_mean_edit_rate_that_a_hand_works_out(imported: Type) -> None:
    groups = imported("reviews", "rates", "--by", "reviewer", "--json").json["groups"]
    by_hand = {who: [rate for name, *_, rate in ROWS if name == who] for who in ("ann1", "ann2")}
    assert {group["key"]: group["edit_rate"] for group in groups} == {
        who: pytest.approx(sum(rates) / len(rates)) for who, rates in by_hand.items()
    }


def test_times_and_agreement_come_with_them(imported: Type) -> None:
    found = imported("reviews", "reviewers", "--json").json
    seconds = {row["reviewer"]: row["median_seconds"] for row in found["reviewers"]}
    assert seconds == {"ann1": 21.25, "ann2": 9.0}
    # two outputs by both: accepted and edited, edited and edited
    assert (found["agreement"]["pairs"], found["agreement"]["share"]) == (2, 0.5)


def test_milliseconds_that_are_taken_for_seconds_are_refused(
    project: TinyProject, typed: Type
) -> None:
    project.write("few.csv", "input,output,final,ms\na,b,b,44328\n")
    done = typed(
        "reviews", "import", "few.csv", "--map", "seconds=ms", "--set", "at=2019-11-02",
        "--set", "adapter=base", "--set", "task=openers",
    )  # fmt: skip
    assert done.code == 4
    assert "milliseconds are mapped by --map milliseconds=COLUMN" in done.err
