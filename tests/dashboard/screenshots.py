"""The dashboard in a real browser: start it in a project, and view it in every size and scheme.

    python tests/dashboard/screenshots.py [FOLDER]

takes the README's pictures from the replayed year and its synthetic reviews.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
PAGES = ("now", "over_time", "compare", "grid", "cases", "review", "reviewers", "worth", "ledger")
WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")
PATIENCE = 180_000
"""Milliseconds that a page may take on a machine that is busy with other things."""
LONGEST = 2400
"""Pixels of a page that a picture shows."""

OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = e => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX);
  const main = document.querySelector('[data-testid=stMain]');
  const out = [...main.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    if (!box.width || box.right <= wide + 1) return false;
    for (let up = e.parentElement; up && up !== main; up = up.parentElement)
      if (scrolls(up) && up.getBoundingClientRect().right <= wide + 1) return false;
    return true;
  });
  const named = out.map(e => e.tagName + ' ' + (e.getAttribute('class') || ''));
  return [main.scrollWidth - main.clientWidth, ...named];
}"""
"""How far the page is wider than the window, and what sticks out of it."""

READY = """() => !document.querySelector('[data-testid=stApp][data-test-script-state=running]')
  && !document.querySelector('[data-stale=true]')
  && !document.querySelector('[data-testid=stSkeleton]')"""


def chromium() -> str | None:
    """Return the system's browser; no browser is downloaded."""
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@contextmanager
def served(project: Path, python: Path = Path(sys.executable)) -> Iterator[str]:
    """Start the dashboard as a user would, on a free port, from the environment of a Python."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "harness.cli", "dashboard", "--no-browser"]
    with subprocess.Popen(
        [*command, "--port", str(port)], cwd=project, stderr=sys.stderr
    ) as server:
        try:
            _wait(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the dashboard did not come up")


@contextmanager
def browser() -> Iterator[Browser]:
    """Open Chromium without a window."""
    from playwright.sync_api import sync_playwright

    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=root)
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Visit:
    """A browser window, with all requests that it made."""

    url: str
    page: Page
    elsewhere: list[str] = field(default_factory=list)
    """Requests that left this machine."""
    dialogs: list[str] = field(default_factory=list)

    @classmethod
    def to(cls, url: str, opened: Browser) -> Visit:
        """Open a new window."""
        made = cls(url, opened.new_context(viewport={"width": 1280, "height": 900}).new_page())
        made.page.on("request", lambda request: made.note(request.url))
        made.page.on(
            "dialog", lambda dialog: (made.dialogs.append(dialog.message), dialog.dismiss())
        )
        return made

    def note(self, url: str) -> None:
        """Note a request that leaves this machine."""
        found = urlsplit(url)
        if found.scheme not in ("data", "blob") and found.hostname != "127.0.0.1":
            self.elsewhere.append(url)

    def go(self, name: str, **query: str) -> None:
        """Open a page by its address, as a link would."""
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        self.page.goto(f"{self.url}/{'' if name == 'now' else name}?{asked}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page is complete."""
        self.page.wait_for_selector("h1", timeout=PATIENCE)
        self.page.wait_for_timeout(250)
        self.page.wait_for_function(READY, timeout=PATIENCE)
        self.page.wait_for_timeout(350)

    def look(self, width: int, scheme: str, file: Path | None = None) -> list[object]:
        """Show the page in a size and scheme; return what overflows, the amount first."""
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.wait_for_timeout(400)
        found = self._overflow()
        if file is not None:
            main = "document.querySelector('[data-testid=stMain]').scrollHeight"
            height = min(max(900, self.page.evaluate(main)), LONGEST)
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(500)
            file.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=file)
            self.page.set_viewport_size({"width": width, "height": 900})
        return found

    def _overflow(self) -> list[object]:
        """Return lasting overflow; a chart follows a new width a moment later."""
        for _ in range(20):
            found: list[object] = self.page.evaluate(OVERFLOW)
            if found == [0]:
                break
            self.page.wait_for_timeout(250)
        return found


def shipped(folder: Path) -> Path:
    """Copy the replayed year, and import its synthetic reviews."""
    wanted = shutil.ignore_patterns("*.db*", ".*")
    shutil.copytree(ROOT / "examples" / "year", folder, ignore=wanted, dirs_exist_ok=True)
    file = "reports/reviews_synthetic.jsonl"
    command = [sys.executable, "-m", "harness.cli", "reviews", "import", file, "--json"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


def main(to: Path) -> None:
    """Take a picture of every page in both sizes and schemes."""
    with tempfile.TemporaryDirectory() as name:
        project = shipped(Path(name) / "year")  # pages show the folder's name
        with served(project) as url, browser() as opened:
            visit = Visit.to(url, opened)
            for page in PAGES:
                _take(visit, page, to)


def _take(visit: Visit, page: str, to: Path) -> None:
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 900})
        visit.go(page)
        for scheme in SCHEMES:
            file = to / f"{page}-{width}-{scheme}.png"
            visit.look(width, scheme, file)
            _shrink(file)
            print(file, file.stat().st_size // 1000, "kB")


def _shrink(file: Path) -> None:
    """Reduce a picture to the colours that it mostly uses."""
    from PIL import Image

    few = Image.Quantize.MAXCOVERAGE
    Image.open(file).convert("RGB").quantize(255, method=few).save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dashboard/screenshots"))
