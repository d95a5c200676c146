"""Random hostile texts act in no outlet, and texts that would act are recognised.

`make faults` renders a million.
"""

from __future__ import annotations

import random
import re
from functools import partial

import pytest

from harness.render import verdict_text
from harness.text import safe
from tests.faults import recognisers
from tests.faults.hostile_texts import hostile_text
from tests.faults.outlets import (
    IN_A_VERDICT,
    OUTLETS,
    VERDICT,
    hostile_verdict,
    rendered,
    through_outlets,
)

TEXTS = 480


def texts(seed: int = 3, count: int = TEXTS) -> list[str]:
    draw = random.Random(seed)
    return [hostile_text(draw) for _ in range(count)]


@pytest.mark.medium
def test_nothing_that_a_model_writes_acts_anywhere() -> None:
    assert rendered(seed=3, count=TEXTS).total() == 0


@pytest.mark.slow
def test_a_megabyte_of_commands_acts_nowhere() -> None:
    assert through_outlets(" \n::error::x ##[group]\x1b[2J" * 40_000) == []


# --- the recognisers see ----------------------------------------------------------------------

COMMANDS = (
    "::error::x", "  \t::set-output name=a::b", "\u00a0\u3000::debug::", "a\n::x::", "a\r::x::",
    "a\u2028::x::", "\x85::x::", "::stop-commands::t", "text ##[group]x", "##[a b=c]", "##vso[x]y",
    ":::x::", "::::",
)  # fmt: skip
NO_COMMANDS = ("", "a ::x::", "| ::x::", ":\\:x:\\:", "##\\[x]", "::x", "##[x", "# #[x]", "a::b::c")


@pytest.mark.parametrize("log", COMMANDS)
def test_a_workflow_command_is_recognised(log: str) -> None:
    assert list(recognisers.commands(log))
    assert recognisers.acts_in_a_log(log)


@pytest.mark.parametrize("log", NO_COMMANDS)
def test_what_the_runner_leaves_alone_is_left_alone(log: str) -> None:
    assert not list(recognisers.commands(log))


ACTING = {
    "terminal": ("\x1b[2J", "\r", "\n", "\x9b", "\u202e", "\u200b", "\ud800", "\U000e0041"),
    "terminal, lines": ("\x07", "\x00", "\x7f", "\u2066"),
    "CI log": ("::x::", "\x1b[31m", "##[x]"),
    "CI log, lines": ("a\n ::x::",),
    "Markdown cell": ("a", "<code>a|b</code>", "<code>@team</code>", "<code>a\nb</code>",
                      "<code>![x](y)</code>", "<code></details></code>"),
    "Markdown block": ("x", "```text\na\n```\nb\n```", "```text\n  ```\n```", "```text\n\x1b\n```"),
    "HTML": ("<b>", "a\"b", "a'b", "&bogus", "</td>", "<svg/onload=x>"),
    "CSV": ("=1", " =1", "@x", "+1", "-1", "\t=1", "\r=1", "\uff1d1", "\u2003=1"),
    "JUnit XML": ("\x00", "\x1b", "\ufffe", "\ud800"),
    "JSON": ("\ud800",),
    "JSON line": ('{"a": "\x9b"}', '["##vso[x]y"]', '["\u202e"]'),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTLETS)
def test_what_acts_in_an_outlet_is_recognised_there(name: str) -> None:
    acts = OUTLETS[name][1]
    assert all(acts(shown) for shown in ACTING[name])
    assert any(acts(text) for text in texts()), "and the random ones hold such things"


def test_without_the_outlet_commands_would_come_out_of_a_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = partial(random.Random(3).randrange, 40, 160)
    monkeypatch.setattr(safe, "ci_log", lambda text, **_: text)
    some = texts(count=10 * IN_A_VERDICT)
    blocks = [
        verdict_text(hostile_verdict(some[start : start + IN_A_VERDICT]), width=draw())
        for start in range(0, len(some), IN_A_VERDICT)
    ]
    assert all(any(recognisers.commands(block)) for block in blocks), VERDICT


# --- a real parser says the same --------------------------------------------------------------


def test_a_markdown_parser_sees_one_code_element_and_one_fence() -> None:
    markdown = pytest.importorskip("markdown_it", reason="comes with rich")
    parser = markdown.MarkdownIt("commonmark", {"html": True}).enable("table")
    for text in texts(count=200):
        cell = safe.markdown_cell(text) or "<code></code>"
        table = parser.render(f"| a | b |\n|---|---|\n| {cell} | last |\n")
        assert re.search(r"<td><code>[^<]*</code></td>\n<td>last</td>", table), text
        assert table.count("<td>") == 2
        (block,) = parser.parse(safe.markdown_block(text))
        assert block.type == "fence"
