"""What a project does not let be shown is shown nowhere: every outlet of the command."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from harness.records import Review
from tests.cli.conftest import Type
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject

ADDRESS = "eva.elm@example.com"
CLIENT = "ACME-4711"
WRITTEN = f'Dear {ADDRESS}, about {CLIENT} and "us"'
MASKED = '\n[tool.harness.privacy]\nredact = ["email", "/ACME-[0-9]+/"]\n'
SHUT = "\n[tool.harness.privacy]\ntexts = false\n"
TEXTS = [part for case in CASES for part in (case["input"], case["ideal"])]


@pytest.fixture
def leaky(project: TinyProject) -> TinyProject:
    """Every place where a text can come from has an address and a client's number in it."""
    cases = [
        case
        | {
            "input": f"{case['input']} {ADDRESS}",
            "ideal": f"{case['ideal']} {CLIENT}",
            "slices": {"client": CLIENT},
            "checks": {"contains": [f"never {CLIENT}"]},
        }
        for case in CASES
    ]
    project.benchmark("openers", BENCHMARK, cases)
    project.record("good", texts={case["id"]: case["ideal"] for case in cases})
    project.promote("good", pin=True)
    project.record("leaky", quality="bad", texts={case["id"]: WRITTEN for case in cases})
    with closing(project.store()) as store:
        store.reviews.keep(
            [
                Review(
                    id=f"r{n}", at=f"2026-03-{n + 1:02}T10:00:00.000Z", task=TASK, adapter="good",
                    digest="", input=f"to {ADDRESS} {n}", output=WRITTEN, decision="edited",
                    final=f"Hello {ADDRESS}", reviewer=ADDRESS, reason=f"named {CLIENT}",
                    slices={"client": CLIENT}, edit_rate=0.6,
                )
                for n in range(12)
            ]
        )  # fmt: skip
    return project


OUTLETS = [
    ("evaluate", "leaky", "--benchmark", "openers"),
    ("evaluate", "leaky", "--benchmark", "openers", "--json"),
    ("sweep", "leaky", "good"),
    ("sweep", "leaky", "good", "--json"),
    ("compare", "good", "leaky"),
    ("compare", "good", "leaky", "--json"),
    ("monitor", "--no-inputs"),
    ("monitor", "--no-inputs", "--json"),
    ("reviews", "rates", "--by", "reviewer"),
    ("reviews", "rates", "--by", "slice", "--json"),
    ("reviews", "import", "more.csv", "--dry-run"),
    ("reviews", "import", "bad.csv"),
    ("benchmark", "import", "cases.csv", "--name", "other", "--dry-run"),
    ("benchmark", "import", "cases.csv", "--name", "other", "--dry-run", "--json"),
    ("benchmark", "check", "openers"),
    ("data", "diff", "old.jsonl", "new.jsonl"),
    ("data", "diff", "old.jsonl", "new.jsonl", "--json"),
    ("log",),
    ("log", "--json"),
    ("evaluate", f"{CLIENT} {ADDRESS}"),
    ("evaluate", f"{CLIENT} {ADDRESS}", "--json"),
]


@pytest.fixture
def files(leaky: TinyProject) -> TinyProject:
    """Files that outlets show parts of."""
    leaky.promote("good", by=ADDRESS, why=f"for {CLIENT}")
    head = "id,at,task,adapter,input,output,final\n"
    row = f"x1,2026-03-01,{TASK},good,to {ADDRESS},{CLIENT} out,{CLIENT} final\n"
    leaky.write("more.csv", head + row)
    leaky.write("bad.csv", head + row.replace("2026-03-01", f"on {ADDRESS}"))
    leaky.write("cases.csv", f"id,input,ideal\nc1,to {ADDRESS},Hi {CLIENT}\n")
    line = {"input": f"to {ADDRESS}", "output": f"Hi {CLIENT}"}
    leaky.write_lines("old.jsonl", [line])
    leaky.write_lines("new.jsonl", [line | {"output": f"Bye {CLIENT} {ADDRESS}"}])
    return leaky


@pytest.mark.long
@pytest.mark.parametrize("words", OUTLETS, ids=" ".join)
def test_what_the_project_lists_is_masked_in_every_outlet(
    files: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    files.settings(MASKED)
    found = typed(*words)
    shown = found.out + found.err
    assert shown.strip()
    assert CLIENT not in shown
    assert "eva.elm" not in shown


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "leaky"),
        ("compare", "good", "leaky"),
        ("data", "diff", "old.jsonl", "new.jsonl"),
    ],
)
def test_what_is_masked_is_visibly_marked(
    files: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    files.settings(MASKED)
    shown = typed(*words).out
    assert "[email]" in shown and "[redacted]" in shown


@pytest.mark.long
@pytest.mark.parametrize("how", [MASKED, SHUT, ""], ids=["listed", "shut", "asked"])
def test_no_report_holds_what_the_project_hides(files: TinyProject, typed: Type, how: str) -> None:
    files.settings(how)
    typed("evaluate", "leaky", "--benchmark", "openers", *(() if how else ("--no-texts",)))
    written = [f for f in (files.folder / "reports").rglob("*") if f.suffix not in (".db", "")]
    assert {f.suffix for f in written} >= {".html", ".md", ".json"}
    hidden = ("eva.elm", CLIENT) if how == MASKED else (WRITTEN[:12], *TEXTS)
    for file in written:
        text = file.read_text("utf-8")
        assert not [one for one in hidden if one in text], file


ASKED = [(*words, "--no-texts") for words in OUTLETS[:6]]


@pytest.mark.long
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_without_texts_none_is_shown_and_every_figure_is(
    files: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    plain, shut = typed(*words[:-1]), typed(*words)
    assert shut.code == plain.code
    for text in (WRITTEN, WRITTEN[:12], *TEXTS):
        assert text not in shut.out
    assert "[text left out]" in shut.out or words[0] == "sweep"


@pytest.mark.long
@pytest.mark.parametrize("words", OUTLETS[:11], ids=" ".join)
def test_settings_leave_texts_out_for_everybody(
    files: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    files.settings(SHUT)
    shown = typed(*words)
    for text in (WRITTEN[:12], "to eva", f"{CLIENT} out", f"{CLIENT} final", *TEXTS):
        assert text not in shown.out + shown.err


@pytest.mark.long
def test_a_case_whose_texts_are_left_out_still_counts_as_different(
    files: TinyProject, typed: Type
) -> None:
    cases = typed("compare", "good", "leaky", "--no-texts", "--json").json["cases"]
    assert [case["same"] for case in cases] == [False] * 8


# --- reviews on their way out -------------------------------------------------------------------


def lines(project: TinyProject, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (project.folder / name).read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["--raw", "--training", "--candidates"])
def test_exported_reviews_are_masked(files: TinyProject, typed: Type, shape: str) -> None:
    files.settings(MASKED)
    assert typed("reviews", "export", "out.jsonl", shape).code == 0
    written = (files.folder / "out.jsonl").read_text()
    assert "[email]" in written
    assert CLIENT not in written and "eva.elm" not in written


@pytest.mark.slow
def test_without_texts_reviews_are_exported_as_rates(files: TinyProject, typed: Type) -> None:
    files.settings(SHUT)
    assert typed("reviews", "export", "out.jsonl", "--raw").code == 0
    found = lines(files, "out.jsonl")
    assert [(one["id"], one["edit_rate"]) for one in found] == [(f"r{n}", 0.6) for n in range(12)]
    assert not {"input", "output", "final", "reason"} & set(found[0])


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["--training", "--candidates"])
def test_without_texts_there_is_nothing_to_train_on(
    files: TinyProject, typed: Type, shape: str
) -> None:
    files.settings(SHUT)
    found = typed("reviews", "export", "out.jsonl", shape)
    assert found.code == 4
    assert "leaves texts out" in found.line
    assert not (files.folder / "out.jsonl").exists()


@pytest.mark.long
def test_the_history_stays_exact_since_its_seals_cover_it(files: TinyProject, typed: Type) -> None:
    typed("evaluate", "leaky")
    files.settings(MASKED)
    assert typed("history", "export", "history.jsonl").code == 0
    assert ADDRESS in (files.folder / "history.jsonl").read_text()


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('redact = ["e-mail"]', "did you mean `email`?"),
        ('redact = ["ACME"]', "a pattern stands between slashes"),
        ('redact = ["/(/"]', "missing )"),
        ('redact = ["/x*/"]', "matches nothing at all as well"),
        ('redact = "email"', "a list"),
        ("redact = [1]", "a number"),
        ('texts = "no"', "true or false"),
        ('region = "Utopia"', "two letters"),
        ("text = false", "did you mean `texts`"),
    ],
)
def test_a_section_that_means_nothing_is_refused_before_anything_is_shown(
    project: TinyProject, typed: Type, line: str, said: str
) -> None:
    project.settings(f"\n[tool.harness.privacy]\n{line}\n")
    found = typed("evaluate", "bad")
    assert found.code == 4
    assert said in found.line and "pyproject.toml" in found.line


@pytest.mark.long
def test_a_pattern_that_runs_for_ever_leaves_the_text_out(
    project: TinyProject, typed: Type
) -> None:
    project.settings('\n[tool.harness.privacy]\nredact = ["/(a|aa)+$/"]\n')
    project.record("long", quality="bad", texts={"health-1": "a" * 60 + "!"})
    found = typed("compare", "good", "long")
    assert "took too long" in " ".join(found.out.split())
    assert "aaaa" not in found.out
