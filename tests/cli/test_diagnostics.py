"""`-v` and `--traceback` before and behind every command, on stderr, off unless asked for."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import click
import pytest

from harness.cli.command import cli
from harness.cli.diagnostics import TRACEBACK
from harness.flows.evaluation import session
from tests.cli.conftest import Type
from tests.cli.test_help import walk
from tests.fakes.project import TinyProject

SHUT = "\n[tool.harness.privacy]\ntexts = false\n"
NO_STORE = ("--store", "sqlite:////proc/nowhere/x.db")
log = logging.getLogger("harness.flows.somewhere")


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that logs at both levels on its way."""
    real = session.open_session

    def talks(*words: object, **more: object) -> object:
        log.info("%s: %d rows at once", "base", 3)
        log.debug("it %s", "went to eva@example.com")
        log.warning("%d rows of %s are made again", 3, "ana@example.com")
        logging.getLogger("elsewhere").warning("not ours")
        return real(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "open_session", talks)


@pytest.fixture
def buggy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with a bug."""

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("Dear Ana, 1/0")

    monkeypatch.setattr(session, "open_session", breaks)


@walk
def test_every_command_takes_both(path: str, command: click.Command) -> None:
    # A command keeps the help option of the first context that it sees, so it is the usual one.
    context = click.Context(cli, **cli.context_settings)
    names = {name for one in command.get_params(context) for name in one.opts}
    assert {"-v", "--verbose", "--traceback"} <= names
    assert "--verbose" not in {name for one in command.params for name in one.opts}


WAYS = {
    "before": ("-v", "evaluate", "same"),
    "behind": ("evaluate", "same", "-v"),
    "in full": ("evaluate", "--verbose", "same"),
}


@pytest.mark.medium
@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize("words", WAYS.values(), ids=list(WAYS))
def test_v_writes_what_happens_to_stderr(
    project: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    found = typed(*words)
    assert found.code == 0
    assert "info   harness.flows.somewhere: base: 3 rows at once" in found.err
    assert "lora-harness 1" in found.err
    assert "debug" not in found.err and "not ours" not in found.err
    assert "rows at once" not in found.out


@pytest.mark.slow
@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize(
    "words", [("-vv", "evaluate", "same"), ("-v", "evaluate", "same", "-v")], ids=["twice", "both"]
)
def test_vv_writes_more(project: TinyProject, typed: Type, words: tuple[str, ...]) -> None:
    found = typed(*words)
    assert "debug  harness.flows.somewhere: it went to eva@example.com" in found.err
    assert found.err.count("rows at once") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("talking")
def test_without_it_nothing_is_written_and_nothing_stays(project: TinyProject, typed: Type) -> None:
    typed("evaluate", "same", "-vv")
    logger = logging.getLogger("harness")
    assert logger.level == logging.NOTSET and logger.handlers == []
    assert "rows at once" not in typed("evaluate", "same").err


@pytest.mark.medium
@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["plain", "json"])
def test_a_warning_is_written_without_being_asked_for(
    project: TinyProject, typed: Type, more: tuple[str, ...]
) -> None:
    found = typed("evaluate", "same", *more)
    assert "warning: 3 rows of ana@example.com are made again" in found.err.splitlines()
    assert "made again" not in found.out
    project.settings('\n[tool.harness.privacy]\nredact = ["email"]\n')
    assert "warning: 3 rows of [email] are made again" in typed("evaluate", "same", *more).err


@pytest.mark.medium
@pytest.mark.usefixtures("talking")
def test_with_json_stdout_is_json_alone(project: TinyProject, typed: Type) -> None:
    found = typed("evaluate", "same", "-vv", "--traceback", "--json")
    assert [json.loads(line)["outcome"] for line in found.out.splitlines()] == ["promote"] * 2
    assert "rows at once" in found.err


@pytest.mark.long
@pytest.mark.usefixtures("talking")
def test_log_lines_are_redacted_and_cannot_act(project: TinyProject, typed: Type) -> None:
    project.settings('\n[tool.harness.privacy]\nredact = ["email"]\n')
    assert "it went to [email]" in typed("evaluate", "same", "-vv").err
    project.settings(SHUT)
    assert "it [text left out]" in typed("evaluate", "same", "-vv").err
    project.settings("")
    assert "it [text left out]" in typed("evaluate", "same", "-vv", "--no-texts").err
    log_it = "\x1b]0;title\x07\n::error::x"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "open_session", lambda *_: log.info("%s", log_it))
        lines = typed("evaluate", "same", "-v").err.splitlines()
    assert all(line.isprintable() and not line.startswith("::") for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        ("--traceback", "evaluate", "same", *NO_STORE),
        ("evaluate", "same", *NO_STORE, "--traceback"),
    ],
    ids=["before", "behind"],
)
def test_traceback_shows_where_an_error_comes_from(
    project: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    plain = typed("evaluate", "same", *NO_STORE)
    found = typed(*words)
    assert (found.code, found.out) == (11, "")
    *shown, line = found.err.splitlines()
    assert line == plain.line
    assert "Traceback (most recent call last)" in shown[0]
    assert any("harness/store/database.py" in one for one in shown)
    as_json = typed(*words, "--json")
    assert as_json.json == {"error": line.removeprefix("lora-harness: ")}
    assert "Traceback" in as_json.err


def test_an_error_that_another_one_caused_shows_both(project: TinyProject, typed: Type) -> None:
    found = typed("reviews", "rates", "--since", "yesterday", "--traceback")
    assert found.code == 4
    assert "ValueError: Invalid isoformat string: 'yesterday'" in found.err
    assert found.err.index("ValueError") < found.err.index("led to this one")


def test_the_environment_asks_for_it_too(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACEBACK, "1")
    assert "Traceback" in typed("evaluate", "nosuch").err
    monkeypatch.setenv(TRACEBACK, "0")
    assert "Traceback" not in typed("evaluate", "nosuch").err


@pytest.mark.usefixtures("buggy")
def test_a_bug_is_one_line_that_says_how_to_see_more(project: TinyProject, typed: Type) -> None:
    found = typed("evaluate", "same")
    assert found.code == 1  # as Python itself leaves
    assert "ZeroDivisionError: Dear Ana, 1/0" in found.line
    assert "--traceback shows where" in found.line
    assert set(typed("evaluate", "same", "--json").json) == {"error"}
    assert "in breaks" in typed("evaluate", "same", "--traceback").err


@pytest.mark.usefixtures("buggy")
def test_without_texts_a_bug_shows_no_message(project: TinyProject, typed: Type) -> None:
    project.settings(SHUT)
    assert "(ZeroDivisionError)" in typed("evaluate", "same").line
    found = typed("evaluate", "same", "--traceback")
    assert "Dear Ana" not in found.err.replace('ZeroDivisionError("Dear Ana, 1/0")', "")
    assert "in breaks" in found.err and "messages of exceptions are not shown" in found.err


@pytest.mark.long
def test_logging_is_imported_only_when_asked_for(tmp_path: Path) -> None:
    script = (
        "import sys; from harness.cli.command import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "finally: print(sorted({'logging', 'harness.text.failures'} & set(sys.modules)))"
    )

    def loaded(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.splitlines()[-1]

    assert loaded("--help") == loaded("--version") == loaded("--traceback", "--help") == "[]"
    assert loaded("-v", "--help") == "['harness.text.failures', 'logging']"
