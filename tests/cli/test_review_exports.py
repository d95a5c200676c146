"""What teams export comes in at the first try, or with the options that one line names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from harness.records import Review
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject
from tests.flows.reviewed import kept, write

EXPORTS = Path(__file__).parent / "exports"
A, E, R = "accepted", "edited", "rejected"

FIRST_TRY = {
    "google_sheets.csv": ([A, E, R, E], "2026-11-03T14:05:22.000Z", "2026-11-14T16:40:10.000Z"),
    "excel_german.csv": ([A, E, R, A], "2026-11-03T14:05:00.000Z", "2026-11-05T10:02:00.000Z"),
    "excel_title.xlsx": ([A, E, R, E], "2026-11-03T14:05:22.000Z", "2026-11-14T16:40:10.000Z"),
    "excel_second_sheet.xlsx": ([A, E, R], "2026-11-03T14:05:00.000Z", "2026-11-04T09:12:00.000Z"),
    "hubspot.csv": ([A, E, R], "2026-11-03T14:05:00.000Z", "2026-11-04T00:12:00.000Z"),
    "excel_unicode.txt": ([A, E, R], "2026-11-03T14:05:00.000Z", "2026-11-18T09:31:00.000Z"),
    "google_sheets_french.csv": ([A, E, R], "2026-11-03T14:05:22.000Z", "2026-11-25T16:40:10.000Z"),
    "own_tool.jsonl": ([A, E, R], "2026-11-03T14:05:22.000Z", "2026-11-04T09:12:40.000Z"),
}  # fmt: skip
"""By file: what was done, the first time and the last."""

ONE_LINE = {
    "zendesk.csv": ('--set adapter=good --map "final=Public comment"', [A, E, R]),
    "google_form.csv": ('--set adapter=good --map "input=Who was it for?"', [A, E, R]),
    "google_sheets_spanish.csv": ("--dates dmy --set adapter=good", [E, A, R]),
    "excel_months.xlsx": ('--sheet "November"', [A, E]),
}  # fmt: skip
"""By file: the options that the refusal names, and what was done."""

SAID = {
    "google_sheets.csv": "dates read as month/day/year, because of line 5: 11/14/2026",
    "excel_german.csv": "read as CSV, Windows-1252, semicolons",
    "excel_title.xlsx": "read as XLSX, sheet 'Tabelle1', headings on line 3",
    "excel_second_sheet.xlsx": "read as XLSX, sheet 'Prüfungen'",
    "hubspot.csv": "read as CSV, UTF-8, commas",
    "excel_unicode.txt": "read as CSV, UTF-16, tabs",
    "google_sheets_french.csv": "dates read as day/month/year, because of line 4: 25/11/2026",
    "own_tool.jsonl": "dates read as Unix time",
}


@pytest.fixture
def team(project: TinyProject) -> TinyProject:
    """A project whose adapter wrote the drafts, with the exports in its folder."""
    project.adapter("v2").write()
    for file in EXPORTS.iterdir():
        shutil.copy(file, project.folder / file.name)
    return project


def by_time(project: TinyProject) -> list[Review]:
    return sorted(kept(project), key=lambda review: review.at)


@pytest.mark.parametrize("name", FIRST_TRY)
def test_an_export_comes_in_at_the_first_try(team: TinyProject, typed: Type, name: str) -> None:
    decisions, first, last = FIRST_TRY[name]
    found = typed("reviews", "import", name)
    assert (found.code, found.err) == (0, ""), found.err
    assert f"{len(decisions)} rows, {len(decisions)} new reviews" in found.out
    reviews = by_time(team)
    assert [review.decision for review in reviews] == decisions
    assert (reviews[0].at, reviews[-1].at) == (first, last)
    assert {review.adapter for review in reviews} == {"v2"}
    assert all(review.input and review.output for review in reviews)
    again = typed("reviews", "import", name, "--json").json
    assert (again["new"], again["known"]) == (0, len(decisions))


@pytest.mark.parametrize("name", ONE_LINE)
def test_what_is_open_ends_in_one_line_and_its_options_bring_the_export_in(
    team: TinyProject, typed: Type, name: str
) -> None:
    options, decisions = ONE_LINE[name]
    refused = typed("reviews", "import", name)
    assert refused.code == 4
    for option in re.split(r" (?=--)", options):
        assert option in refused.line
    assert kept(team) == []
    found = typed("reviews", "import", name, *shlex.split(options))
    assert (found.code, found.err) == (0, ""), found.err
    assert [review.decision for review in by_time(team)] == decisions


@pytest.mark.parametrize("name", SAID)
def test_a_dry_run_says_how_the_file_was_read(team: TinyProject, typed: Type, name: str) -> None:
    found = typed("reviews", "import", name, "--dry-run")
    assert SAID[name] in found.out
    assert kept(team) == []


def test_programs_learn_how_the_file_was_read(team: TinyProject, typed: Type) -> None:
    found = typed("reviews", "import", "excel_unicode.txt", "--dry-run", "--json").json
    assert found["form"] == {
        "kind": "CSV", "encoding": "UTF-16", "separator": "tabs", "sheet": "", "head": 1,
    }  # fmt: skip
    assert found["dates"]["order"] == "dmy"
    assert found["columns"]["output"] == "Borrador"
    totals = typed("reviews", "import", "excel_title.xlsx", "--json").json
    assert (totals["rows"], totals["passed_over"]) == (4, [10])
    answers = typed("reviews", "import", "excel_second_sheet.xlsx", "--json").json
    assert answers["yes"] == "accepted"


def test_texts_come_in_letter_by_letter(team: TinyProject, typed: Type) -> None:
    typed("reviews", "import", "excel_german.csv")
    review = by_time(team)[1]
    assert review.reviewer == "Jürgen Groß"
    assert (
        review.final
        == "Guten Tag, wie oft fahren Ihre Lkw „leer“ zurück – und was kostet das in €?"
    )


@pytest.mark.medium
def test_the_same_reviews_have_the_same_ids_however_they_were_written(
    team: TinyProject, typed: Type
) -> None:
    from openpyxl import Workbook

    head = ["Datum", "Eingabe", "Modell", "Entwurf", "Endfassung"]
    texts = [["Köhler", "v2", "Fährt der Lkw leer?", "Fährt Ihr Lkw leer?"],
             ["Süd", "v2", "Wer plant?", ""]]  # fmt: skip
    folder = team.folder

    def rows(*dates: object) -> list[list[object]]:
        return [[date, *text] for date, text in zip(dates, texts, strict=True)]

    def lines(*dates: str, sep: str = ";") -> str:
        return "\n".join(sep.join(map(str, row)) for row in [head, *rows(*dates)])

    german = lines("13.11.2026 14:05", "03.11.2026 9:12")
    (folder / "a.csv").write_text(german, encoding="utf-8")
    (folder / "b.csv").write_text(german, encoding="cp1252")
    (folder / "c.csv").write_text(german, encoding="utf-16")
    (folder / "d.csv").write_text(lines("11/13/2026 2:05 PM", "11/3/2026 9:12 AM"), "utf-16-le")
    (folder / "e.tsv").write_text(lines("2026-11-13T15:05+01:00", "2026-11-03 09:12", sep="\t"))
    (folder / "f.csv").write_text(lines("1794578700", "1793697120"))
    (folder / "g.csv").write_text(lines("46339,5868055556", "46329,3833333333"))
    book = Workbook()
    for row in [head, *rows(46339.5868055556, 46329.3833333333)]:
        book.active.append(row)
    for cell in (book.active["A2"], book.active["A3"]):
        cell.number_format = "dd/mm/yyyy hh:mm"
    book.save(folder / "h.xlsx")
    assert typed("reviews", "import", "a.csv", "--json").json["new"] == 2
    for name in ("b.csv", "c.csv", "d.csv", "e.tsv", "f.csv", "g.csv", "h.xlsx"):
        found = typed("reviews", "import", name, "--json").json
        assert (found["known"], found["new"], found["bad_rows"]) == (2, 0, []), name


# --- dates --------------------------------------------------------------------------------------

HEAD = ["date", "input", "model", "draft", "final"]


def dated(team: TinyProject, *dates: str) -> str:
    rows = [[date, f"to {number}", "v2", "Hi", "Hi"] for number, date in enumerate(dates)]
    write(team.folder / "dated.csv", rows, HEAD)
    return "dated.csv"


@pytest.mark.medium
def test_a_line_far_down_settles_the_order_of_the_whole_column(
    team: TinyProject, typed: Type
) -> None:
    name = dated(team, *["03/04/2026"] * 900, "25/03/2026")
    found = typed("reviews", "import", name)
    assert "as day/month/year, because of line 902: 25/03/2026" in found.out
    assert {review.at[:10] for review in kept(team)} == {"2026-04-03", "2026-03-25"}


def test_dates_that_contradict_each_other_are_refused_with_both_lines(
    team: TinyProject, typed: Type
) -> None:
    name = dated(team, "03/04/2026", "25/03/2026", "03/26/2026")
    said = typed("reviews", "import", name).line
    assert "line 4 has 03/26/2026, line 3 has 25/03/2026" in said
    assert "--dates dmy" in said and "--dates mdy" in said
    assert "`at` is '03/26/2026'" in typed("reviews", "import", name, "--dates", "dmy").err


def test_an_open_order_is_asked_for_and_obeyed(team: TinyProject, typed: Type) -> None:
    name = dated(team, "03/04/2026", "05/06/2026")
    assert "add --dates dmy or --dates mdy" in typed("reviews", "import", name).line
    assert typed("reviews", "import", name, "--dates", "mdy").code == 0
    assert {review.at[:10] for review in kept(team)} == {"2026-03-04", "2026-05-06"}


def test_years_of_two_digits_may_need_an_order_as_well(team: TinyProject, typed: Type) -> None:
    said = typed("reviews", "import", dated(team, "03/04/05")).line
    assert "--dates dmy or --dates mdy or --dates ymd" in said
    assert typed("reviews", "import", dated(team, "26/11/13", "26/11/14")).code == 4
    assert typed("reviews", "import", dated(team, "26/11/13"), "--dates", "ymd").code == 0
    assert kept(team)[0].at.startswith("2026-11-13")


def test_what_a_spreadsheet_half_converted_is_not_guessed(team: TinyProject, typed: Type) -> None:
    # Excel made a date of its own of the first, by the wrong order, and left the second a text.
    name = dated(team, "2026-03-11T00:00:00", "25/11/2026")
    found = typed("reviews", "import", name)
    assert found.code == 4 and "--dates dmy" in found.err
    assert typed("reviews", "import", dated(team, "25/11/2026", "2026-03-11")).code == 4
    assert kept(team) == []


@pytest.mark.parametrize(
    "date", ["99/99/9999", "31.02.2026", "1e308", "0", "2026-13-45", "44", "9" * 400, "٣/١١/٢٠٢٦",
             "2026-11-03 14:05 CET", "24/24/24 25:61", "25:99", "-1", "NaN", "3 Smarch 2026"],
)  # fmt: skip
def test_a_date_that_cannot_be_is_one_line(team: TinyProject, typed: Type, date: str) -> None:
    found = typed("reviews", "import", dated(team, date))
    assert found.code == 4
    (line,) = found.err.splitlines()
    assert line.startswith("lora-harness: dated.csv:2: `at` is '")


# --- columns ------------------------------------------------------------------------------------


def test_all_that_is_missing_is_named_at_once(team: TinyProject, typed: Type) -> None:
    rows = [["Kim", "2026-11-03", "Ana, Delta Freight", "Hi Ana, how are", "Hi Ana, how are you?"]]
    write(team.folder / "own.csv", rows, ["wer?", "Spalte1", "Spalte2", "Spalte3", "Spalte4"])
    said = typed("reviews", "import", "own.csv").line
    options = ("--map at=Spalte1 --set adapter=good --map input=Spalte2 --map output=Spalte3"
               " --map final=Spalte4")  # fmt: skip
    assert "`at`, `adapter`, `input`, `output`, `final`" in said
    assert options in said
    assert typed("reviews", "import", "own.csv", *shlex.split(options)).code == 0
    assert kept(team)[0].final == "Hi Ana, how are you?"


@pytest.mark.parametrize(
    ("second", "field"),
    [("Generated text", "output"), ("Suggested reply", "output"), ("Sent text", "final"),
     ("Customer message", "input")],
)  # fmt: skip
def test_two_columns_that_may_be_the_same_field_are_asked_about(
    team: TinyProject, typed: Type, second: str, field: str
) -> None:
    head = ["Date", "Request", "Model", "AI draft", "Final version", second]
    write(team.folder / "two.csv", [["2026-11-03", "a", "v2", "b", "c", "d"]], head)
    said = typed("reviews", "import", "two.csv").line
    assert f"2 columns may be `{field}`" in said and f'--map "{field}={second}"' in said
    found = typed("reviews", "import", "two.csv", "--map", f"{field}={second}")
    assert found.code == 0
    assert getattr(kept(team)[0], field) == "d"


@pytest.mark.parametrize(
    ("question", "said", "final", "decision"),
    [
        ("Sent as is?", "yes", "", A), ("Sent as is?", "no", "Bye", E),
        ("Sent as is?", "no", "", R),
        ("Angenommen", "ja", "", A), ("Angenommen", "nein", "", R), ("Edited?", "x", "Bye", E),
        ("Edited?", "no", "Hi", A), ("Rechazado", "sí", "", R), ("Rechazado", "no", "Hi", A),
        ("Envoyé ?", "oui", "Bye", E), ("Envoyé ?", "non", "", R),
    ],
)  # fmt: skip
def test_yes_and_no_answer_what_the_heading_asks(
    team: TinyProject, typed: Type, question: str, said: str, final: str, decision: str
) -> None:
    write(team.folder / "q.csv", [["2026-11-03", "a", "v2", "Hi", final, said]], [*HEAD, question])
    assert typed("reviews", "import", "q.csv").code == 0
    assert [review.decision for review in kept(team)] == [decision]


@pytest.mark.parametrize(
    ("question", "said", "final"),
    [("Edited?", "no", ""), ("Rejected?", "no", ""), ("Sent?", "yes", ""), ("Sent?", "no", "Bye"),
     ("Sent as is?", "yes", "Bye"), ("Sent as is?", "no", "Hi"), ("Edited?", "yes", "")],
)  # fmt: skip
def test_an_answer_that_the_texts_contradict_is_not_guessed(
    team: TinyProject, typed: Type, question: str, said: str, final: str
) -> None:
    rows = [["2026-11-03", "a", "v2", "Hi", final, said]]
    write(team.folder / "q.csv", rows, [*HEAD, question])
    found = typed("reviews", "import", "q.csv")
    assert found.code == 4 and found.err.startswith("lora-harness: q.csv:2: ")


def test_stars_and_states_of_tickets_are_no_decisions(team: TinyProject, typed: Type) -> None:
    rows = [["2026-11-03", "a", "v2", "Hi", "Hi", "4", "solved"],
            ["2026-11-03", "b", "v2", "Hi", "", "1", "open"]]  # fmt: skip
    write(team.folder / "q.csv", rows, [*HEAD, "Rating", "Ticket status"])
    found = typed("reviews", "import", "q.csv")
    assert found.code == 0 and "not read: Rating, Ticket status" in found.out
    assert [review.decision for review in kept(team)] == [A, R]


def test_a_total_among_the_reviews_is_a_bad_row(team: TinyProject, typed: Type) -> None:
    rows = [["2026-11-03", "a", "v2", "Hi", "Hi"], ["Total", "", "1", "", ""]]
    write(team.folder / "t.csv", rows, HEAD)
    found = typed("reviews", "import", "t.csv")
    assert found.code == 0 and found.out.endswith("passed over, without texts and time: line 3\n")
    write(team.folder / "t.csv", [*rows, ["2026-11-04", "b", "v2", "Hi", "Hi"]], HEAD)
    found = typed("reviews", "import", "t.csv")
    assert found.code == 4 and "t.csv:3: " in found.err


# --- bytes --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_encoding_can_be_told(team: TinyProject, typed: Type) -> None:
    text = "date,input,model,draft,final\n2026-11-03,Привет мир,v2,Здравствуйте,Здравствуйте\n"
    (team.folder / "c.csv").write_text(text, encoding="cp1251")
    said = typed("reviews", "import", "c.csv").line
    assert "c.csv:2: is neither UTF-8 nor Windows-1252" in said and "--encoding" in said
    assert typed("reviews", "import", "c.csv", "--encoding", "cp1251").code == 0
    assert kept(team)[0].input == "Привет мир"
    assert "is no encoding" in typed("reviews", "import", "c.csv", "--encoding", "zip").line
    assert "has no sheets" in typed("reviews", "import", "c.csv", "--sheet", "x").line


def test_json_lines_of_powershell_are_utf16(team: TinyProject, typed: Type) -> None:
    row = {"at": "2026-11-03", "input": "é", "adapter": "v2", "output": "Hi", "final": "Hi"}
    (team.folder / "p.jsonl").write_text(json.dumps(row) + "\r\n", encoding="utf-16")
    assert typed("reviews", "import", "p.jsonl").code == 0
    with closing(team.store()) as store:
        assert store.reviews.count() == 1
