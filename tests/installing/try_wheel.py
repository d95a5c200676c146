"""The wheel and the sdist, built and tried in clean environments.

    python tests/installing/try_wheel.py [--whole] [FOLDER]

With FOLDER the wheel and the sdist in it are tried; without it both are built first.
An environment is clean of lora-harness and of this checkout, but not of the heavy libraries: a
`.pth` file leads to those of the environment that runs this, so that it takes seconds instead of
gigabytes (a `.pth` found by way of another is not read, so an editable lora-harness there stays
away; `pip list` must not show it). `--whole` downloads everything from the index instead.
Tried in each: the command, the plugin, types, what is packed; with the wheel the five minutes too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TYPED = """
from harness import Case, Verdict, evaluate
def outcome(adapter: str) -> str:
    found: Verdict = evaluate(adapter)["openers"]
    return found.outcome
wrong: int = Case("a", "b", ("c",)).input
"""
STRICT = """
[mypy]
strict = true
[mypy-harness.*]
follow_imports = normal
[mypy-sqlalchemy.*,torch.*,transformers.*,peft.*,numpy.*,scipy.*,click.*,cattrs.*,alembic.*]
follow_imports = skip
"""


def run(*words: object, cwd: Path, code: int = 0) -> str:
    """A command that must end with `code`; PYTHONPATH would let the checkout in."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=clean, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, f"{' '.join(map(str, words))}: {done.returncode}\n{said}"
    return said


def build(folder: Path) -> tuple[Path, Path]:
    """Both, the wheel out of the sdist as an index's users get it."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return built(folder)


def built(folder: Path) -> tuple[Path, Path]:
    """Return the only wheel and the only sdist of a folder."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def refuse_wrong_contents(wheel: Path, sdist: Path) -> None:
    """What must be packed is, and nothing else is."""
    with zipfile.ZipFile(wheel) as opened:
        packed = set(opened.namelist())
    for name in (
        "py.typed",
        "faces/dashboard/app.py",
        "faces/dashboard/look.css",
        "render/report/report.css",
        "workspace/starter_project/settings.toml",
        "workspace/ci_files/github.yml",
        "workspace/ci_files/gitlab.yml",
    ):
        assert f"harness/{name}" in packed, name
    tops = {name.split("/")[0] for name in packed}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness"}, tops
    with tarfile.open(sdist) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "harness/py.typed"} <= names
    assert {".github/actions/gate/action.yml", ".pre-commit-hooks.yaml"} <= names
    assert not any(name.startswith(("tests/", "adapters/", "reports/")) for name in names)


def environment(folder: Path, what: Path, whole: bool) -> Path:
    """An environment with lora-harness from `what`; its `bin`."""
    venv.create(folder, with_pip=True)
    bin_folder = folder / "bin"
    extras = f"{what}[all]" if whole else str(what)
    more = [] if whole else ["--no-deps"]
    if not whole:
        site = next((folder / "lib").glob("python*/site-packages"))
        shared = sysconfig.get_paths()["purelib"]
        (site / "shared.pth").write_text(f"{shared}\n")
    run(bin_folder / "python", "-m", "pip", "install", "--quiet", *more, extras, cwd=folder)
    for name in ("pytest", "mypy"):  # their commands lie beside the libraries
        if not (bin_folder / name).exists():
            script = f"#!{bin_folder / 'python'}\nimport sys, runpy\n"
            script += f"sys.argv[0] = {name!r}\nrunpy.run_module({name!r}, run_name='__main__')\n"
            (bin_folder / name).write_text(script)
            (bin_folder / name).chmod(0o755)
    return bin_folder


def look(bin_folder: Path, place: Path) -> None:
    """The command, the plugin and the types, away from the checkout."""
    place.mkdir()
    python = bin_folder / "python"
    where = run(python, "-c", "import harness; print(harness.__file__)", cwd=place).strip()
    assert Path(where).is_relative_to(bin_folder.parent), where
    version = run(python, "-c", "import harness; print(harness.__version__)", cwd=place).strip()
    assert version in run(bin_folder / "lora-harness", "--version", cwd=place)
    assert "--model" in run(bin_folder / "pytest", "--help", cwd=place)
    checks = "from importlib.metadata import version; print(version('lora-harness'))"
    assert run(python, "-c", checks, cwd=place).strip() == version
    run(python, "-c", "import harness; [getattr(harness, n) for n in harness.__all__]", cwd=place)
    (place / "typed.py").write_text(TYPED)
    (place / "mypy.ini").write_text(STRICT)
    said = run(python, "-m", "mypy", "typed.py", cwd=place, code=1)
    assert "Found 1 error" in said and "Incompatible types in assignment" in said, said


def main() -> None:
    """Build, look at both, and walk the five minutes with the wheel."""
    whole = "--whole" in sys.argv
    given = [Path(word).resolve() for word in sys.argv[1:] if word != "--whole"]
    with tempfile.TemporaryDirectory(prefix="lora-harness-wheel-") as made:
        folder = Path(made)
        (folder / "dist").mkdir()
        wheel, sdist = built(given[0]) if given else build(folder / "dist")
        refuse_wrong_contents(wheel, sdist)
        print(f"trying  {wheel.name} ({wheel.stat().st_size:,} bytes), {sdist.name}", flush=True)
        for what in (sdist, wheel):
            bin_folder = environment(folder / what.suffix[1:], what, whole)
            look(bin_folder, folder / f"look-{what.suffix[1:]}")
            print(f"fine    {what.name}: command, plugin, types", flush=True)
        os.environ["LORA_HARNESS_CACHE"] = str(folder / "cache")
        os.environ.pop("PYTHONPATH", None)
        words = [bin_folder / "python", ROOT / "tests/installing/five_minutes.py"]
        print(run(*words, folder / "minutes", bin_folder, cwd=folder), end="")


if __name__ == "__main__":
    main()
