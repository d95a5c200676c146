"""A case whose input stays keeps its id, whatever happens to the rows around it."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.flows.benchmarks.case_table import CaseImportRequest
from harness.flows.benchmarks.importing import import_benchmark
from harness.flows.benchmarks.replacing import replace_cases

ROWS = [(f"input {number}", f"ideal {number}") for number in range(1, 26)]


def table(rows, head="input,ideal") -> str:
    return "\n".join([head, *(",".join(row) for row in rows), ""])


def imported(project, text, **asked):
    file = project.write("cases.csv", text)
    return import_benchmark(project.project, file, CaseImportRequest("new", **asked))


def cases(project) -> list[dict]:
    file = project.folder / "benchmarks" / "new" / "cases.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def edit(project, change) -> None:
    """A person changes cases.jsonl by hand."""
    found = cases(project)
    change(found)
    project.write_lines("benchmarks/new/cases.jsonl", found)


def ids(project) -> dict[str, str]:
    return {case["input"]: case["id"] for case in cases(project)}


@pytest.fixture
def first(project):
    imported(project, table(ROWS))
    return ids(project)


def test_a_row_on_top_renames_no_case(project, first):
    found = imported(project, table([("another", "one"), *ROWS]), replace=True).replaced
    after = ids(project)
    assert {text: after[text] for text in first} == first
    assert found.new == [after["another"]]
    assert after["another"] not in first.values()
    assert (len(found.same), found.gone, found.changed) == (25, [], {})


def test_rows_in_another_order_keep_their_ids(project, first):
    rows = random.Random(3).sample(ROWS, len(ROWS))
    found = imported(project, table(rows), replace=True).replaced
    assert ids(project) == first
    assert [case["input"] for case in cases(project)] == [row[0] for row in rows]
    assert len(found.same) == 25


def test_new_gone_and_changed_are_told_apart(project, first):
    rows = [*ROWS[:3], ("input 4", "another ideal"), ("brand new", "x"), *ROWS[5:]]
    found = imported(project, table(rows), replace=True).replaced
    assert found.gone == [first["input 5"]]
    assert found.changed == {first["input 4"]: ("ideal",)}
    assert found.new == [ids(project)["brand new"]]
    assert len(found.same) == 23


def test_an_input_that_differs_in_spaces_or_case_is_the_same_case_and_told_as_changed(
    project, first
):
    rows = [("Input  1!", "ideal 1"), *ROWS[1:]]
    found = imported(project, table(rows), replace=True).replaced
    assert ids(project)["Input  1!"] == first["input 1"]
    assert found.changed == {first["input 1"]: ("input",)}


def test_an_id_that_is_retired_is_given_to_no_other_case(project, first):
    imported(project, table(ROWS[:-1]), replace=True)
    imported(project, table([*ROWS[:-1], ("later", "x")]), replace=True)
    imported(project, table(ROWS[:-1]), replace=True)
    imported(project, table([*ROWS[:-1], ("still later", "x")]), replace=True)
    assert ids(project)["still later"] not in {*first.values(), "row-27"}
    assert ids(project)["still later"].startswith("case-")


def test_a_case_that_comes_back_is_the_case_that_it_was(project, first):
    imported(project, table([("guest", "x"), *ROWS]), replace=True)
    guest = ids(project)["guest"]
    imported(project, table(ROWS), replace=True)
    imported(project, table([*ROWS, ("guest", "x")]), replace=True)
    assert ids(project)["guest"] == guest


def test_ids_of_the_file_win(project, first):
    rows = [(f"own-{place}" if place < 2 else "", *row) for place, row in enumerate(ROWS)]
    found = imported(project, table(rows, "id,input,ideal"), replace=True).replaced
    after = ids(project)
    assert (after["input 1"], after["input 2"]) == ("own-0", "own-1")
    assert after["input 3"] == first["input 3"]
    assert found.renamed == {first["input 1"]: "own-0", first["input 2"]: "own-1"}


def test_an_id_of_the_file_that_another_case_had_leaves_that_case_a_new_one(project, first):
    taken = first["input 7"].upper()
    rows = [(taken, "brand new", "x"), *(("", *row) for row in ROWS[1:])]
    imported(project, table(rows, "id,input,ideal"), replace=True)
    after = ids(project)
    assert after["brand new"] == taken
    assert after["input 7"].startswith("case-")
    assert len({name.casefold() for name in after.values()}) == 25


def test_equal_inputs_are_told_apart_by_their_ideals(project):
    rows = [("same", "a"), ("same", "b"), ("same", "c")]
    imported(project, table(rows))
    before = {case["ideal"]: case["id"] for case in cases(project)}
    found = imported(project, table([("same", "d"), *reversed(rows)]), replace=True).replaced
    after = {case["ideal"]: case["id"] for case in cases(project)}
    assert {ideal: after[ideal] for ideal in before} == before
    assert found.new == [after["d"]]


def test_what_a_person_added_by_hand_stays_and_is_told(project, first):
    def by_hand(found):
        found[0] |= {"critical": True, "slices": {"kind": "short"}, "group": "g"}
        found[1] |= {"checks": {"max_words": 9}}

    edit(project, by_hand)
    found = imported(project, table([("top", "x"), *ROWS]), replace=True).replaced
    after = {case["input"]: case for case in cases(project)}
    assert after["input 1"]["critical"] is True
    assert after["input 1"]["slices"] == {"kind": "short"}
    assert after["input 2"]["checks"] == {"max_words": 9}
    assert found.kept == {"critical": 1, "slices.kind": 1, "group": 1, "checks": 1}
    assert found.changed == {}


def test_what_the_file_carries_takes_the_place_of_what_stood_there(project, first):
    edit(project, lambda found: found[0].update(critical=True, slices={"kind": "a", "age": "b"}))
    rows = [(*row, "", "c") for row in ROWS]
    text = table(rows, "input,ideal,critical,slice:kind")
    found = imported(project, text, replace=True).replaced
    assert cases(project)[0].get("critical") is None
    assert cases(project)[0]["slices"] == {"kind": "c", "age": "b"}
    assert found.kept == {"slices.age": 1}


def test_a_system_text_written_by_hand_stays_with_its_case(project, first):
    old = [{"id": "a", "input": "x", "ideal": "y", "system": "Be brief."}]
    made, found = replace_cases(
        old, [{"id": "row-2", "input": "x", "ideal": "y"}], [False], {"input", "ideal"}.__contains__
    )
    assert made == [{"id": "a", "input": "x", "ideal": "y", "system": "Be brief."}]
    assert found.kept == {"system": 1}


def test_placeholders_give_their_ids_to_no_case(project):
    project.write("benchmarks/new/benchmark.toml", 'name = "new"\ntask = "new"\n')
    lines = [{"id": "PLACEHOLDER-1", "input": "input 1", "ideal": "ideal 1"}]
    project.write_lines("benchmarks/new/cases.jsonl", lines)
    found = imported(project, table(ROWS), replace=True).replaced
    assert found.gone == ["PLACEHOLDER-1"]
    assert not any(case["id"].startswith("PLACEHOLDER") for case in cases(project))


def test_a_torn_file_is_replaced_and_its_lines_are_counted(project, first):
    project.write("benchmarks/new/cases.jsonl", '{"id": "a", "input": \n[]\n')
    found = imported(project, table(ROWS), replace=True).replaced
    assert found.unread == 2
    assert len(found.new) == 25


def test_it_is_told_before_anything_is_written(project, first):
    before = cases(project)
    heard = []

    class Listening:
        def planned(self, found):
            heard.append((found.replaced.new, cases(project) == before))

        def agrees(self, misfit, file):
            return False

    file = project.write("cases.csv", table([("top", "x"), *ROWS]))
    import_benchmark(project.project, file, CaseImportRequest("new", replace=True), Listening())
    assert heard == [([ids(project)["top"]], True)]


def test_a_dry_run_tells_it_and_writes_nothing(project, first):
    found = imported(project, table([("top", "x"), *ROWS]), replace=True, dry_run=True).replaced
    assert len(found.new) == 1
    assert ids(project) == first


texts = st.text("ab ", min_size=1, max_size=3).filter(str.strip)
objects = st.tuples(texts, texts, st.sampled_from(["", "row-3", "ROW-3", "a", "A"]))


@pytest.mark.slow
@given(st.lists(objects, max_size=8), st.lists(objects, max_size=8))
def test_no_two_cases_ever_get_one_id(before, after):
    old = [
        {"id": f"row-{number}", "input": text, "ideal": ideal}
        for number, (text, ideal, _) in enumerate(before, start=2)
    ]
    seen: set[str] = set()
    new, named = [], []
    for number, (text, ideal, identity) in enumerate(after, start=2):
        own = bool(identity) and identity.casefold() not in seen
        seen.add(identity.casefold())
        new.append({"id": identity if own else f"row-{number}", "input": text, "ideal": ideal})
        named.append(own)
    made, found = replace_cases(old, new, named, {"input", "ideal", "id"}.__contains__)
    folded = [case["id"].casefold() for case in made]
    assert len(set(folded)) == len(folded) == len(new)
    assert [case["input"] for case in made] == [case["input"] for case in new]
    told = len(found.same) + len(found.changed) + len(found.new)
    assert told == len(new)
    assert len(found.gone) == len(old) - len(found.same) - len(found.changed)
