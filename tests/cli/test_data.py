"""`lora-harness data`: what is typed, what is said, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import CASES, TinyProject

GOOD = [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]


@pytest.fixture
def clean(project: TinyProject) -> Path:
    return project.write_lines("clean.jsonl", GOOD)


@pytest.fixture
def dirty(project: TinyProject) -> Path:
    seen = {"input": CASES[0]["input"], "output": "Fine."}
    mail = {"input": "person 99 of ward 99", "output": "Hi ana@example.com."}
    return project.write_lines("dirty.jsonl", [*GOOD, GOOD[1], seen, mail])


def test_a_clean_set_is_fit(typed: Type, clean: Path) -> None:
    found = typed("data", "check", "clean.jsonl")
    assert found.code == 0
    assert found.out.startswith("fit: 60 examples in clean.jsonl, nothing found\nfingerprint ")
    assert found.err == ""


def test_findings_have_lines_and_are_counted(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl")
    assert found.code == 1
    assert found.out.split("\n")[:4] == [
        "  61  duplicate      says the same as line 2",
        "  62  overlap        the input is benchmark case openers/logistics-1",
        "  63  personal_data  e-mail address in the output: a…@example.com",
        "file  origin         personal data was found in 1 line, and no lawful basis is stated",
    ]
    counts = "1 duplicate · 1 origin · 1 overlap · 1 personal_data"
    assert f"unfit: 63 examples in dirty.jsonl, {counts}" in found.out


def test_programs_get_the_promised_keys(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl", "--json")
    assert found.code == 1
    assert found.json["findings"][0] == {
        "kind": "duplicate",
        "line": 61,
        "message": "says the same as line 2",
    }
    counts = {"duplicate": 1, "overlap": 1, "personal_data": 1, "origin": 1}
    assert found.json["counts"] == counts
    assert (found.json["fit"], found.json["examples"]) == (False, 63)


def test_fix_writes_a_clean_copy_and_still_says_unfit(typed: Type, dirty: Path) -> None:
    found = typed("data", "check", "dirty.jsonl", "--fix", "out.jsonl")
    assert found.code == 1
    assert "out.jsonl: 60 examples kept, 3 lines dropped (1 duplicate" in found.out
    assert typed("data", "check", "out.jsonl").code == 0
    again = typed("data", "check", "dirty.jsonl", "--fix", "out.jsonl", "--json").json["fixed"]
    assert (again["kept"], len(again["dropped"]), again["left"]) == (60, 3, [])


def test_two_sets_are_compared(typed: Type, clean: Path, dirty: Path) -> None:
    assert typed("data", "diff", "clean.jsonl", "clean.jsonl").out.startswith("equal: 60 examples")
    found = typed("data", "diff", "clean.jsonl", "dirty.jsonl")
    assert found.code == 1
    assert found.out.startswith("60 examples in both, 3 added, 0 removed, 0 changed\nadded\n  + ")
    said = typed("data", "diff", "clean.jsonl", "dirty.jsonl", "--json").json
    assert (said["equal"], len(said["added"]), said["same"]) == (False, 3, 60)


def test_the_fingerprint_is_one_word_to_compare(typed: Type, clean: Path) -> None:
    said = typed("data", "fingerprint", "clean.jsonl", "--json").json
    assert (
        typed("data", "fingerprint", "clean.jsonl").out == f"{said['fingerprint']}  60 examples\n"
    )


def test_outside_of_a_project_a_file_is_checked_without_benchmarks(
    typed: Type, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = typed("data", "check", str(clean))
    assert found.code == 0
    assert found.out.startswith("note  no project here")
    asked = typed("data", "check", str(clean), "--benchmark", "openers")
    assert asked.code == 4 and "pyproject.toml" in asked.line


def test_a_project_with_wrong_settings_is_not_taken_for_none(
    typed: Type, project: TinyProject, clean: Path
) -> None:
    project.write("pyproject.toml", "[tool.harness]\nbasis = 1\n")
    assert typed("data", "check", "clean.jsonl").code == 4


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("check", "nosuch.jsonl"), "nosuch.jsonl: no such file"),
        (("check", "."), "is a folder"),
        (("fingerprint", "nosuch.jsonl"), "no such file"),
        (("diff", "clean.jsonl", "nosuch.jsonl"), "no such file"),
        (("check", "clean.jsonl", "--fix", "clean.jsonl"), "is the file itself"),
        (("check", "clean.jsonl", "--fix", "no/such/pyproject.toml/x"), ""),
        (("chek",), "did you mean `check`?"),
    ],
)
def test_a_wrong_request_is_one_line(
    typed: Type, clean: Path, words: tuple[str, ...], line: str
) -> None:
    if not line:
        (clean.parent / "no/such").mkdir(parents=True)
        (clean.parent / "no/such/pyproject.toml").write_text("")
        line = "cannot be written"
    found = typed("data", *words, "--json")
    assert found.code == 4
    assert line in found.json["error"]


# --- formats ------------------------------------------------------------------------------------

TURNS = [
    {"role": "system", "content": "You write last lines."},
    {"role": "user", "content": "person 1 of ward 1"},
    {"role": "assistant", "content": "Write to bo@example.com."},
    {"role": "user", "content": "shorter"},
    {"role": "assistant", "content": "Hello 1."},
]
CSV = "question,answer,team\n" + "".join(
    f"person {n} of ward {n},Hello {n}.,A\n" for n in range(60)
)


def test_the_format_is_said(typed: Type, project: TinyProject) -> None:
    rows = [{"instruction": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]
    project.write_lines("alpaca.jsonl", rows)
    said = typed("data", "check", "alpaca.jsonl")
    assert said.out.startswith("fit: 60 examples in alpaca.jsonl (Alpaca), nothing found\n")
    assert typed("data", "check", "alpaca.jsonl", "--json").json["format"] == "Alpaca"
    assert typed("data", "fingerprint", "alpaca.jsonl").out.endswith("  60 examples (Alpaca)\n")


def test_a_mixed_file_is_read_and_named(typed: Type, project: TinyProject) -> None:
    asked = {"prompt": "person 99 of ward 99", "completion": "Hello 99."}
    project.write_lines("mixed.jsonl", [*GOOD, asked])
    said = typed("data", "check", "mixed.jsonl")
    assert said.out.startswith(
        "note  the file is mixed: 60 input and output (from line 1), 1 TRL prompt and completion"
        " (from line 61)\nfit: 61 examples"
    )


def test_every_turn_is_looked_at(typed: Type, project: TinyProject) -> None:
    project.write_lines("chat.jsonl", [{"messages": TURNS}])
    said = typed("data", "check", "chat.jsonl")
    assert "1  personal_data  e-mail address in the output: b…@example.com" in said.out
    assert (
        "note  1 of 1 examples have another system text than openers: they are learnt with theirs,"
        " and judged with the benchmark's"
    ) in said.out


def test_a_case_in_an_earlier_turn_is_an_overlap(typed: Type, project: TinyProject) -> None:
    turns = [TURNS[0], {"role": "user", "content": CASES[0]["input"]}, *TURNS[2:]]
    project.write_lines("chat.jsonl", [{"messages": turns}])
    said = typed("data", "check", "chat.jsonl")
    assert "1  overlap        the input is benchmark case openers/logistics-1" in said.out


def test_what_no_format_fits_is_one_finding_with_an_example(
    typed: Type, project: TinyProject
) -> None:
    project.write_lines("odd.jsonl", [{"text": f"a {n}"} for n in range(60)])
    (finding, size) = typed("data", "check", "odd.jsonl", "--json").json["findings"]
    assert (finding["kind"], finding["line"], size["kind"]) == ("schema", 1, "size")
    assert 'no format fits; an example is {"input": "...", "output": "..."}' in finding["message"]
    assert finding["message"].endswith("(columns: text)")


def test_columns_are_mapped_and_left_out_by_the_line_that_the_refusal_names(
    typed: Type, project: TinyProject, clean: Path
) -> None:
    project.write("faq.csv", CSV)
    maps = ("--map", "input=question", "--map", "output=answer")
    assert f"{' '.join(maps)} would do" in typed("data", "fingerprint", "faq.csv").line
    line = typed("data", "fingerprint", "faq.csv", *maps).line
    assert "unknown key `team`" in line and "--ignore team leaves it out" in line
    same = typed("data", "fingerprint", "clean.jsonl", "--json").json["fingerprint"]
    told = (*maps, "--ignore", "team")
    assert typed("data", "fingerprint", "faq.csv", *told, "--json").json["fingerprint"] == same
    assert typed("data", "diff", "clean.jsonl", "faq.csv", *told).code == 0
    assert "note  not read: team" in typed("data", "check", "faq.csv", *told).out


def test_a_column_is_found_wanting_once_not_in_every_row(typed: Type, project: TinyProject) -> None:
    project.write_lines("set.jsonl", [row | {"team": "A"} for row in GOOD])
    found = typed("data", "check", "set.jsonl", "--json").json["findings"]
    assert [(one["kind"], one["line"]) for one in found] == [("schema", None)]


@pytest.mark.parametrize("option", [("--ignore", "taem"), ("--map", "input=taem")])
def test_a_column_that_is_not_there_is_refused(
    typed: Type, project: TinyProject, option: tuple[str, str]
) -> None:
    project.write("faq.csv", CSV)
    line = typed("data", "check", "faq.csv", *option).line
    assert "has no such column, did you mean `team`?" in line


@pytest.mark.parametrize("name", ["dirty.csv", "dirty.tsv", "dirty.json", "dirty.jsonl"])
def test_a_cleaned_copy_keeps_the_format(typed: Type, project: TinyProject, name: str) -> None:
    rows = [row | {"id": f"n{place}"} for place, row in enumerate([*GOOD, GOOD[1]])]
    rows[3]["output"] = 'Hello,\n"3".'
    if name.endswith("sv"):
        sign = "," if name.endswith("csv") else "\t"
        cells = [list(rows[0]), *(list(row.values()) for row in rows)]
        quoted = [sign.join('"' + c.replace('"', '""') + '"' for c in row) for row in cells]
        project.write(name, "\n".join(quoted) + "\n")
    else:
        text = (
            json.dumps(rows, indent=1) if name == "dirty.json" else "\n".join(map(json.dumps, rows))
        )
        project.write(name, text)
    to = name.replace("dirty", "clean")
    assert (
        f"{to}: 60 examples kept, 1 lines dropped" in typed("data", "check", name, "--fix", to).out
    )
    project.write_lines("plain.jsonl", [{k: r[k] for k in ("input", "output")} for r in rows[:60]])
    assert typed("data", "diff", "plain.jsonl", to).code == 0
    kept = (project.folder / to).read_text(encoding="utf-8")
    assert "n59" in kept and "n60" not in kept


def test_a_copy_in_another_format_is_said(typed: Type, project: TinyProject) -> None:
    project.write("faq.csv", CSV + "person 1 of ward 1,Hello 1.,A\n")
    told = ("--map", "input=question", "--map", "output=answer", "--ignore", "team")
    said = typed("data", "check", "faq.csv", *told, "--fix", "clean.jsonl", "--json").json["fixed"]
    assert (said["kept"], said["written_as"]) == (60, "JSONL")
    line = typed("data", "check", "faq.csv", *told, "--fix", "clean.xlsx").line
    assert "CSV, TSV and JSONL are written of faq.csv, name it clean.jsonl" in line


@pytest.mark.parametrize("command", ["check", "fingerprint", "diff"])
def test_help_shows_every_format(typed: Type, command: str) -> None:
    said = typed("data", command, "--help").out
    for key in ("messages", "conversations", "prompt", "instruction", "Parquet", "--ignore"):
        assert key in said
