"""`lora-harness reviews` as somebody types it."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject
from tests.flows.reviewed import HEAD, line, lines, write


def bring(project: TinyProject, count: int = 20) -> None:
    write(project.folder / "r.csv", lines(count))


def test_reviews_come_in_after_a_preview(project: TinyProject, typed: Type) -> None:
    bring(project)
    found = typed("reviews", "import", "r.csv")
    assert found.code == 0 and found.err == ""
    assert "final" in found.out and "slice:industry" in found.out
    assert found.out.splitlines()[-1] == "r.csv: 20 rows, 20 new reviews"
    again = typed("reviews", "import", "r.csv", "--json").json
    assert (again["rows"], again["new"], again["known"], again["bad"]) == (20, 0, 20, 0)
    assert again["columns"]["final"] == "sent"


def test_a_dry_run_imports_nothing(project: TinyProject, typed: Type) -> None:
    bring(project)
    found = typed("reviews", "import", "r.csv", "--dry-run")
    assert found.out.endswith("20 new reviews would come, nothing was imported\n")
    assert typed("reviews", "rates", "--json").json["groups"] == []


@pytest.mark.slow
def test_bad_rows_are_one_line_each_and_nothing_comes_in(project: TinyProject, typed: Type) -> None:
    some = lines(100)
    for place in (3, 50, 99):
        some[place] = line(place, status="banana")
    write(project.folder / "r.csv", some)
    found = typed("reviews", "import", "r.csv")
    assert found.code == 4
    assert [one.split(" `")[0] for one in found.err.splitlines()] == [
        f"lora-harness: r.csv:{number}:" for number in (5, 52, 101)
    ]
    assert "--skip-bad" in found.out.splitlines()[-1]
    as_json = typed("reviews", "import", "r.csv", "--json")
    assert as_json.code == 4
    assert (as_json.json["bad"], len(as_json.json["bad_rows"])) == (3, 3)
    assert "3 of 100 rows" in as_json.json["error"]
    found = typed("reviews", "import", "r.csv", "--skip-bad")
    assert found.code == 0
    assert found.out.endswith("100 rows, 97 new reviews, 3 bad\n")
    assert len(found.err.splitlines()) == 3


def test_many_bad_rows_are_not_all_listed(project: TinyProject, typed: Type) -> None:
    write(project.folder / "r.csv", [line(n, status="x") for n in range(50)])
    said = typed("reviews", "import", "r.csv").err.splitlines()
    assert len(said) == 21 and said[-1].endswith("... and 30 more bad rows")


def test_columns_can_be_told(project: TinyProject, typed: Type) -> None:
    head = ["mine" if name == "sent" else name for name in HEAD if name != "model"]
    some = [[*row[:3], *row[4:]] for row in lines(5)]
    write(project.folder / "r.csv", some, head)
    assert "no column is understood as `adapter`" in typed("reviews", "import", "r.csv").line
    told = ("--map", "final=mine", "--set", "adapter=good")
    assert typed("reviews", "import", "r.csv", *told).code == 0
    assert typed("reviews", "import", "r.csv", "--set", "adapter=good", "--json").json["known"] == 5


@pytest.mark.slow
def test_rates_and_exports_are_files_and_tables(project: TinyProject, typed: Type) -> None:
    bring(project, 60)
    typed("reviews", "import", "r.csv")
    table = typed("reviews", "rates", "--by", "slice").out
    assert "industry=health" in table and "Wilson" in table
    groups = typed("reviews", "rates", "--by", "adapter", "--json").json["groups"]
    assert [(group["key"], group["n"]) for group in groups] == [("base", 60)]
    assert typed("reviews", "rates", "--since", "2026-06-01", "--json").json["by"] == "week"
    assert typed("reviews", "export", "raw.jsonl", "--raw", "--json").json == {"lines": 60}
    raw = [json.loads(one) for one in (project.folder / "raw.jsonl").open(encoding="utf-8")]
    assert raw[0]["id"] == "r0" and "edit_rate" in raw[0]
    assert typed("reviews", "export", "--training", "a/t.jsonl").code == 0
    example = json.loads((project.folder / "a/t.jsonl").read_text().splitlines()[0])
    assert {"input", "output"} <= set(example)
    assert typed("reviews", "export", "--candidates", "c.jsonl").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "nosuch.csv"), "nosuch.csv: no such file"),
        (("import", "adapters"), "is a folder"),
        (("import", "r.csv", "--map", "x"), "must look like FIELD=COLUMN"),
        (("import", "pyproject.toml"), "is no table that is understood"),
        (("rates", "--since", "last week"), "is no day"),
        (("rates", "--by", "month"), "month"),
        (("rates", "--task", "x"), "no review is of this task"),
        (("export", "adapters"), "cannot be written"),
        (("exprt",), "did you mean `export`"),
    ],
)
def test_a_wrong_request_is_one_line(
    project: TinyProject, typed: Type, words: tuple[str, ...], said: str
) -> None:
    bring(project)
    found = typed("reviews", *words)
    assert found.code == 4 and said in found.line
