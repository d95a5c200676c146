"""Training data under check: every bad line, a cleaned copy, and its fingerprint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import BenchmarkError, DataError, RequestError
from harness.flows.training.check_data import (
    DataCheckRequest,
    banned_by,
    check_data,
    fingerprint_data,
    fix_data,
)
from harness.workspace.project.training_data import read_training_set
from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.fakes.refusals import refused

PLAIN = DataCheckRequest()
GOOD = [{"input": f"person {n} of ward {n}", "output": f"Hello {n}."} for n in range(60)]


def lines(project: TinyProject, *more: str) -> Path:
    text = "".join(f"{json.dumps(row)}\n" for row in GOOD)
    return project.write("set.jsonl", text + "".join(f"{line}\n" for line in more))


def kinds(
    project: TinyProject, file: Path, asked: DataCheckRequest = PLAIN
) -> list[tuple[str, int | None]]:
    return [(f.kind, f.line) for f in check_data(project.project, file, asked).findings]


def test_a_good_set_is_fit(project: TinyProject) -> None:
    found = check_data(project.project, lines(project), DataCheckRequest())
    assert (found.findings, found.fit, found.examples, found.notes) == ((), True, 60, ())


def test_every_bad_line_is_found_not_only_the_first(project: TinyProject) -> None:
    bad = ['{"input": "a"', "[]", '{"input": "a"}', '{"input": " ", "output": "b"}', "",
           '{"input": "a", "output": 1}', '{"input": "a", "output": "b", "more": 1}']  # fmt: skip
    assert kinds(project, lines(project, *bad)) == [
        ("schema", 61),
        ("schema", 62),
        ("schema", 63),
        ("empty", 64),
        ("schema", 66),
        ("schema", 67),
    ]


def test_messages_do_not_repeat_the_place(project: TinyProject) -> None:
    found = check_data(project.project, lines(project, '{"input": ""}'), DataCheckRequest())
    assert [finding.message for finding in found.findings] == ["`input` is empty"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"", "holds no example"),
        (b"\xff\xfe{", "1: is UTF-16"),
        (b'{"input": "a", "output": "b"}\n\xff', ":2: is not UTF-8"),
        (b"[" * 5_000_000, ":1: a line of more than"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    project: TinyProject, text: bytes, line: str
) -> None:
    file = project.folder / "set.jsonl"
    file.write_bytes(text)
    with refused(line, DataError):
        check_data(project.project, file, DataCheckRequest())


def test_a_mark_at_the_beginning_is_no_fault(project: TinyProject) -> None:
    file = project.folder / "set.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + lines(project).read_bytes())
    assert check_data(project.project, file, DataCheckRequest()).fit


def test_separators_within_a_line_do_not_shift_the_lines(project: TinyProject) -> None:
    row = json.dumps(
        {"input": "person\u202899 of ward\x8599", "output": "Hello\u2029 99."}, ensure_ascii=False
    )
    assert kinds(project, lines(project, row, "[]")) == [("schema", 62)]


def test_cases_of_every_benchmark_are_looked_for(project: TinyProject) -> None:
    rows = [json.dumps({"input": text, "output": "Fine."}) for text in
            (CASES[0]["input"].lower(), "SAY YES POLITELY")]  # fmt: skip
    file = lines(project, *rows)
    assert kinds(project, file) == [("overlap", 61), ("overlap", 62)]
    assert kinds(project, file, DataCheckRequest(benchmarks=("manners",))) == [("overlap", 62)]


def test_cases_of_a_reserve_are_looked_for_as_well(project: TinyProject) -> None:
    kept = {"id": "more-1", "input": "Ida, Mill Foods (retail)", "ideal": "Hi Ida"}
    project.write_lines("benchmarks/openers/cases.reserve.jsonl", [kept])
    file = lines(project, json.dumps({"input": "IDA, Mill Foods, retail", "output": "Fine."}))
    assert kinds(project, file) == [("overlap", 61)]


def test_small_sets_are_said_to_be_small_and_are_fit(project: TinyProject) -> None:
    file = project.write_lines("few.jsonl", GOOD[:49])
    found = check_data(project.project, file, DataCheckRequest())
    assert [(f.kind, f.line) for f in found.findings] == [("size", None)]
    assert found.fit


def test_without_a_project_the_rest_is_still_looked_for(project: TinyProject) -> None:
    file = lines(project, json.dumps(GOOD[0]))
    found = check_data(None, file, DataCheckRequest())
    assert [f.kind for f in found.findings] == ["duplicate"]
    assert found.notes == ("no project here, so benchmarks, glossary and voice were not looked at",)


def test_with_several_tasks_one_has_to_be_named_for_its_glossary(project: TinyProject) -> None:
    second = BENCHMARK.replace('"openers"', '"subjects"')
    project.benchmark("subjects", second, CASES)
    found = check_data(project.project, lines(project), DataCheckRequest())
    assert "glossary and voice were not looked at: several" in found.notes[0]
    assert check_data(project.project, lines(project), DataCheckRequest(task="openers")).notes == ()
    with refused("poems: no benchmark is for this task", BenchmarkError):
        check_data(project.project, lines(project), DataCheckRequest(task="poems"))


def test_wrong_names_are_refused(project: TinyProject) -> None:
    with refused("nosuch: no such benchmark", BenchmarkError):
        check_data(project.project, lines(project), DataCheckRequest(benchmarks=("nosuch",)))
    with refused("ZZ: no such region", RequestError):
        check_data(project.project, lines(project), DataCheckRequest(region="ZZ"))


def test_the_glossary_and_what_every_case_excludes_are_banned(project: TinyProject) -> None:
    toml = f'{BENCHMARK}\n[checks]\nexcludes = ["hooray"]\n[checks.terms.value]\nrun = ["tour"]\n'
    project.benchmark("openers", toml.replace(".value", ""), CASES)
    banned = banned_by(project.project.benchmark("openers"))
    assert banned("A Tour, then") == '"Tour" is banned, write "run"'
    assert "hooray" in banned("HOORAY!")
    assert banned("detours and runs") == ""


# --- the cleaned copy ---------------------------------------------------------------------------


def test_the_copy_is_clean_and_says_what_is_gone(project: TinyProject) -> None:
    file = lines(project, json.dumps(GOOD[3]), "[]", "", json.dumps(GOOD[4] | {"output": "No."}))
    before = file.read_bytes()
    to = project.folder / "clean.jsonl"
    found = check_data(project.project, file, DataCheckRequest())
    fixed = fix_data(project.project, file, to, found, DataCheckRequest())
    assert [(f.kind, f.line) for f in fixed.dropped] == [
        ("duplicate", 61),
        ("schema", 62),
        ("contradiction", 64),
    ]
    assert (fixed.kept, fixed.left) == (60, ())
    assert file.read_bytes() == before
    assert read_training_set(to).fingerprint == fixed.fingerprint
    assert check_data(project.project, to, DataCheckRequest()).findings == ()


def test_lines_that_stay_are_not_rewritten(project: TinyProject) -> None:
    odd = '{ "output":"\\u00e9 fine.",  "input": "é", "slices": {"k": "v"}}'
    file, to = lines(project, odd, "[]"), project.folder / "clean.jsonl"
    fix_data(
        project.project,
        file,
        to,
        check_data(project.project, file, DataCheckRequest()),
        DataCheckRequest(),
    )
    assert to.read_text(encoding="utf-8").splitlines()[-1] == odd


def test_what_dropping_does_not_mend_is_left_and_said(project: TinyProject) -> None:
    file = project.write_lines("few.jsonl", [*GOOD[:10], GOOD[0]])
    found = check_data(project.project, file, DataCheckRequest())
    fixed = fix_data(project.project, file, project.folder / "c.jsonl", found, DataCheckRequest())
    assert [f.kind for f in fixed.left] == ["size"]
    assert fixed.left[0].message.startswith("10 examples")


def test_the_original_is_never_overwritten_and_an_empty_copy_never_written(
    project: TinyProject,
) -> None:
    file = lines(project)
    found = check_data(project.project, file, DataCheckRequest())
    with refused("is the file itself", RequestError):
        fix_data(project.project, file, file.parent / "." / file.name, found, DataCheckRequest())
    bad = project.write("bad.jsonl", "[]\n")
    found = check_data(project.project, bad, DataCheckRequest())
    with refused("nothing would be left", RequestError):
        fix_data(project.project, bad, project.folder / "c.jsonl", found, DataCheckRequest())
    assert not (project.folder / "c.jsonl").exists()


# --- fingerprint and difference -----------------------------------------------------------------


def test_the_fingerprint_is_that_of_training_json(project: TinyProject) -> None:
    file = lines(project)
    found = fingerprint_data(file)
    assert (found.fingerprint, found.examples) == (read_training_set(file).fingerprint, 60)


def test_a_file_with_bad_lines_has_no_fingerprint(project: TinyProject) -> None:
    with refused(r"set.jsonl:61: is not an object.*2 bad lines", DataError):
        fingerprint_data(lines(project, "[]", "{}"))


def test_retired_lines_are_looked_at_for_personal_data_only(project: TinyProject) -> None:
    old = '{"input": "person 3 of ward 3", "output": "Dear %s", "retired": "2026-06-01"}'
    file = lines(project, old % "Sir", old % "ana@example.com")
    found = check_data(project.project, file, PLAIN)
    assert [(f.kind, f.line) for f in found.findings] == [("personal_data", 62), ("origin", None)]
    assert "2 of 62 examples are retired, not taught" in found.notes
