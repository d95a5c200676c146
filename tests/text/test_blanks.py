"""What does not show is blank, and names that look alike are one."""

from __future__ import annotations

import unicodedata

import pytest

from harness.text.blanks import is_blank, same_look

HIDDEN = [
    "\u200b", "\u200c", "\u200d", "\u200e", "\u202e", "\u2060", "\u2066", "\ufeff", "\u00ad",
    "\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\u034f", "\u17b4", "\u180e", "\ufe0f",
    "\ufff9", "\ufffc", "\ufffe", "\U000e0041", "\U000e0100", "\U0001d159", "\x00", "\x7f",
    "\ud800",
]  # fmt: skip
SPACES = [" ", "\t", "\n", "\x85", "\u00a0", "\u2003", "\u2028", "\u3000", "\u1680", "\u205f"]
SHOWN = ["a", "\u0301", "é", "。", "・", "👍", "🏽", "א", "½", "\u0640", "_"]


@pytest.mark.parametrize("sign", [*HIDDEN, *SPACES], ids=ascii)
def test_a_text_of_what_does_not_show_is_blank(sign: str) -> None:
    assert is_blank(sign)
    assert is_blank(f" {sign}\u200b{sign}\n")
    assert not is_blank(f"{sign}a{sign}")


@pytest.mark.parametrize("sign", SHOWN, ids=ascii)
def test_a_text_with_a_letter_that_shows_is_not(sign: str) -> None:
    assert not is_blank(sign)


def test_every_format_and_control_character_of_unicode_is_blank() -> None:
    """But for the eleven that draw a sign of their own around or before numbers."""
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    signs = [chr(n) for n in (*range(0x20000), *range(0xE0000, 0xE0200)) if n not in drawn]
    seen = [s for s in signs if unicodedata.category(s) in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    assert [hex(ord(sign)) for sign in seen if not is_blank(sign)] == []


@pytest.mark.parametrize("sign", HIDDEN, ids=ascii)
def test_names_that_differ_only_by_it_look_alike(sign: str) -> None:
    assert same_look(f"c{sign}1") == same_look("c1") == same_look(f"{sign}C1")


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_a_space_at_the_end_is_not_seen_and_within_it_is(space: str) -> None:
    assert same_look(f"c1{space}") == same_look("c1")
    assert same_look(f"c{space}1") == same_look("c 1") != same_look("c1")


def test_accents_and_case_are_written_in_several_ways() -> None:
    assert same_look("CAFÉ") == same_look("cafe\u0301") == same_look("cafe\u200b\u0301")
    assert same_look("ǰ") == same_look("ǰ".casefold())


def test_names_that_look_different_are_different() -> None:
    assert len({same_look(name) for name in ("c1", "c2", "c-1", "c 1", "é1", "e1", "🏽1")}) == 7
