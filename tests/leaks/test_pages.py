"""With `texts = false` no page of the dashboard and no file from it holds a word of any text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.conftest import Opened
from tests.fakes.project import TASK
from tests.fakes.served import ServedProject
from tests.leaks.planted import leaking, plant, settings

pytestmark = pytest.mark.slow

PAGES = ("now", "over_time", "compare", "grid", "cases", "review", "reviewers", "worth", "ledger")


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(folder / "cache"))
        made = ServedProject(folder / "project")
        made.line("v1")
        plant(made)
        written = {f"{kind}-{n}": "Dear zorvoutput" for kind in ("health", "logistics")
                   for n in range(1, 5)}  # fmt: skip
        made.judge("v2", "bad", texts=written)
        made.write_lines(
            "reports/waiting/more.jsonl",
            [
                {"task": TASK, "adapter": "v1", "input": "zorvwaits", "output": "zorvwaiting"},
                {
                    "task": TASK,
                    "adapter": "v1",
                    "context": "zorvpassage",
                    "output": "zorvlate",
                    "messages": [
                        {"role": "assistant", "content": "zorvgreeting"},
                        {"role": "user", "content": "zorvasks"},
                    ],
                },
            ],
        )
    return made


@pytest.fixture
def project(_made: ServedProject, tmp_path: Path) -> Iterator[ServedProject]:
    """A copy; what pages keep open is closed behind it."""
    import streamlit as st

    yield ServedProject.copy_of(_made, tmp_path / "project")
    st.cache_resource.clear()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every button for a CSV file would give, as the pages are made."""
    import streamlit as st

    found: list[str] = []
    real = st.download_button

    def button(label: str, data: Any, *more: Any, **named: Any) -> bool:
        if label == "CSV":
            found.append(data().decode("utf-8-sig"))
        return real(label, data, *more, **named)

    monkeypatch.setattr(st, "download_button", button)
    return found


def written(page: Opened) -> str:
    """Everything that a page sends to the browser, charts among it."""
    return "\n".join(str(element.proto) for block in (page.at.main, page.at.sidebar)
                     for element in block)  # fmt: skip


def everything(project: ServedProject, name: str, taken: list[str]) -> str:
    page = Opened(project).page(name)
    assert not page.trouble and not page.at.exception
    return "\n".join([written(page), page.html, *page.codes, *taken])


def shut(project: ServedProject, whether: bool) -> None:
    text = settings(whether).replace('"recorded"', '"transformers"')
    project.write("pyproject.toml", text)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_text(
    project: ServedProject, taken: list[str], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    shut(project, True)
    shown = everything(project, name, taken)
    said = capfd.readouterr()
    assert "v1" in shown or name in ("review", "reviewers")
    assert leaking(shown + said.out + said.err) == []


@pytest.mark.parametrize("name", ["compare", "cases", "review"])
def test_where_texts_may_be_shown_pages_have_them(
    project: ServedProject, taken: list[str], name: str
) -> None:
    shut(project, False)
    assert leaking(everything(project, name, taken))


def test_the_pages_are_all_there_are() -> None:
    import dashboard

    here = Path(str(sys.modules[dashboard.__name__].__file__)).parent / "page"
    assert {file.stem for file in here.glob("[a-z]*.py")} == set(PAGES)
