"""Elements: what is not made here is a text."""

from harness.render.report.elements import Html, element, joined


def test_texts_are_escaped_and_elements_are_not():
    made = element("p", "a < b", [element("b", "c"), None, "&"], class_="x")
    assert made == '<p class="x">a &lt; b<b>c</b>&amp;</p>'


def test_attributes_are_escaped_and_may_be_left_out():
    made = element("a", "x", href='"><script>', title=None, hidden=True, aria_label="l")
    assert made == '<a href="&quot;&gt;&lt;script&gt;" hidden aria-label="l">x</a>'


def test_empty_elements_are_not_closed():
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_a_text_that_looks_like_markup_stays_a_text():
    assert joined("<b>", Html("<i>")) == "&lt;b&gt;<i>"
