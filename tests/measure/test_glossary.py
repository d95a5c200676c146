"""House terms: banned forms are found as whole words, and the approved one is named."""

import pytest

from harness.measure.glossary import banned

TERMS = {"customer": ("client", "clients"), "trial": ("PoC", "free pilot"), "GitHub": ("github",)}


@pytest.mark.parametrize(
    ("text", "form", "term"),
    [
        ("Our client said", "client", "customer"),
        ("CLIENTS, all of them", "CLIENTS", "customer"),
        ("the client's wish", "client", "customer"),
        ("a (poc)", "poc", "trial"),
        ("a free\npilot", "free pilot", "trial"),
        ("on Github", "Github", "GitHub"),
    ],
)
def test_a_banned_form_is_named_with_the_approved_one(text, form, term):
    assert banned(TERMS, text) == f'"{form}" is banned, write "{term}"'


@pytest.mark.parametrize("text", ["clientele", "epoch", "pilot", "on GitHub", "", "customer trial"])
def test_parts_of_words_and_approved_forms_pass(text):
    assert banned(TERMS, text) == ""


def test_a_banned_word_inside_a_longer_approved_form_passes():
    terms = {"customer account": ("account",)}
    assert banned(terms, "the Customer Account is open") == ""
    assert banned(terms, "the customer account and the account") != ""


def test_words_of_any_script_are_whole_words():
    assert banned({"Straße": ("strasse",)}, "die STRASSE") != ""
    assert banned({"клиент": ("заказчик",)}, "Заказчик ждёт") != ""
    assert banned({"клиент": ("заказ",)}, "Заказчик ждёт") == ""
    assert banned({"coffee": ("cafe\u0301",)}, "a Café") == '"Café" is banned, write "coffee"'


def test_letters_that_fold_oddly_do_no_harm():
    assert banned({"x": ("i\u0307stanbul",)}, "\u0130STANBUL") in (
        "",
        '"\u0130STANBUL" is banned, write "x"',
        '"\u0130STANBUL" is banned, write "the approved form"',
    )


def test_many_hits_are_named_once_and_the_first_few_only():
    terms = {f"good{i}": (f"bad{i}",) for i in range(9)}
    told = banned(terms, " ".join(f"bad{i} bad{i}" for i in range(9)))
    assert told.count("is banned") == 5
    assert told.endswith("; and 4 more")
