from dataclasses import asdict, replace

import pytest

from harness.records import Generation, Message, Prompt
from harness.store.keys import key_of, likelihood_key, output_key, vector_key

ORIGIN = {
    "engine": "transformers",
    "way": "lanes-1",
    "decoding": asdict(Generation()),
    "device": "cpu AVX512",
    "versions": {"torch": "2.13.0", "peft": "0.18.0"},
}
PROMPT = Prompt("case", (Message("system", "s"), Message("user", "u")), ("ideal",))


def out(adapter="a", base="b", origin=ORIGIN, prompt=PROMPT):
    return output_key(adapter, base, origin, prompt)


def weigh(adapter="a", base="b", origin=ORIGIN, prompt=PROMPT, ideal="ideal"):
    return likelihood_key(adapter, base, origin, prompt, ideal)


def turns(*pairs):
    return replace(PROMPT, messages=tuple(Message(*pair) for pair in pairs))


COULD_CHANGE = {
    "the adapter's bytes": {"adapter": "a2"},
    "the base": {"base": "b2"},
    "the engine": {"origin": ORIGIN | {"engine": "other"}},
    "its way of batching": {"origin": ORIGIN | {"way": "lanes-2"}},
    "the device": {"origin": ORIGIN | {"device": "cuda"}},
    "a library": {"origin": ORIGIN | {"versions": {"torch": "2.13.1", "peft": "0.18.0"}}},
    "a library more": {"origin": ORIGIN | {"versions": ORIGIN["versions"] | {"x": "1"}}},
    **{
        f"decoding: {name}": {"origin": ORIGIN | {"decoding": asdict(Generation(**{name: value}))}}
        for name, value in {
            "max_new_tokens": 65, "dtype": "float32", "batch": 8, "seed": 1, "temperature": 0.5
        }.items()
    },
    "the instruction": {"prompt": turns(("system", "s2"), ("user", "u"))},
    "the input": {"prompt": turns(("system", "s"), ("user", "u "))},
    "a turn less": {"prompt": turns(("user", "u"))},
    "a turn more": {"prompt": turns(("system", "s"), ("user", "u"), ("assistant", ""))},
    "who says it": {"prompt": turns(("user", "s"), ("user", "u"))},
    "the order": {"prompt": turns(("user", "u"), ("system", "s"))},
    "where a turn ends": {"prompt": turns(("system", "su"), ("user", ""))},
}  # fmt: skip


@pytest.mark.parametrize("change", COULD_CHANGE.values(), ids=COULD_CHANGE)
@pytest.mark.parametrize("key", [out, weigh])
def test_a_key_changes_with_all_that_could_change_the_result(key, change):
    assert key(**change) != key()


def test_a_sample_has_a_key_of_its_own_and_a_likelihood_has_none_per_sample():
    second = replace(PROMPT, sample=1)
    assert out(prompt=second) != out()
    assert weigh(prompt=second) == weigh()


COULD_NOT = {
    "the case's name": {"prompt": replace(PROMPT, case="another")},
    "the order of what was noted": {"origin": dict(reversed(ORIGIN.items()))},
}


@pytest.mark.parametrize("change", COULD_NOT.values(), ids=COULD_NOT)
@pytest.mark.parametrize("key", [out, weigh])
def test_a_key_changes_with_nothing_else(key, change):
    assert key(**change) == key()


def test_new_ideals_do_not_make_outputs_again():
    assert out(prompt=replace(PROMPT, ideals=("other", "more"))) == out()
    assert weigh(prompt=replace(PROMPT, ideals=("ideal", "more"))) == weigh()
    assert weigh(ideal="other") != weigh()


def test_a_vector_is_that_of_its_text_model_and_library():
    keys = {vector_key(*parts) for parts in (
        ("e", "1", "t"), ("e2", "1", "t"), ("e", "2", "t"), ("e", "1", "t2"))}  # fmt: skip
    assert len(keys) == 4


def test_keys_of_different_things_never_meet():
    assert key_of("a", x=1) != key_of("b", x=1)
    assert key_of("a", x="1") != key_of("a", x=1)
    assert key_of("a", x=1, y=2) == key_of("a", y=2, x=1)
    assert out() != weigh()


def test_keys_are_the_same_on_every_machine_and_in_every_release():
    """A changed key would forget every store in the world."""
    assert key_of("a", text="é😀", number=0.1, none=None) == (
        "a2e5d2ae38604c3ac6c4b54d491cd78d326cd3c40daa3bb8b4105a8857ea166e"
    )
