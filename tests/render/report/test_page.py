"""The page says all that is known of a run, and nothing in it acts."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from harness.records import Output
from harness.render.report import report_html
from tests.text.hostile import acts, hostile

from .materials import CASES, IDEAL, INPUT, MATERIAL, by_second_full_of, compared, full_of

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "article",
    "h1", "h2", "h3", "p", "span", "a", "ul", "li", "dl", "div", "dt", "dd", "del", "ins", "code",
    "details", "summary", "strong", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
    "svg", "line", "rect", "circle", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role", "scope",
    "aria-label", "aria-hidden", "data-name", "width", "height", "x", "y", "x1", "x2", "y1", "y2",
    "cx", "cy", "r", "dy", "text-anchor",
}  # fmt: skip


class Read(HTMLParser):
    """What a browser would see."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.links, self.open, self.words = set(), set(), [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_it_says_what_why_and_what_to_do():
    read = Read(report_html(MATERIAL))
    assert read.open == []
    for words in (
        "▼ reject adapter_v4",
        "Against adapter_v2 (promoted 12 Sep 2026) and adapter_v1 (pinned)",
        "a critical case broke",
        "look at the logistics examples",
        "lora-harness compare adapter_v4 adapter_v2",
        "−0.041 [−0.066, −0.016]",
        "industry=logistics",
        "could break in production",
        "max_words (must) failed: 12 words, allowed are at most 9",
        "Was it worth it?",
        "+0.190 [+0.100, +0.280]",
        "Beside earlier adapters",
        "0.410 0.300 to 0.500 30",
        "2.13.0",
        "lora-harness evaluate adapter_v4 --refresh",
    ):
        assert words in read.text, words


def test_words_that_changed_are_marked():
    page = report_html(MATERIAL)
    assert "<del>−Hi Ana,</del> <ins>+Dear Sir or Madam,</ins> how many miles are empty?" in page


def test_every_number_of_the_table_has_its_cases_beside_it():
    page = report_html(MATERIAL)
    assert page.count('data-name="cases">30<') >= len(MATERIAL.verdict.metrics)


def test_charts_say_in_words_what_they_show():
    page = report_html(MATERIAL)
    said = "difference −0.041 [−0.066, −0.016], margin 0.03, worse (one-sided 95 %: up to −0.020)"
    assert f'aria-label="ideal likelihood: {said}"' in page
    assert 'aria-label="from 0.900 to 0.200"' in page


def test_what_is_missing_is_a_dash_and_not_drawn_at_zero():
    one = replace(CASES[0], candidate=None, scores={"ideal_likelihood": (0.9, None)}, change=None)
    page = report_html(replace(MATERIAL, compared=(replace(one, flag="missing"),)))
    assert 'aria-label="from 0.900 to –"' in page
    bare = replace(MATERIAL.verdict.metrics[0], difference=None, low=None, high=None)
    assert "<svg" not in report_html(
        replace(MATERIAL, compared=(), placed=(), verdict=replace(
            MATERIAL.verdict, metrics=(bare,), guards=(), worth=(), slices=()
        ))
    )  # fmt: skip


def test_an_override_stands_out():
    said = "OVERRIDE: adapter_v2 was promoted against or without a verdict"
    assert said not in report_html(MATERIAL)
    assert said in report_html(replace(MATERIAL, overridden=True))


def test_without_texts_only_figures_and_names_are_left():
    page = report_html(replace(MATERIAL, texts=False))
    for text in (IDEAL, INPUT.split("\n")[0], "Dear Sir", "12 words"):
        assert text not in page
    assert "broken-1" in page


@pytest.mark.medium
def test_very_many_cases_stay_readable():
    many = tuple(compared(f"case-{n}", "changed", 0.9, n / 5000) for n in range(2000))
    page = report_html(replace(MATERIAL, compared=many))
    assert len(page) < 1_500_000
    assert "1800 cases between these are left out" in page
    assert "1900 cases more changed and are not shown" in page


@pytest.mark.parametrize("outcome", ["promote", "reject", "inconclusive"])
def test_a_bare_verdict_has_a_page(outcome):
    verdict = replace(MATERIAL.verdict, outcome=outcome, metrics=(), slices=(), guards=(), worth=())
    bare = replace(MATERIAL, verdict=verdict, compared=(), references={}, commands={}, again={})
    assert outcome in Read(report_html(bare)).text


@pytest.mark.slow
@pytest.mark.parametrize("full", [full_of, by_second_full_of])
@settings(max_examples=25, deadline=None)
@given(text=hostile)
def test_nothing_hostile_becomes_markup_wherever_it_stands(full, text):
    page = report_html(full(text))
    read = Read(page)
    assert read.open == []
    assert read.elements <= ELEMENTS
    assert read.attributes <= ATTRIBUTES
    assert all(link.startswith("#case-") for link in read.links)
    assert not acts(page, keep="\n\t")


def test_a_megabyte_of_babble_is_cut():
    evil = compared("b", "broken", 0.9, 0.1, "babble " * 150_000)
    assert len(report_html(replace(MATERIAL, compared=(evil,)))) < 200_000


def test_nothing_may_be_fetched():
    page = report_html(MATERIAL)
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.replace("&#x27;", "'")
    assert "url(" not in page and "@import" not in page and "http" not in page.replace(
        "http-equiv", ""
    )  # fmt: skip


def test_thoughts_are_folded_below_the_answer_that_is_scored():
    first = MATERIAL.compared[0]
    whole = "<think>how <b>cold</b> is it?</think>Dear Sir"
    thought = Output(first.case.id, whole, answer="Dear Sir")
    endless = Output(first.case.id, "<think>so", answer="", unended=True)
    changed = replace(
        first,
        candidate=replace(first.candidate, outputs=(thought,)),
        reference=replace(first.reference, outputs=(endless,)),
    )
    page = report_html(replace(MATERIAL, compared=(changed, *MATERIAL.compared[1:])))
    read = Read(page)
    assert "the whole text of adapter_v4, with its thoughts" in read.text
    assert "never ended its thinking: it counts as empty" in read.text
    assert whole in read.text
    assert "<b>cold" not in page
    assert "with its thoughts" not in report_html(MATERIAL)
