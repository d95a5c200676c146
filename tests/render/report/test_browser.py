"""The page in a real browser: quiet, asks nobody, fits every width, and opens up on paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from harness.render.report import report_html
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.screenshots import browser, chromium

from .materials import BY_SECOND, MATERIAL, by_second_full_of, full_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright: make setup has it"),
]

VERDICTS = {
    "reject": MATERIAL,
    "promote": replace(
        MATERIAL,
        verdict=replace(MATERIAL.verdict, outcome="promote", broken=()),
        compared=MATERIAL.compared[1:],
    ),
    "hostile": full_of(HOSTILE + "<img src=x onerror=alert(1)>" + "long" * 200),
    "second": BY_SECOND,
    "second hostile": by_second_full_of(HOSTILE + "<img src=x onerror=alert(1)>" + "long" * 200),
}
INLINE = "<style>p{color:red}</style><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def heard() -> list[str]:
    """What the page said, asked for or popped up."""
    return []


@pytest.fixture
def page(opened: Any, heard: list[str]) -> Iterator[Any]:
    context = opened.new_context()
    found = context.new_page()
    found.on("console", lambda message: heard.append(message.text))
    found.on("pageerror", lambda problem: heard.append(str(problem)))
    found.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    found.on("request", lambda asked: heard.append(asked.url))
    yield found
    context.close()


def shown(page: Any, folder: Path, name: str) -> str:
    file = folder / "report.html"
    file.write_text(report_html(VERDICTS[name]), encoding="utf-8")
    page.goto(file.as_uri())
    return file.as_uri()


@pytest.mark.parametrize("name", VERDICTS)
def test_it_asks_nobody_says_nothing_and_fits_every_width(
    page: Any, heard: list[str], tmp_path: Path, name: str
) -> None:
    own = shown(page, tmp_path, name)
    kept = os.environ.get("REPORT_SHOTS")
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (width, scheme)
            if kept:
                file = Path(kept) / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=file, full_page=True)
    assert heard == [own]
    assert page.title() != "owned"


def test_on_paper_what_is_folded_is_open(page: Any, tmp_path: Path) -> None:
    shown(page, tmp_path, "reject")
    folded = page.locator("details article").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_case_is_reached_from_the_table_by_keyboard(page: Any, tmp_path: Path) -> None:
    shown(page, tmp_path, "reject")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "broken-1"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#case-0"
    page.go_back()
    page.locator("a", has_text="fixed-1").click()
    assert page.locator("article:target").is_visible()


def test_even_a_script_that_got_in_would_not_run(
    page: Any, heard: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(
        report_html(MATERIAL).replace("</main>", f"{INLINE}<img src='https://x.example'></main>"),
        encoding="utf-8",
    )
    page.goto(file.as_uri())
    assert page.title() != "owned"
    assert any("Content Security Policy" in said for said in heard)
