"""`lora-harness dashboard`: where it finds its pages, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli import dashboard
from harness.cli.dashboard import _command, options, pages
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject


def test_the_pages_are_found_beside_the_package_or_inside_it() -> None:
    assert (pages() / "app.py").is_file()
    assert (pages() / "page" / "now.py").is_file()


def test_the_look_and_the_safe_settings_go_with_it_wherever_one_stands() -> None:
    given = list(options(pages()))
    assert "--browser.gatherUsageStats=false" in given
    assert "--server.enableXsrfProtection=true" in given
    assert "--client.showErrorDetails=none" in given
    assert any(one.startswith("--theme.dark.primaryColor=#") for one in given)
    assert any(one.startswith('--theme.headingFontSizes=["') for one in given)
    assert not any("http" in one for one in given), "nothing is fetched from elsewhere"


def test_on_this_machine_only_its_own_names_are_answered() -> None:
    here = _command(pages(), "127.0.0.1", 8600)
    assert "--server.address=127.0.0.1" in here
    assert "--server.allowedHosts=localhost" in here
    assert sum(one.startswith("--server.address") for one in here) == 1
    assert not any("allowedHosts" in one for one in _command(pages(), "0.0.0.0", 8600))


def test_behind_a_proxy_its_name_is_answered_too() -> None:
    given = _command(pages(), "127.0.0.1", 8600, "review.example.com")
    assert "--server.allowedHosts=review.example.com" in given
    assert "--browser.serverAddress=review.example.com" in given


def test_a_port_in_use_is_one_line(project: TinyProject, typed: Type) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = typed("dashboard", "--port", str(port), "--no-browser")
    assert found.code == 4
    assert f"127.0.0.1:{port}" in found.line
    assert f"--port {port + 1}" in found.line


def test_without_streamlit_the_line_says_what_to_install(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "NEEDED", ("streamlit_that_is_not_there",))
    found = typed("dashboard", "--no-browser")
    assert found.code == 4
    assert "pip install 'lora-harness[dashboard]'" in found.line


def test_outside_a_project_it_says_so(
    tmp_path: Path, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "[tool.harness]" in typed("dashboard").line


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_cleanly(project: TinyProject, how: signal.Signals) -> None:
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "harness.cli",
        "dashboard",
        "--no-browser",
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command, cwd=project.folder, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        try:
            assert _answers(port), "the server did not come up"
            os.killpg(server.pid, how) if how is signal.SIGINT else server.send_signal(how)
            _, told = server.communicate(timeout=30)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
    assert server.returncode == 0
    assert "Traceback" not in told
    assert not _open(port)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if _open(port):
            return True
        time.sleep(0.2)
    return False


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
