"""Whatever a model writes, it cannot act on the reader: one promise per outlet."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.text import safe
from tests.text.hostile import COMMAND, acts, hostile


@pytest.mark.long
@settings(max_examples=1_000, deadline=None)
@given(hostile, st.booleans())
@example("::error::x", False)
@example("a\u2028::error::x", True)
@example("####[error]", False)
@example(":::error:::", False)
def test_no_workflow_command_comes_out_of_any_output(text, lines):
    shown = safe.ci_log(text, lines=lines)
    for line in shown.splitlines():
        assert not COMMAND.search(line)
    assert "::" not in shown
    assert not acts(shown, keep="\n\t" if lines else "")


@pytest.mark.medium
@given(hostile)
def test_not_even_when_the_log_is_wrapped_or_cut_anywhere(text):
    shown = safe.ci_log(text)
    for start in range(len(shown)):
        assert not COMMAND.search(shown[start:])


def test_every_line_of_a_block_has_a_bar_in_front():
    assert safe.ci_log("a\n::b::\n", lines=True) == "| a\n| :\\:b:\\:\n| "


@pytest.mark.medium
@given(hostile)
def test_nothing_moves_the_cursor_or_hides_on_a_terminal(text):
    assert not acts(safe.terminal(text))
    assert not acts(safe.terminal(text, lines=True), keep="\n\t")
    assert "\n" not in safe.terminal(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "␛[31m"),
        ("\a\r\n", "␇␍␊"),
        ("\x7f\x9b", "␡\\x9b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("\u2065\ufff0", "\\u2065\\ufff0"),
        ("\U000e0008\U000e01ef", "\\U000e0008\\U000e01ef"),
        ("Zoë 漢字 🙂 – “ok”", "Zoë 漢字 🙂 – “ok”"),
    ],
)
def test_what_acts_is_made_visible_and_the_rest_stays(text, shown):
    assert safe.terminal(text) == shown


def test_a_long_text_says_how_much_is_missing():
    assert safe.terminal("a" * 1_000_000, limit=5) == "aaaaa… (999995 more characters)"
    assert safe.terminal("aaaaa", limit=5) == "aaaaa"


@pytest.mark.parametrize(
    "text",
    ["kind=opener (6 cases) lost 0.4, p 0.01", "crm-note-02 with adapter_v2; 5 % of 1.5", "a/b?"],
)
def test_prose_stays_readable_as_markdown(text):
    assert MarkdownIt("gfm-like", {"linkify": False}).render(safe.markdown_text(text)) == (
        f"<p>{text}</p>\n"
    )
    assert safe.markdown_text(text).count("&#") <= 3


@pytest.mark.medium
@settings(max_examples=200, deadline=None)
@given(hostile)
@example("www.example.com a@b.cd https://x.y")
@example("1. one")
@example("- x")
@example("1) x")
@example("# x")
@example("__x__ _x_ a_b_ *x*")
def test_prose_holds_no_structure(text):
    shown = safe.markdown_text(text)
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown)
    assert set(re.findall(r"<(/?\w+)", page)) <= {"p", "/p"}
    assert not re.search(r"[@#!~]\w", page.replace("&#", "").replace("&amp;#", ""))


@pytest.mark.medium
@settings(max_examples=300, deadline=None)
@given(hostile)
def test_a_markdown_cell_holds_no_structure(text):
    cell = safe.markdown_cell(text)
    inside = cell.removeprefix("<code>").removesuffix("</code>")
    assert not re.search(r"[|`<>\[\]()!@*_~\\:.\n]", inside)
    assert re.fullmatch(r"(?:[^&]|&#\d+;)*", inside)


@pytest.mark.medium
@settings(max_examples=300, deadline=None)
@given(hostile)
def test_a_markdown_block_cannot_be_closed_from_inside(text):
    fence, *body, end = safe.markdown_block(text).split("\n")
    assert end + "text" == fence
    assert not any(line.strip(" \t").startswith(end) for line in body)


@pytest.mark.medium
@given(hostile)
def test_html_shows_the_text_and_holds_no_tag(text):
    class Reader(HTMLParser):
        seen = ""

        def handle_data(self, data):
            self.seen += data

        def handle_starttag(self, tag, attrs):
            raise AssertionError(tag)

        handle_endtag = handle_starttag

    reader = Reader(convert_charrefs=True)
    reader.feed(safe.html(text) + " ")
    reader.close()
    assert reader.seen == safe.terminal(text, lines=True) + " "
    assert not set("<>\"'") & set(safe.html(text))


@pytest.mark.medium
@given(hostile)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text):
    cell = safe.csv_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    written = io.StringIO(newline="")
    csv.writer(written).writerow([cell, "next"])
    assert list(csv.reader(io.StringIO(written.getvalue(), newline=""))) == [[cell, "next"]]


def test_a_formula_is_kept_readable():
    assert safe.csv_cell('=HYPERLINK("x")') == '\'=HYPERLINK("x")'
    assert safe.csv_cell("a - b") == "a - b"


@pytest.mark.medium
@given(hostile)
def test_junit_xml_can_carry_it(text):
    element = ElementTree.Element("failure")
    element.text = safe.xml_text(text)
    back = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
    assert (back.text or "") == safe.xml_text(text)


@pytest.mark.medium
@given(hostile)
def test_json_can_be_read_by_strict_parsers(text):
    json.dumps(safe.json_text(text), ensure_ascii=False).encode("utf-8")


@pytest.mark.long
@settings(max_examples=1_000, deadline=None)
@given(
    st.recursive(
        hostile, lambda inner: st.lists(inner) | st.dictionaries(hostile, inner), max_leaves=12
    )
)
@example("##vso[task.setvariable]x")
@example(":::: ####[a]")
@example("\u009b2J\u202e\U000e0041\ud800")
def test_a_json_line_says_the_same_and_does_nothing_where_it_is_printed(value):
    shown = safe.json_line(value)
    assert json.loads(shown) == json.loads(json.dumps(value)), "as any JSON would say it"
    assert "::" not in shown and "##" not in shown
    assert not acts(shown, keep="")
    shown.encode("utf-8")


def test_letters_of_every_language_stay_readable_in_json():
    assert safe.json_line({"a": "Grüße, 日本 \U0001f642"}) == '{"a": "Grüße, 日本 \U0001f642"}'
    assert safe.json_line({"a": [1, None]}, indent=1) == '{\n "a": [\n  1,\n  null\n ]\n}'
