"""What holds for every command: an example in its help, one line per error, JSON on request."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.cli.command import COMMANDS, cli
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

HISTORY = ("list", "export", "import", "recompute")
NAMED = {
    "doctor": ("nosuch",),
    "evaluate": ("nosuch",),
    "compare": ("nosuch", "good"),
    "judge": ("nosuch.csv",),
    "promote": ("nosuch", "--by", "Ana", "--why", "x"),
    "accept": ("nosuch", "--run", "nosuch", "--by", "Ana", "--why", "x"),
    "train": ("nosuch", "--data", "nosuch.jsonl"),
}


@pytest.mark.parametrize("ask", ["--help", "-h"])
def test_help_by_either_word(typed: Type, ask: str) -> None:
    found = typed("history", "export", ask)
    assert found.code == 0
    assert "Example: lora-harness history export" in " ".join(found.out.split())
    assert found.err == ""


def test_help_shows_every_command(typed: Type) -> None:
    found = typed("--help")
    assert found.code == 0
    for name, (_, purpose) in COMMANDS.items():
        assert f"{name} " in found.out
        assert purpose in found.out
    assert "10 inconclusive" in found.out


def test_a_group_alone_shows_its_commands(typed: Type) -> None:
    found = typed("history")
    assert found.code == 0
    assert all(name in found.out for name in HISTORY)


def test_the_version(typed: Type) -> None:
    assert typed("--version").out.startswith("lora-harness, version ")


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("evalaute", "good"), "did you mean `evaluate`?"),
        (("histroy",), "did you mean `history`?"),
        (("history", "exprot"), "did you mean `export`?"),
        (("evaluate", "good", "--jsn"), "did you mean `--json`?"),
        (("judge", "a.csv", "--gates", "x"), "--gate"),
        (("evaluate", "good", "--benchmark", "opners"), "did you mean `openers`?"),
        (("compare", "good", "same", "--benchmark", "opners"), "did you mean `openers`?"),
        (("judge", "a.csv", "--benchmark", "opners"), "did you mean `openers`?"),
        (("evaluate", "goood"), "did you mean `good`?"),
        (("compare", "good", "sme"), "did you mean `same`?"),
        (("promote", "goood", "--by", "A", "--why", "x"), "did you mean `good`?"),
        (("log", "--task", "opners"), "did you mean `openers`?"),
        (("monitor", "--task", "opners"), "did you mean `openers`?"),
        (("path", "--task", "opners"), "did you mean `openers`?"),
        (("reject", "bad", "--task", "opners", "--by", "A", "--why", "x"), "mean `openers`?"),
        (("pin", "sme", "--by", "A", "--why", "x"), "did you mean `same`?"),
        (("completion", "zhs"), "'zsh'"),
    ],
)
def test_what_is_mistyped_is_suggested_in_one_line(
    project: TinyProject, typed: Type, words: tuple[str, ...], near: str
) -> None:
    found = typed(*words)
    assert found.code == 4
    assert found.line.startswith("lora-harness: ")
    assert near in found.line
    as_json = typed(*words, "--json")
    assert as_json.code == 4
    assert near in as_json.json["error"]
    assert as_json.err == ""


def test_a_mistyped_adapter_is_suggested(project: TinyProject, typed: Type) -> None:
    project.adapter("adapter_v1").write()
    found = typed("evaluate", "adapter_v2", "--engine", "transformers")
    assert found.code == 4
    assert "did you mean `adapter_v1`?" in found.line


@pytest.mark.parametrize("name", NAMED)
def test_a_name_that_does_not_exist(project: TinyProject, typed: Type, name: str) -> None:
    found = typed(name, *NAMED[name])
    assert found.code == 4
    assert "nosuch" in found.line
    as_json = typed(name, *NAMED[name], "--json")
    assert as_json.code == 4
    assert set(as_json.json) == {"error"}


@pytest.mark.parametrize("name", [*NAMED, "status"])
def test_outside_of_a_project(
    typed: Type,
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    found = typed(name, *NAMED.get(name, ()))
    assert found.code == 4
    assert "no such file" in found.line if name == "judge" else "[tool.harness]" in found.line


@pytest.mark.parametrize("name", ["evaluate", "promote", "status", "accept", "compare"])
def test_a_store_that_fails_is_11(project: TinyProject, typed: Type, name: str) -> None:
    words = ("good", "same") if name == "compare" else NAMED.get(name, ())
    project.record("nosuch")
    found = typed(name, *words, "--store", "sqlite:////proc/nowhere/x.db", "--json")
    assert found.code == 11
    assert "/proc/nowhere" in found.json["error"]


def test_an_error_cannot_act_on_the_terminal(project: TinyProject, typed: Type) -> None:
    found = typed("evaluate", "\x1b]0;title\x07\n::error::x")
    assert found.code == 4
    assert found.line.isprintable()
    assert typed("\x1b[31m\u202e").line.isprintable()


def test_an_interruption_says_how_to_go_on(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.flows.evaluation import session

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "open_session", interrupted)
    found = typed("evaluate", "good")
    assert found.code == 130
    assert found.err.splitlines()[-1].endswith("run the same command again to go on")


@pytest.mark.medium
def test_help_imports_no_command() -> None:
    script = (
        "import sys; from harness.cli.command import cli\n"
        "try: cli.main(['--help'])\n"
        "finally: print([m for m in sys.modules if m.startswith(('torch', 'numpy', 'sqlalchemy',"
        " 'harness.flows', 'harness.judge'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.long
def test_a_reader_that_goes_away_is_no_error(project: TinyProject) -> None:
    script = (
        "import sys; from harness.cli import main\n"
        "sys.argv[1:] = ['compare', 'good', 'bad']; main()"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout and running.stderr
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    running.wait()


def test_every_command_is_listed_once_and_has_json() -> None:
    import click

    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)  # type: ignore[attr-defined]
        found = command.commands.values() if isinstance(command, click.Group) else [command]
        for one in found:
            assert "--json" in {option for p in one.params for option in p.opts}, one.name
