"""Every terminal gets our tables: in Latin-1, in a code page, in KOI8."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from harness.cli.terminal import screen, write_any_sign

TEXT = "═══ −0.1 → é 👍"
WRITE = (
    "import sys; from harness.cli.terminal import write_any_sign;"
    " write_any_sign(); print(sys.argv[1])"
)


def written(encoding: str, text: str, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, text, *more],
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(encoding).removesuffix("\n").removesuffix("\r")


@pytest.mark.medium
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", r"=== -0.1 -> é \ud83d\udc4d"),
        ("cp1252", r"=== -0.1 -> é \ud83d\udc4d"),
        ("cp437", r"═══ -0.1 -> é \ud83d\udc4d"),
        ("koi8-r", r"═══ -0.1 -> \u00e9 \ud83d\udc4d"),
        ("utf-8", TEXT),
    ],
)
def test_what_an_encoding_lacks_is_a_near_sign_or_an_escape(encoding: str, shown: str) -> None:
    assert written(encoding, TEXT) == shown


@pytest.mark.medium
@pytest.mark.parametrize("encoding", ["latin-1", "cp437", "shift_jis", "utf-8"])
def test_json_is_read_as_the_same_text(encoding: str) -> None:
    line = json.dumps({"why": TEXT}, ensure_ascii=False)
    assert json.loads(written(encoding, line, "--json")) == {"why": TEXT}


def test_a_stream_that_is_no_terminal_stays_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    write_any_sign()
    print(TEXT)
    assert capsys.readouterr().out == f"{TEXT}\n"


def test_colours_are_for_terminals_that_take_them_and_people_who_want_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert screen() == {"width": 60, "colour": True}
    monkeypatch.setenv("NO_COLOR", "1")
    assert not screen()["colour"]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not screen()["colour"]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not screen()["colour"]
