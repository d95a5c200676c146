"""`lora-harness benchmark` as somebody types it."""

from __future__ import annotations

import io
import json

import pytest

from harness.workspace.project.starter import sample_benchmark_file
from tests.cli.conftest import Type
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject


@pytest.mark.parametrize("word", ["check", "diff", "import"])
def test_help_has_an_example_and_the_exit_codes(typed: Type, word: str) -> None:
    found = typed("benchmark", word, "--help")
    assert found.code == 0
    shown = " ".join(found.out.split())
    assert f"Example: lora-harness benchmark {word} " in shown
    assert "Exit codes: 0" in shown


def test_a_fit_benchmark_ends_with_zero(typed: Type, project: TinyProject) -> None:
    found = typed("benchmark", "check")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(f"{TASK} · task {TASK} · 8 cases · benchmark ")
    assert "slice industry=health has 4 cases" in " ".join(found.out.split())
    assert found.out.count("  fit    ") == 2


def test_an_unfit_benchmark_ends_with_one(typed: Type, project: TinyProject) -> None:
    project.benchmark(TASK, BENCHMARK, [CASES[0] | {"id": "PLACEHOLDER-1"}, *CASES[1:]])
    found = typed("benchmark", "check", TASK)
    assert found.code == 1
    assert "placeholders are not a benchmark" in " ".join(found.out.split())
    assert "UNFIT  1 finding to put right" in found.out


def test_json_has_every_finding_with_kind_line_and_message(
    typed: Type, project: TinyProject
) -> None:
    project.benchmark(TASK, BENCHMARK, [CASES[0] | {"ideal": ""}, *CASES[1:]])
    found = typed("benchmark", "check", "--json")
    assert found.code == 1
    told = found.json
    assert told["fit"] is False
    assert told["findings"][0]["kind"] == "empty"
    assert told["findings"][0]["line"] == 1
    assert {"kind", "line", "message", "benchmark", "unfit"} == set(told["findings"][0])
    assert [(b["name"], b["fit"]) for b in told["benchmarks"]] == [(TASK, False), ("manners", True)]


@pytest.mark.long
def test_history_that_was_judged_is_told(typed: Type, project: TinyProject) -> None:
    for name in ("good", "same", "bad"):
        typed("evaluate", name, "--benchmark", TASK)
    (told,) = typed("benchmark", "check", TASK, "--margin", "0.02", "--json").json["benchmarks"]
    assert told["judged"] == 3
    assert told["adapters"] == ["good", "same", "bad"]
    assert told["needed"][0]["margin"] == 0.02
    shown = " ".join(typed("benchmark", "check", TASK).out.split())
    assert "3 candidates judged on this version: the risk that one worse by exactly" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "opners"), "did you mean `openers`"),
        (("check", "--margin", "2"), "more than 0 and less than 1"),
        (("check", "--margin", "x"), "not a valid float"),
        (("chekc",), "did you mean `check`"),
        (("diff", TASK, "nix"), "no such benchmark"),
        (("diff", TASK, "./nix"), "no such file"),
        (("diff", TASK), "Missing argument"),
        (("import", "nix.csv", "--name", "new"), "no such file"),
        (("import", "nix.doc", "--name", "new"), "no table that is understood"),
        (("import", ".", "--name", "new"), "no table that is understood"),
        (("import", "nix.csv", "--name", "new", "--map", "nix"), "--map nix: must look like"),
        (("import", "nix.csv", "--name", "new", "--map", "nix=a"), "--map nix=a: must look"),
        (("import", "nix.csv"), "Missing option '--name'"),
    ],
)
def test_a_wrong_request_is_one_line_and_four(
    typed: Type, project: TinyProject, words: tuple[str, ...], said: str
) -> None:
    found = typed("benchmark", *words)
    assert found.code == 4
    assert said in found.line
    again = typed("benchmark", *words, "--json")
    assert again.code == 4
    assert said in again.json["error"]


@pytest.mark.medium
def test_a_difference_ends_with_one_and_says_what_it_means(
    typed: Type, project: TinyProject
) -> None:
    typed("evaluate", "good", "--benchmark", TASK)
    version = project.project.benchmark(TASK).fingerprint[:6]
    changed = CASES[0] | {"ideal": str(CASES[0]["ideal"]).replace("week", "month")}
    project.benchmark(TASK, BENCHMARK, [changed, *CASES[2:], CASES[1] | {"id": "new-1"}])
    found = typed("benchmark", "diff", f"{TASK}@{version}", TASK)
    assert found.code == 1
    shown = " ".join(found.out.split())
    assert "[-week-] [+month+]" in shown
    assert f"added new-1 removed {CASES[1]['id']} {CASES[0]['id']}" in shown
    assert "the promoted adapter is run again automatically" in shown
    told = typed("benchmark", "diff", f"{TASK}@{version}", TASK, "--json").json
    assert told["same"] is False
    assert [one["id"] for one in told["added"]] == ["new-1"]
    assert told["changed"][0]["fields"][0]["field"] == "ideal"


def test_no_difference_ends_with_zero(typed: Type, project: TinyProject) -> None:
    found = typed("benchmark", "diff", TASK, f"benchmarks/{TASK}")
    assert found.code == 0
    assert "the two are the same" in found.out


def test_an_import_shows_what_it_understood_and_wrote(typed: Type, project: TinyProject) -> None:
    project.write("cases.csv", "Prompt,good,industry\n=cmd|x,Hi\x1b[2J,a\nb,c,d\n")
    words = ("benchmark", "import", "cases.csv", "--name", "new", "--map", "ideal=good")
    words = (*words, "--slice", "industry")
    dry = typed(*words, "--dry-run")
    assert dry.code == 0
    assert "slices.industry  ←  industry" in dry.out
    assert "2 cases, nothing was written" in dry.out
    assert "\x1b" not in dry.out
    assert not (project.folder / "benchmarks" / "new").exists()
    told = typed(*words, "--json").json
    assert told["columns"] == {"ideal": "good", "input": "Prompt", "slices.industry": "industry"}
    assert told["cases"] == 2
    assert len(told["written"]) == 2
    assert typed("benchmark", "check", "new").code == 1  # two cases are too few
    assert typed(*words).code == 4


def test_bad_rows_are_each_a_line_up_to_twenty(typed: Type, project: TinyProject) -> None:
    rows = "".join(f"{number},,x\n" for number in range(25))
    project.write("cases.csv", f"id,input,ideal\n{rows}")
    found = typed("benchmark", "import", "cases.csv", "--name", "new")
    assert (found.code, found.out) == (4, "")
    lines = found.err.splitlines()
    assert lines[0] == "lora-harness: cases.csv:2: `input` is empty, a text is needed"
    assert len(lines) == 21
    assert lines[-1].endswith("25 rows are no cases, nothing was written (5 more than shown)")
    told = typed("benchmark", "import", "cases.csv", "--name", "new", "--json")
    assert told.code == 4
    assert len(told.json["bad"]) == 25
    assert json.dumps(told.json["error"]) == '"25 rows are no cases, nothing was written"'


PROMPTFOO = """\
prompts: ["Write to {{name}}."]
tests:
  - vars: {name: Ana}
    assert:
      - {type: equals, value: Hi Ana}
      - {type: llm-rubric, value: is friendly}
  - vars: {name: Ben}
    assert: [{type: equals, value: Hi Ben}, {type: contains, value: Ben}]
"""


def test_cases_of_promptfoo_come_in_and_what_stays_behind_is_named(
    typed: Type, project: TinyProject
) -> None:
    project.write("promptfooconfig.yaml", PROMPTFOO)
    words = ("benchmark", "import", "promptfooconfig.yaml", "--name", "new")
    assert "not kept  assert llm-rubric" in typed(*words, "--dry-run").out
    told = typed(*words, "--json").json
    assert (told["cases"], told["left"]) == (2, {"assert llm-rubric": 1})
    found = project.project.benchmark("new").cases
    assert [case.ideals for case in found] == [("Hi Ana",), ("Hi Ben",)]
    assert [check.value for check in found[1].checks] == [("Ben",)]


def test_a_test_of_promptfoo_that_is_no_case_is_named_with_its_line(
    typed: Type, project: TinyProject
) -> None:
    text = PROMPTFOO.replace("{name: Ben}", "{nome: Ben}")
    project.write("promptfooconfig.yaml", text)
    found = typed("benchmark", "import", "promptfooconfig.yaml", "--name", "new")
    assert found.code == 4
    line = "promptfooconfig.yaml:7: the prompt names {{name}}, known are nome"
    assert found.err.startswith(f"lora-harness: {line}")


def started(typed: Type, project: TinyProject) -> None:
    """Write the benchmark that `init` writes, for cases of the tiny project."""
    project.write("benchmarks/new/benchmark.toml", sample_benchmark_file("new"))
    project.write_lines("benchmarks/new/cases.jsonl", CASES)


ROWS = "input,ideal\n" + "".join(f'"{one["input"]}","{one["ideal"]}"\n' for one in CASES)
REPLACE = ("benchmark", "import", "cases.csv", "--name", "new", "--replace")


def test_a_replacement_says_what_is_new_gone_and_changed_before_it_is_written(
    typed: Type, project: TinyProject
) -> None:
    started(typed, project)
    rows = ROWS.replace("with 2 teams", "with two teams").replace("Hana", "Ida")
    project.write("cases.csv", rows)
    dry = typed(*REPLACE, "--dry-run")
    (new,) = typed(*REPLACE, "--dry-run", "--json").json["replaced"]["new"]
    assert "replaces 1 new, 1 gone, 2 changed, 5 as they were" in " ".join(dry.out.split())
    assert "changed logistics-2 (ideal), health-2 (ideal)" in " ".join(dry.out.split())
    assert f"new {new}" in " ".join(dry.out.split())
    assert "gone health-4" in " ".join(dry.out.split())
    assert "slices.industry of 7 cases: the file has none" in " ".join(dry.out.split())
    assert project.project.benchmark("new").cases[7].id == "health-4"
    done = typed(*REPLACE)
    assert done.out.index("replaces") < done.out.index("wrote")
    assert [one.id for one in project.project.benchmark("new").cases] == [
        *(case["id"] for case in CASES[:7]), new,
    ]  # fmt: skip


def test_samples_of_init_are_warned_of_with_the_line_to_write(
    typed: Type, project: TinyProject
) -> None:
    started(typed, project)
    project.write("cases.csv", ROWS)
    before = (project.folder / "benchmarks/new/benchmark.toml").read_text()
    found = typed(*REPLACE)
    assert found.code == 0
    lines = found.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("warning: ")
    assert "benchmark.toml: the sample system text of `init` still stands there;" in lines[0]
    assert lines[0].endswith('--yes changes it, or write there: system = ""')
    assert (project.folder / "benchmarks/new/benchmark.toml").read_text() == before
    told = typed(*REPLACE, "--json").json["settings"]
    assert [(one["key"], one["changed"]) for one in told] == [
        ("system", False),
        ("examples", False),
    ]


def test_yes_changes_them_and_no_leaves_them(typed: Type, project: TinyProject) -> None:
    started(typed, project)
    project.write("cases.csv", ROWS)
    typed(*REPLACE, "--no")
    assert project.project.benchmark("new").system
    found = typed(*REPLACE, "--yes")
    assert (found.code, found.err) == (0, "")
    assert 'changed system = ""' in found.out
    made = project.project.benchmark("new")
    assert (made.system, made.examples) == ("", ())
    assert made.metrics[0].name == "ideal_likelihood"


def test_on_a_terminal_each_is_asked(
    typed: Type, project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(typed, project)
    project.write("cases.csv", ROWS)
    monkeypatch.setattr("harness.cli.benchmark._on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\ny\n"))
    found = typed(*REPLACE)
    assert 'change it to: system = ""? [Y/n]' in found.out
    made = project.project.benchmark("new")
    assert made.system and not made.examples
    assert found.err.count("warning: ") == 1
