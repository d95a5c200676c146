"""Finals that became cases are weighed no more, and a conversation is weighed as it was had."""

from __future__ import annotations

from dataclasses import replace

from harness.findings.reviewed import reserve_id
from harness.flows.evaluation.finals import choose_finals, final_case
from harness.records import BASE, Message, Review, VoiceDay
from harness.workspace.project.voice_days import add_voice_day
from tests.fakes.engines import EchoEngine
from tests.fakes.finals import finals, keep, reserve_of
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.flows.conftest import session


def chosen(project: TinyProject, engine: EchoEngine) -> set[str]:
    with session(project, engine) as opened:
        found = choose_finals(opened, opened.benchmark(TASK), (BASE, BASE))
    return {review.id for review in found}


def with_reserve(project: TinyProject, *lines: dict[str, object]) -> None:
    project.write_lines(f"benchmarks/{TASK}/cases.reserve.jsonl", list(lines))


def ids(reviews: list[Review]) -> set[str]:
    return {review.id for review in reviews}


def test_every_final_may_be_chosen_where_none_is_a_case(
    project: TinyProject, engine: EchoEngine
) -> None:
    assert chosen(project, engine) == set()
    reviews = keep(project, finals(30))
    assert chosen(project, engine) == ids(reviews)


def test_what_was_sent_before_a_repositioning_is_no_final_after_it(
    project: TinyProject, engine: EchoEngine
) -> None:
    reviews = keep(project, finals(30))
    days = sorted(review.at[:10] for review in reviews)
    middle = days[len(days) // 2]
    mark = VoiceDay("reposition", TASK, 0, middle, "Ana", "x", f"{middle}T12:00:00Z", TASK, "f")
    add_voice_day(project.folder / "benchmarks" / TASK, [], mark)
    later = [review for review in reviews if review.at[:10] >= middle]
    assert 0 < len(later) < len(reviews)
    assert chosen(project, engine) <= ids(later)
    assert chosen(project, engine)


def test_what_entered_the_reserve_is_weighed_no_more(
    project: TinyProject, engine: EchoEngine
) -> None:
    one, two, *others = keep(project, finals(30))
    masked = reserve_of(two, reserve_id(two)) | {"input": "NAME asks about it in another way"}
    with_reserve(project, reserve_of(one, "of-ours") | {"input": one.input.upper()}, masked)
    assert chosen(project, engine) == ids(others)


def test_an_input_of_the_cases_is_weighed_no_more(project: TinyProject, engine: EchoEngine) -> None:
    one, *others = keep(project, finals(30))
    project.benchmark(TASK, BENCHMARK, [*CASES, reserve_of(one, "a")])
    assert chosen(project, engine) == ids(others)


def test_the_same_last_turn_in_two_conversations_is_two_finals(
    project: TinyProject, engine: EchoEngine
) -> None:
    one, *_ = finals(1)
    tea, coffee = (
        (Message("user", f"{what}?"), Message("assistant", "With milk?")) for what in "ab"
    )
    keep(project, [replace(one, id="a", turns=tea), replace(one, id="b", turns=coffee)])
    assert chosen(project, engine) == {"a", "b"}


def test_a_final_is_weighed_behind_all_that_the_adapter_was_given() -> None:
    (one,) = finals(1)
    turns = (Message("user", "Tea?"), Message("assistant", "With milk?"))
    case = final_case(replace(one, turns=turns, system="Be brief.", context=("page",)))
    assert (case.turns, case.system, case.context) == (turns, "Be brief.", ("page",))
    assert case.ideals == (one.final,)
