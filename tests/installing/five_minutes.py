"""From nothing to a promoted adapter of one's own, as a stranger types it, in any environment.

    python tests/installing/five_minutes.py FOLDER [BIN]

BIN holds `lora-harness`, `pytest` and `python`; without it those beside this Python are used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PAGES = ("now", "over_time", "compare", "cases", "review", "ledger")
PAGE_DATA = (
    f"PAGES = {PAGES[1:]!r}"
    + """
import json
from streamlit.testing.v1 import AppTest
from harness.cli.dashboard import pages
at = AppTest.from_file(str(pages() / "app.py"), default_timeout=120).run()
found = {"now": at.title[0].value}
for name in PAGES:
    at.switch_page(f"page/{name}.py").run()
    html = "".join(one.proto.body for one in at.get("html"))
    assert not at.exception and 'role="alert"' not in html, (name, html[-500:])
    found[name] = at.title[0].value
print(json.dumps(found))
"""
)


@dataclass(frozen=True)
class Shell:
    """Commands of one environment in one folder; what ends otherwise than expected is said."""

    folder: Path
    bin: Path

    def __call__(self, program: str, *words: str, code: int = 0) -> str:
        """Standard output of a command that must end with `code`."""
        done = subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider", "COLUMNS": "80"},
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{program} {' '.join(words)}: {done.returncode}\n{said}"
        assert "Traceback" not in said, said
        return done.stdout


def walk(brought: Path, folder: Path, bin_folder: Path) -> dict[str, str]:
    """The five minutes; what every page of the dashboard says, and the report, comes back."""
    outside = Shell(folder.parent, bin_folder)
    outside("lora-harness", "init", folder.name, "--task", "openers", "--embedder", "none",
            "--base", os.path.relpath(brought / "base", folder))  # fmt: skip
    inside = Shell(folder, bin_folder)
    csv = str(brought / "cases.csv")
    inside("lora-harness", "benchmark", "import", csv, "--name", "openers", "--slice", "trade",
           "--replace")  # fmt: skip
    shutil.copytree(brought / "trained", folder / "adapters" / "mine")
    inside("lora-harness", "doctor", "mine")
    told = inside("pytest", "--model", "mine")
    assert "PROMOTE  mine · task openers · 25 cases" in told, told
    assert "47 passed" in told, told  # 25 cases, 20 of the guard, two gates
    (report,) = folder.glob("reports/*_openers_*/report.html")
    assert str(report.relative_to(folder)) in told, told
    opened = opens_quietly(report)
    inside("lora-harness", "promote", "mine", "--by", "Ana", "--why", "better than the base")
    held = json.loads(inside("lora-harness", "status", "--json"))["tasks"]
    assert [(one["task"], one["promoted"]) for one in held] == [("openers", "mine")]
    path = inside("lora-harness", "path", "--task", "openers").strip()
    assert Path(path).samefile(folder / "adapters" / "mine")
    inside("lora-harness", "verify")
    found: dict[str, str] = json.loads(inside("python", "-c", PAGE_DATA))
    assert found["now"].startswith("mine is in production"), found
    return found | {"report": opened}


def opens_quietly(page: Path) -> str:
    """What a browser makes of a file; anything on its console is an error here."""
    known = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    browser = next(filter(None, known), None)
    if browser is None:
        return "not opened: no chromium here"
    words = ["--headless", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as profile:
        asked = [browser, *words, *root, f"--user-data-dir={profile}", page.as_uri()]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr, done.stderr
    assert "PROMOTE" in done.stdout.upper() and "</html>" in done.stdout, done.stdout[-500:]
    return "opens in a browser, which has nothing to complain of"


def main() -> None:
    """Make what a stranger brings along, then walk."""
    place = Path(sys.argv[1]).resolve()
    bin_folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(sys.executable).parent
    brought = place / "brought"
    brought.mkdir(parents=True)
    maker = Path(__file__).with_name("own_model.py")
    subprocess.run([bin_folder / "python", maker, brought], check=True, capture_output=True)
    for page, headline in walk(brought, place / "shop", bin_folder).items():
        print(f"{page:10} {headline}")


if __name__ == "__main__":
    main()
