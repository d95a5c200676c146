from pathlib import Path

import pytest

from harness.engines.protocol import Engine, Mounted, Weighed
from harness.engines.recorded import Recorded
from harness.errors import DataError
from harness.records import Generation, Message, Output, Prompt
from tests.fakes.refusals import refused

FILE = Path("recorded/v1/b.jsonl")
ADAPTER = Mounted("v1", "d", None)


def prompt(case, ideals=("one",), sample=0):
    return Prompt(case, (Message("user", "x"),), ideals, sample)


def engine(*lines):
    return Recorded([(f"{FILE}:{n}", line) for n, line in enumerate(lines, start=1)], FILE)


def written(engine, *prompts):
    return [o for batch in engine.generate(ADAPTER, prompts, Generation()) for o in batch]


def weighed(engine, *prompts):
    return [w for batch in engine.likelihood(ADAPTER, prompts, Generation()) for w in batch]


A = {"case": "a", "output": " text \n", "ideal_nll": 0.5}
B = {"case": "b", "output": "more"}


def test_recorded_texts_come_back_in_the_order_of_the_prompts():
    found = written(engine(A, B), prompt("b"), prompt("a"))
    assert found == [Output("b", "more"), Output("a", "text")]


def test_likelihoods_are_none_where_none_was_recorded():
    assert weighed(engine(A, B), prompt("a"), prompt("b")) == [
        Weighed("a", 0, 0.5),
        Weighed("b", 0, None),
    ]


def test_each_ideal_may_have_its_own_likelihood():
    lines = A | {"ideal_nll": [0.5, None]}
    assert weighed(engine(lines), prompt("a", ("x", "y"))) == [
        Weighed("a", 0, 0.5),
        Weighed("a", 1, None),
    ]


def test_samples_are_kept_apart():
    one = engine(A, A | {"output": "second", "sample": 1})
    assert written(one, prompt("a", sample=1), prompt("a"))[0].text == "second"


def test_nothing_but_the_file_could_change_an_output():
    one = engine(A)
    assert one.origin(Generation(seed=1)) == one.origin(Generation(seed=2, temperature=1.0))


@pytest.mark.parametrize("ask", [written, weighed])
def test_a_case_that_nobody_recorded_is_refused_not_empty(ask):
    with refused(r'b\.jsonl: no output for 2 cases \("c", "d"\)', DataError):
        ask(engine(A), prompt("a"), prompt("c"), prompt("d"))


def test_likelihoods_for_another_number_of_ideals_are_refused():
    with refused("case 'a' has 3 ideals but 2 `ideal_nll`", DataError):
        weighed(engine(A | {"ideal_nll": [0.5, 0.6]}), prompt("a", ("x", "y", "z")))


WRONG = {
    "a typo": ({"case": "a", "outptu": "x"}, "unknown key `outptu`"),
    "no case": ({"output": "x"}, 'needs {"case": "...", "output": "..."}'),
    "no output": ({"case": "a"}, 'needs {"case"'),
    "an output that is no text": ({"case": "a", "output": None}, 'needs {"case"'),
    "a sample that is no number": ({"case": "a", "output": "", "sample": True}, 'needs {"case"'),
    "a negative nll": (A | {"ideal_nll": -0.1}, "`ideal_nll` must be a number of at least 0"),
    "an nll of inf": (A | {"ideal_nll": float("inf")}, "`ideal_nll` must be"),
    "an nll of nan": (A | {"ideal_nll": float("nan")}, "`ideal_nll` must be"),
    "an nll of true": (A | {"ideal_nll": True}, "`ideal_nll` must be"),
    "an nll as text": (A | {"ideal_nll": "0.5"}, "`ideal_nll` must be"),
    "one nll of two": (A | {"ideal_nll": [0.5, "x"]}, "`ideal_nll` must be"),
}


@pytest.mark.parametrize(("line", "said"), WRONG.values(), ids=WRONG)
def test_a_line_that_cannot_be_meant_is_refused_with_its_place(line, said):
    with refused(r"b\.jsonl:2: " + said, DataError):
        engine(B, line)


def test_a_case_twice_is_refused():
    with refused(r"b\.jsonl:2: case 'a' stands twice", DataError):
        engine(A, A)


def test_it_keeps_the_protocol():
    one: Engine = engine(A)
    assert (one.name, one.likelihoods) == ("recorded", True)
