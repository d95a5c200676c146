"""The pages without a browser: projects in every state, and the contents of their pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.records import SYNTHETIC, Review
from tests.dashboard.screenshots import chromium
from tests.fakes.project import CASES, TASK
from tests.fakes.served import ServedProject

HOSTILE = (
    '<script>document.title="owned"</script> ![x](https://evil.example/x.png) '
    "[link](javascript:alert(1)) $\\frac{1}{2}$ :red[red] \u202etxt.exe\u202c \u200b=HYPERLINK(1) "
)
"""What a model may write: all of it is text."""

NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright: make setup has it"),
]
"""Marks of a file whose tests open a browser."""

Open = Callable[[ServedProject], "Opened"]


class Opened:
    """The dashboard in a project, page by page."""

    def __init__(self, project: ServedProject) -> None:
        from streamlit.testing.v1 import AppTest

        import dashboard

        self.project = project
        place = Path(dashboard.__file__).parent / "app.py"
        os.chdir(project.folder)
        self.at = AppTest.from_file(str(place), default_timeout=60).run()

    def page(self, name: str) -> Opened:
        """Open a page."""
        self.at.switch_page(f"page/{name}.py").run()
        return self

    @property
    def title(self) -> str:
        """The page's only headline."""
        (title,) = self.at.title
        return title.value.replace("\\", "")

    @property
    def html(self) -> str:
        """The page's HTML without the style."""
        bodies = [element.proto.body for element in self.at.get("html")]
        return "\n".join(body for body in bodies if not body.startswith("<style"))

    @property
    def trouble(self) -> list[str]:
        """The lines that report a failure."""
        return [body for body in self.html.split("\n") if 'role="alert"' in body]

    @property
    def codes(self) -> list[str]:
        """The commands to copy."""
        return [code.value for code in self.at.code]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Open]:
    """Open the dashboard of a project: `opened(project).page("compare")`."""
    import streamlit as st

    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LORA_HARNESS_DASHBOARD_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    yield Opened
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def _many(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Make a project: `v1`, then `v2` were promoted, `v3` broke half of the cases; with reviews."""
    folder = tmp_path_factory.mktemp("dashboard")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(folder / "cache"))
        made = ServedProject(folder / "project")
        made.line("v1", "v2")
        texts = {case["id"]: HOSTILE + "x" * 100_000 for case in CASES[:2]}
        made.judge("v3", "bad", texts=texts)
    with made.opened() as store:
        store.reviews.keep(list(reviews()))
    return made


def reviews() -> Iterator[Review]:
    """Yield three weeks of synthetic reviews of one adapter."""
    for number in range(30):
        way = ("accepted", "edited", "rejected")[number % 3]
        yield Review(
            id=f"r{number}",
            at=f"2026-01-{1 + number % 21:02}T10:00:00.000Z",
            task=TASK,
            adapter="v2",
            digest="",
            input=f"input {number}",
            output="an output",
            decision=way,  # type: ignore[arg-type]
            final=None
            if way == "rejected"
            else "an output"
            if way == "accepted"
            else "another one",
            reviewer="Ana",
            edit_rate=None if way == "rejected" else 0.0 if way == "accepted" else 0.5,
            source=SYNTHETIC,
        )


@pytest.fixture
def many(_many: ServedProject, tmp_path: Path) -> ServedProject:
    """Return a copy that a test may write to."""
    return ServedProject.copy_of(_many, tmp_path / "many")


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedProject:
    """Return a project in which `v1` was judged and not decided upon."""
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    made = ServedProject(tmp_path / "one")
    made.judge("v1")
    return made


@pytest.fixture
def none(tmp_path: Path) -> ServedProject:
    """Return a project with a benchmark and no run."""
    return ServedProject(tmp_path / "none")
