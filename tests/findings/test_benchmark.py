import pytest

from harness.findings.benchmark import (
    BadCaseLine,
    CaseLine,
    failed_checks,
    near_repeated,
    personal_data,
    placeholders,
    refused_lines,
    repeated,
    size,
    small_slices,
    too_few_for,
)
from harness.records import Case, CasesNeeded, CheckResult, Message, Policy


def written(*cases: Case) -> list[CaseLine]:
    return [CaseLine(line, case) for line, case in enumerate(cases, start=1)]


def case(name: str, text: str, *ideals: str, **more) -> Case:
    return Case(name, text, ideals or ("fine",), **more)


LONG = "Write one opener to Ana Delgado of Delta Freight who runs eighty trucks out of Leeds"


def test_a_case_with_a_placeholders_id_is_named_with_its_line():
    found = list(placeholders(written(case("real", "a"), case("PLACEHOLDER-2", "b"))))
    assert [(f.kind, f.line) for f in found] == [("placeholder", 2)]
    assert "placeholders are not a benchmark" in found[0].message


def test_an_id_that_only_speaks_of_placeholders_is_a_case_like_any_other():
    assert not list(placeholders(written(case("form-placeholder-1", "a"))))


def test_the_same_input_with_the_same_ideals_counts_twice():
    (found,) = repeated(written(case("one", "Hi there"), case("two", "hi  there!")))
    assert (found.kind, found.line) == ("duplicate", 2)
    assert "one (line 1)" in found.message


def test_the_same_input_with_other_ideals_is_a_contradiction():
    (found,) = repeated(written(case("one", "Hi there", "yes"), case("two", "Hi there", "no")))
    assert found.kind == "contradiction"


def test_the_order_of_several_ideals_is_no_contradiction():
    (found,) = repeated(written(case("one", "Hi", "a", "b"), case("two", "Hi", "b", "a")))
    assert found.kind == "duplicate"


def test_inputs_that_differ_in_a_word_are_near_and_may_be_grouped():
    near = LONG.replace("eighty", "ninety")
    (found,) = near_repeated(written(case("one", LONG), case("two", near)))
    assert (found.kind, found.line) == ("near_duplicate", 2)
    assert "but for a word" in found.message
    grouped = written(case("one", LONG, group="ana"), case("two", near, group="ana"))
    assert not list(near_repeated(grouped))


def test_two_groups_do_not_excuse_near_inputs():
    near = LONG.replace("eighty", "ninety")
    assert list(near_repeated(written(case("a", LONG, group="x"), case("b", near, group="y"))))


def test_short_questions_of_one_form_are_no_near_duplicates():
    towns = ("Japan", "Greece", "Norway", "Chile", "Kenya")
    asked = written(*(case(town, f"What is the capital of {town}?") for town in towns))
    assert not list(near_repeated(asked))
    assert not list(repeated(asked))


def test_an_ideal_that_fails_its_own_must_check_makes_the_benchmark_unfit():
    failed = CheckResult("max_words", "must", False, "9 words, at most 5")
    shown = CheckResult("grounded", "report", False, "30 % is nowhere")
    passed = CheckResult("json", "must", True)
    musts, only_shown = failed_checks(
        written(case("a", "x", "an ideal")),
        [[("an ideal", failed), ("an ideal", shown), ("an ideal", passed)]],
    )
    assert [(f.kind, f.line) for f in musts] == [("check", 1)]
    assert '9 words, at most 5 in "an ideal"' in musts[0].message
    assert ["grounded" in f.message for f in only_shown] == [True]


def test_slices_that_no_verdict_looks_at_are_named():
    cases = [case(f"a{n}", f"{n}", slices={"kind": "big"}) for n in range(5)]
    cases += [case("b", "b", slices={"kind": "small"})]
    (found,) = small_slices(written(*cases), Policy())
    assert found.kind == "slice"
    assert found.message.startswith("slice kind=small has 1 case;")


def test_under_five_cases_are_unfit_and_under_twenty_few():
    policy = Policy()
    assert [len(side) for side in size(4, policy)] == [1, 0]
    assert [len(side) for side in size(5, policy)] == [0, 1]
    assert [len(side) for side in size(19, policy)] == [0, 1]
    assert [len(side) for side in size(20, policy)] == [0, 0]
    assert [len(side) for side in size(200, policy)] == [0, 0]


def test_a_refused_line_says_whether_it_is_blank_twice_or_something_else():
    lines = [
        BadCaseLine(1, "`input` is empty"),
        BadCaseLine(2, "`ideal` is a list or blank, a text or several texts are needed"),
        BadCaseLine(3, "id 'a' stands already at cases.jsonl:1"),
        BadCaseLine(4, "is not JSON (Expecting value at column 1)"),
    ]
    kinds = [f.kind for f in refused_lines(lines)]
    assert kinds == ["empty", "empty", "duplicate", "refused"]


def test_a_margin_that_takes_more_cases_says_how_many():
    found = too_few_for(CasesNeeded("ideal_likelihood", 0.03, 41, 0.077, (("b", "a"),)), 30)
    assert found.kind == "margin"
    assert found.message.startswith("41 cases are needed for a margin of 0.03 on ideal likelihood")
    assert found.message.endswith("here are 30")


# --- conversations and context ------------------------------------------------------------------

OFFER = (Message("user", LONG), Message("assistant", "Gladly, in a formal tone or in a warm one?"))


def test_a_short_last_turn_is_no_repetition_where_earlier_turns_differ():
    other = (Message("user", "What is two and three?"), Message("assistant", "Shall I say it?"))
    some = written(
        case("one", "yes please", "A"),
        case("two", "yes please", "B", turns=OFFER),
        case("three", "yes please", "C", turns=other),
    )
    assert not list(repeated(some)) and not list(near_repeated(some))


def test_the_same_conversation_twice_is_a_repetition():
    some = written(case("one", "yes", turns=OFFER), case("two", "Yes!", turns=OFFER))
    (found,) = repeated(some)
    assert (found.kind, found.line) == ("duplicate", 2)
    assert found.message.startswith("two has the prompt of one (line 1)")


@pytest.mark.parametrize("more", [{"context": ("other",)}, {"system": "Be brief."}])
def test_the_same_question_with_something_else_beside_it_is_another_case(more):
    assert not list(repeated(written(case("one", LONG, "A"), case("two", LONG, "B", **more))))


def test_conversations_are_near_only_where_their_last_turns_are():
    near = (Message("user", LONG.replace("eighty", "ninety")), OFFER[1])
    (found,) = near_repeated(
        written(case("one", "a warm one", turns=OFFER), case("two", "a warm one", turns=near))
    )
    assert found.kind == "near_duplicate" and "the prompt of one (line 1) but for a word" in (
        found.message
    )
    apart = written(case("one", "a warm one", turns=OFFER), case("two", "formal", turns=near))
    assert not list(near_repeated(apart))


def test_cases_on_one_document_are_no_near_duplicates_but_reworded_ones_among_them_are():
    document = (" ".join(f"rule{n}" for n in range(80)),)
    questions = ["Who signs?", "When does it end?", LONG, LONG.replace("eighty", "ninety")]
    some = [case(f"c{n}", text, context=document) for n, text in enumerate(questions)]
    assert [f.line for f in near_repeated(written(*some))] == [4]


def test_personal_data_is_found_in_turns_context_and_ideals_and_named_once():
    turns = (Message("user", "Write to ana.keller@example.com"),)
    one = case("one", "ana.keller@example.com?", "Call +44 20 7946 0018", turns=turns)
    two = case("two", "Who?", context=("IBAN DE89 3704 0044 0532 0130 00",))
    found = list(personal_data(written(one, two, case("three", "Who?")), "US"))
    assert [(f.kind, f.line) for f in found] == [("personal_data", n) for n in (1, 1, 2)]
    assert 'e-mail address "a…@example.com"' in found[0].message
    assert "keller" not in str(found)
