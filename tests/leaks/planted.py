"""A project in which every text holds a word that no outlet may show, and where to look for it.

plant(project)                   cases, outputs, reviews, training data and files all hold it
leaking(text)                    the words that came out, none where nothing did
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.records import Message
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import BENCHMARK, CASES, SETTINGS, TASK, TinyProject
from tests.fakes.reviews import Weeks

WORD = re.compile(r"zorv\w*", re.IGNORECASE)
"""Each place has a word of its own, `zorvinput` or `zorvfinal`, which says where a leak began."""

SHUT = "\n[tool.harness.privacy]\ntexts = false\n"
LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.05, retrain = 0.10 }
rejection_rate = { acceptable = 0.05, retrain = 0.10 }
"""

SHOWING = BENCHMARK.replace("{input}", "{context} {input}")
"""The benchmark with the context of its cases in its prompts."""


def leaking(text: str) -> list[str]:
    """Return every planted word in a text, each once."""
    return sorted(set(WORD.findall(text)))


def settings(shut: bool = True, more: str = "") -> str:
    """Return the project's settings, with or without texts."""
    return SETTINGS + LINES + (SHUT if shut else "") + more


def plant(project: TinyProject) -> None:
    """Put a word into every text of the project."""
    project.write("pyproject.toml", settings(shut=False))
    project.benchmark(TASK, SHOWING, _cases())
    project.record("good", texts={case["id"]: case["ideal"] for case in _cases()})
    written = "Dear zorvoutput, zorvremoved 70 and zorvbanned say 'zorvsingle' and \"zorvdouble\""
    project.record("leaky", quality="bad", texts={case["id"]: written for case in CASES})
    project.adapter("sound").write()
    _review(project)
    _files(project)


def _cases() -> list[dict[str, Any]]:
    asked = {
        "contains": ["zorvdemand"],
        "matches": ["zorvpattern"],
        "terms": {"zorvhouse": ["zorvbanned"]},
        "grounded": True,
    }
    levels = {"contains": "must"}
    return [
        {name: value for name, value in case.items() if name != "input"}
        | {
            **({} if place % 2 else {"input": f"{case['input']} zorvinput"}),
            "ideal": f"{case['ideal']} zorvideal",
            **_beside(f"{case['input']} zorvinput", place),
            "checks": {
                name: {"value": value, "level": levels.get(name, "report")}
                for name, value in asked.items()
            },
            "critical": case["id"] == "health-1",
        }
        for place, case in enumerate(CASES)
    ]


def _beside(text: str, place: int) -> dict[str, Any]:
    """Return what some cases have beside their input, which is the last of their turns."""
    turns = [
        {"role": "user", "content": "zorvturn"}, {"role": "assistant", "content": "zorvanswer"},
        {"role": "user", "content": text},
    ]  # fmt: skip
    found: dict[str, Any] = {
        "system": "zorvsystem",
        "context": ["zorvcontext", f"zorvpage {place}"],
    }
    return found | {"messages": turns} if place % 2 else found


def _review(project: TinyProject) -> None:
    """Weeks in which editors always do the same, so that words of theirs stand out."""
    weeks = Weeks()
    for _ in range(3):
        weeks.add(40, edited=4)
    weeks.add(60, edited=40, rejected=5)
    weeks.reviews = [
        replace(
            one,
            input=f"Write to zorvcustomer about zorvtopic{number} and {number} of them",
            reason="zorvreason",
            turns=(Message("user", "zorvearlier"), Message("assistant", "zorvreply")),
            context=(f"zorvfound {number}",),
            output=f"zorvremoved the plan {number}",
            final=None if one.final is None else _final(one.decision, number),
            reviewer="Kim",
            slices={"industry": "logistics"},
        )
        for number, one in enumerate(weeks.reviews)
    ]
    with closing(project.store()) as store:
        weeks.keep(store)


def _final(decision: str, number: int) -> str:
    return f"zorvremoved the plan {number}" if decision == "accepted" else f"zorvadded it {number}"


def _files(project: TinyProject) -> None:
    """Files that commands are given, good ones and such as have texts in the wrong columns."""
    lines = [
        {"input": f"zorvasked number {n} of the list", "output": f"zorvlearnt the plan {n}."}
        for n in range(60)
    ]
    odd = [
        {"input": "to eva@zorvmail.com", "output": "call zorvbanned at +1 212 555 0147, zorvcut,"},
        {"input": "zorvblank", "output": " "},
        {"input": f"{CASES[0]['input']} zorvinput", "output": "zorvtone! zorvvoice zorvstrange"},
    ]
    project.write_lines("adapters/datasets/more.jsonl", lines[:5])
    project.write_lines("old.jsonl", lines)
    project.write_lines("new.jsonl", [*lines[1:], lines[0] | {"output": "zorvnew"}])
    project.write_lines("odd.jsonl", [*lines, *odd])
    project.write("torn.jsonl", '{"input": "zorvtorn", "output": "zorvtorn\n{"zorvkey" 1}\n')
    head = "id,at,task,adapter,input,output,final\n"
    row = "x1,2026-03-01,openers,good,zorvin,zorvout,zorvfinal\n"
    project.write("more.csv", head + row)
    project.write("swapped.csv", head + "x2,Dear zorvat,zorvtask,zorvadapter,i,o,f\n")
    project.write("headless.csv", "zorvhead,2026-03-01,zorvin,zorvout\n" * 3)
    project.write("odd-columns.csv", "AI draft,zorvheading,Draft text\nzorvone,zorvtwo,zorvthree\n")
    project.write("open-dates.csv", head + row.replace("2026-03-01", "03/04/2026"))
    (project.folder / "cyrillic.csv").write_bytes((head + "zorvb,Здравствуйте\n").encode("cp1251"))
    _book(project.folder / "odd.xlsx")
    project.write("cases.csv", "id,input,ideal\nc1,zorvin,zorvideal\n")
    talk = '[{""role"": ""user"", ""content"": ""zorvtalk""}]'
    project.write("talks.csv", f'id,messages,context,ideal\nc1,"{talk}",zorvread,zorvideal\n')
    torn = talk.replace("content", "zorvkey")
    project.write("bad-talks.csv", f'id,messages,ideal\nc1,"{torn}",zorvideal\n')
    project.write("bad-cases.csv", 'id,input,ideal,critical,checks\nc1,a,b,"zorv maybe","zorv {"\n')
    answer = {"id": "sent-1", "input": "zorvsent", "ideal": "zorvagreed", "confirmed": True}
    project.write_lines("answers.jsonl", [answer])
    wrong = {"ideal": "", "confirmed": "zorvmaybe"}
    project.write_lines("bad-answers.jsonl", [answer | {"zorvkey": 1}, answer | wrong])
    project.write("scores.csv", "case,metric,candidate,promoted\nc1,edit_similarity,zorvscore,1\n")
    other = [case | {"input": "zorvother", "ideal": "zorvanother"} for case in CASES]
    torn = TinyAdapter(project.folder / "elsewhere", "torn", project.base, seed=1).write()
    (torn.folder / "training.json").write_text('{"zorvkey": 1, "zorvkey": 2}')
    project.write("elsewhere/openers/benchmark.toml", SHOWING)
    project.write_lines("elsewhere/openers/cases.jsonl", other)


def _book(file: Path) -> None:
    """Write a spreadsheet with two sheets of reviews."""
    from openpyxl import Workbook

    book = Workbook()
    for name in ("One", "Two"):
        sheet = book.create_sheet(name)
        sheet.append(["date", "input", "draft", "final", "model"])
        sheet.append(["2026-03-01", "zorvin", "zorvout", "zorvfinal", "good"])
    book.save(file)


def new_texts(folder: Path, before: set[Path], exact: tuple[str, ...]) -> dict[str, str]:
    """Return the files that a command wrote, but for those that are meant to be exact."""
    return {
        place: file.read_text("utf-8", "replace")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file not in before
        for place in [file.relative_to(folder).as_posix()]
        if not re.match("|".join((*KEPT, *exact)), place)
    }


KEPT = (r"reports/harness\.db", r"\.?cache/")
"""The store itself and the private cache, which no outlet is."""
