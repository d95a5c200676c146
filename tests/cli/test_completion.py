"""After the Tab key a shell offers commands, options and the project's own names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from harness.cli.command import cli
from harness.cli.completion import SHELLS, VARIABLE
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject


def offered(*words: str) -> list[str]:
    """What a shell would offer for the last word."""
    *before, last = words
    found = ShellComplete(cli, {}, "lora-harness", VARIABLE).get_completions(before, last)
    return [item.value for item in found]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("evaluate", "b"), ["bad", "broken", "base", "base+prompt"]),
        (("promote", ""), ["bad", "base", "broken", "good", "same"]),
        (("compare", "good", "sa"), ["same"]),
        (("sweep", "good", "bro"), ["broken"]),
        (("evaluate", "good", "--benchmark", ""), ["manners", "openers"]),
        (("evaluate", "good", "--against", "g"), ["good"]),
        (("benchmark", "check", "op"), ["openers"]),
        (("benchmark", "diff", "openers", "m"), ["manners"]),
        (("promote", "good", "--task", ""), ["openers"]),
        (("log", "--task", "o"), ["openers"]),
        (("path", "--task", "x"), []),
        (("reviews", "rates", "--by", "s"), ["slice"]),
        (("histo",), ["history"]),
        (("history", "ex"), ["export"]),
        (("status", "--js"), ["--json"]),
        (("completion", ""), list(SHELLS)),
    ],
    ids=lambda value: " ".join(value),
)
def test_names_of_the_project_are_offered(
    project: TinyProject, words: tuple[str, ...], names: list[str]
) -> None:
    assert sorted(offered(*words)) == sorted(names)


def test_adapters_are_those_of_the_folder_for_the_other_engines(project: TinyProject) -> None:
    project.write("pyproject.toml", '[tool.harness]\nbase = "base"\n')
    project.adapter("acme/openers_v3").write()
    assert offered("doctor", "") == ["acme/openers_v3"]


@pytest.mark.parametrize("settings", [None, "[tool.harness]\nbasis = 1\n", "not toml"])
def test_outside_of_a_project_a_shell_gets_no_words_and_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None
) -> None:
    if settings is not None:
        (tmp_path / "pyproject.toml").write_text(settings)
    monkeypatch.chdir(tmp_path)
    assert offered("evaluate", "") == []
    assert offered("evaluate", "x", "--benchmark", "") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_the_command_itself(typed: Type, shell: str) -> None:
    found = typed("completion", shell)
    assert found.code == 0
    assert f"{VARIABLE}={shell}_complete" in found.out
    assert typed("completion", shell, "--json").json["shell"] == shell


def test_another_shell_is_refused(typed: Type) -> None:
    found = typed("completion", "tcsh")
    assert found.code == 4
    assert "'bash', 'zsh', 'fish'" in found.line


@pytest.mark.slow
def test_bash_itself_gets_names_without_a_model_or_a_store(project: TinyProject) -> None:
    script = (
        "import sys\nfrom harness.cli import main\nsys.argv = ['lora-harness']\n"
        "try: main()\n"
        "finally: print([m for m in ('torch', 'sqlalchemy', 'scipy') if m in sys.modules])"
    )
    asked = {"COMP_WORDS": "lora-harness evaluate sa", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | asked | {VARIABLE: "bash_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["plain,same", "[]"]


def test_no_store_is_made_for_it(project: TinyProject) -> None:
    store = project.folder / "reports" / "harness.db"
    store.unlink()
    assert offered("promote", "same", "--task", "") == ["openers"]
    assert not store.exists()
