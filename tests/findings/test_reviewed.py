"""Reviewed inputs are told apart, and are recognised in the cases of a benchmark."""

from __future__ import annotations

from dataclasses import replace

from harness.findings.reviewed import held_by, input_key, reserve_id, same_as_case
from harness.records import Benchmark, Case, Message, Review
from tests.fakes.finals import finals

ONE, TWO = finals(2)


def benchmark(*cases: Case, reserve: tuple[Case, ...] = ()) -> Benchmark:
    return Benchmark("openers", "openers", cases, "f", reserve=reserve)


def told(text: str) -> Review:
    return replace(ONE, input=text)


def test_an_input_keeps_its_id_whoever_wrote_the_output_and_however_it_is_typed() -> None:
    other = replace(ONE, id="x", adapter="other", final="Else", input=f" {ONE.input.upper()} !")
    assert reserve_id(other) == reserve_id(ONE) != reserve_id(TWO)
    assert reserve_id(ONE).startswith("sent-")


def test_an_earlier_turn_a_document_and_the_task_make_another_input() -> None:
    same = told("yes please")
    others = [
        replace(same, turns=(Message("user", "Tea?"), Message("assistant", "With milk?"))),
        replace(same, context=("a menu",)),
        replace(same, task="support"),
    ]
    assert len({input_key(one) for one in (same, *others)}) == 4


def test_a_case_and_a_reserve_case_are_found_by_their_input() -> None:
    case, kept = Case("a", ONE.input.upper(), ("x",)), Case("b", TWO.input, ("x",))
    both = benchmark(case, reserve=(kept,))
    other = told("something else entirely, about another matter")
    assert same_as_case(both, [other, ONE, TWO]) == {1, 2}
    assert held_by([both], [other, ONE, TWO]) == {1, 2}


def test_a_reserve_case_is_known_by_its_id_where_a_person_changed_its_input() -> None:
    masked = Case(reserve_id(ONE), "NAME of COMPANY wants to know about it", ("x",))
    assert same_as_case(benchmark(reserve=(masked,)), [TWO, ONE]) == {1}
    assert held_by([benchmark(reserve=(masked,))], [TWO, ONE]) == {1}


def test_an_input_that_only_resembles_a_case_may_be_weighed_and_not_be_taught() -> None:
    case = Case("a", "Write to Ana of Delta Freight about the plan of the week", ("x",))
    near = told("Write to Eva of Delta Freight about the plan of the week")
    assert same_as_case(benchmark(case), [near]) == set()
    assert held_by([benchmark(case)], [near]) == {0}
