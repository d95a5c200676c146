"""Elements: what is not made here is a text, and nobody writes HTML by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import safe
from harness.text.html import VOID, Html, document, element, joined, style
from tests.text.hostile import acts, hostile

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    file
    for folder in ("harness/render", "harness/text", "dashboard")
    for file in (ROOT / folder).rglob("*.py")
]
BY_HAND = {
    "harness/text/html.py": "builds every element",
    "harness/text/safe.py": "a cell of Markdown is a code element; the builder needs this file",
}
"""Files that may write a tag, and why."""
VOUCHED = {
    "harness/text/html.py": "what it built",
    "harness/text/diff.py": "a space between words, and what safe made safe for Markdown",
    "harness/render/report/comment_folds.py": "Markdown whose items are safe already",
}
"""Files that may call a text HTML, and which text."""
TAG = re.compile(r"<[!/]?[A-Za-z]")


# --- what the builder makes -----------------------------------------------------------------------


def test_texts_are_escaped_and_elements_are_not():
    made = element("p", "a < b", [element("b", "c"), None, "&"], class_="x")
    assert made == '<p class="x">a &lt; b<b>c</b>&amp;</p>'


def test_attributes_are_escaped_and_may_be_left_out():
    made = element("a", "x", href='"><script>', title=None, hidden=True, aria_label="l")
    assert made == '<a href="&quot;&gt;&lt;script&gt;" hidden aria-label="l">x</a>'


def test_html_in_an_attribute_is_a_text_there():
    made = element("p", title=Html('<b id="x">'))
    assert made == '<p title="&lt;b id=&quot;x&quot;&gt;"></p>'


@pytest.mark.parametrize("name", sorted(VOID))
def test_void_elements_are_not_closed_and_hold_nothing(name: str):
    assert element(name, id="a") == f'<{name} id="a">'
    with pytest.raises(ValueError, match="cannot hold"):
        element(name, "text")


def test_an_empty_element_that_is_not_void_is_closed():
    assert element("td") == "<td></td>"


def test_a_text_that_looks_like_markup_stays_a_text():
    assert joined("<b>", Html("<i>")) == "&lt;b&gt;<i>"


def test_what_cannot_be_seen_is_shown_wherever_a_text_meets_html():
    evil = "\u202e<\x00"
    shown = "\\u202e&lt;␀"
    rule = Html("<hr>")
    assert rule + evil == f"<hr>{shown}"
    assert evil + rule == f"{shown}<hr>"
    assert rule.join([evil, evil]) == f"{shown}<hr>{shown}"
    assert Html("<b>%s</b>") % evil == f"<b>{shown}</b>"
    assert Html("<b>{}</b>").format(evil) == f"<b>{shown}</b>"
    assert Html.escape(evil) == shown
    assert all(isinstance(one, Html) for one in (rule + evil, evil + rule, rule.join([evil])))


def test_html_put_into_an_f_string_is_a_text_again():
    assert element("p", f"{element('b', 'x')}") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


def test_a_long_text_is_cut_as_the_outlet_says():
    assert Html.escape("x" * 100, 3) == "xxx… (97 more characters)"
    assert element("p", "x" * 10_000) == f"<p>{safe.html('x' * 10_000)}</p>"


def test_a_style_sheet_stands_as_it_is_and_cannot_end_early():
    assert style("a > b { }") == "<style>a > b { }</style>"
    with pytest.raises(ValueError, match="close"):
        style("</style><script>")


def test_a_document_is_a_plain_text():
    made = document(element("title", "a"))
    assert made == '<!doctype html>\n<html lang="en"><title>a</title></html>\n'
    assert type(made) is str


class Read(HTMLParser):
    """The elements, attributes and texts that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[object] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements += [tag, attrs]

    def handle_data(self, data):
        self.words += data


@pytest.mark.medium
@given(hostile | st.text())
def test_a_browser_sees_the_text_and_no_more(text: str):
    page = element("p", text, title=text)
    shown = safe.terminal(text, lines=True)
    read = Read(page)
    assert (read.elements, read.words) == (["p", [("title", shown)]], shown)
    assert not acts(page, keep="\n\t")


# --- what nobody writes by hand -------------------------------------------------------------------


def parsed(files: list[Path]) -> Iterator[tuple[str, ast.Module]]:
    for file in files:
        tree = ast.parse(file.read_text("utf-8"))
        yield file.relative_to(ROOT).as_posix(), tree


def written(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that are values; one that is a statement is a docstring."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node


def tags(tree: ast.Module) -> list[int]:
    """Lines that write a tag, or an f-string whose name of a tag is filled in."""
    found = [node.lineno for node in written(tree) if TAG.search(node.value)]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            before = [one.value for one in node.values[:-1] if isinstance(one, ast.Constant)]
            found += [node.lineno for text in before if text.endswith(("<", "</"))]
    return found


def calls(tree: ast.Module, *names: str) -> list[int]:
    """Lines that call something of this name, alone or on something else."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = name.id if isinstance(name, ast.Name) else name
            found += [node.lineno] if name in names else []
    return found


def test_these_tests_would_see_a_tag():
    assert tags(ast.parse('"""<doc>"""\nx = "a < b"')) == []
    assert tags(ast.parse('x = "<b>"')) == [1]
    assert tags(ast.parse('x = f"</p>{y}"')) == [1]
    assert tags(ast.parse('x = f"<{y}>"')) == [1]
    assert calls(ast.parse("Html(x) + st.html(y) + Html.escape(z)"), "Html", "html") == [1, 1]


@pytest.mark.medium
def test_every_tag_of_reports_and_pages_is_built():
    found = {name for name, tree in parsed(FILES) if tags(tree)}
    assert found == set(BY_HAND)


@pytest.mark.medium
def test_few_places_call_a_text_html():
    found = {name for name, tree in parsed(FILES) if calls(tree, "Html", "Markup")}
    assert found == set(VOUCHED)


@pytest.mark.medium
def test_pages_write_html_through_one_door_that_escapes_texts():
    ours = ("frame.html", "words.html", "harness.text.html")
    door = "dashboard/frame.py"
    for name, tree in parsed([file for file in FILES if file.is_relative_to(ROOT / "dashboard")]):
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        theirs = {one for one in used if one.endswith(".html") and one not in ours}
        assert theirs == ({"st.html"} if name == door else set()), name
        for way in ("unsafe_allow_html", "components.", "_repr_html_", ".iframe("):
            assert way not in ast.unparse(tree), (name, way)
