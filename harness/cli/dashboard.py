"""`lora-harness dashboard`: starts the Streamlit pages on this machine, and only there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import click

import harness
from harness.cli.diagnostics import HarnessCommand
from harness.errors import RequestError, WorldFailed
from harness.text.safe import json_line

STORE = "LORA_HARNESS_DASHBOARD_STORE"
"""How a store that is not the settings' reaches the pages; a URL in argv could be read in `ps`."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NEEDED = ("streamlit", "altair")


@click.command(cls=HarnessCommand, epilog="Example: lora-harness dashboard --port 8600")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="To listen on."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--behind", metavar="NAME", help="Host name of the proxy that lets others in.")
@click.option("--store", help="Store URL instead of the settings'.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--json", "as_json", is_flag=True, help='{"url": ...} before it starts.')
def dashboard(
    port: int, host: str, behind: str | None, store: str | None, no_browser: bool, as_json: bool
) -> None:
    """Show the promoted adapter, its health and what a candidate would change in a browser.

    Listens on this machine only; dashboard/README.md says how to let others in.

    Exit codes: 0 ended with Ctrl-C, 4 a request that cannot work, 11 the server failed.
    """
    from harness.flows.project import Project

    Project.here()
    _installed()
    folder = pages()
    _free(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if as_json:
        click.echo(json_line({"url": url}))
    else:
        click.echo(f"dashboard: {url}  (Ctrl-C ends it)", err=True)
    command = [
        *_command(folder, host, port, behind),
        f"--server.headless={str(no_browser).lower()}",
    ]
    sys.exit(_served(command, dict(os.environ) | ({STORE: store} if store else {})))


def pages() -> Path:
    """Return the folder of the pages: inside the package in a wheel, beside it in a checkout."""
    package = Path(harness.__file__).parent
    for folder in (package / "faces" / "dashboard", package.parent / "dashboard"):
        if (folder / "app.py").is_file():
            return folder
    raise RequestError("the dashboard's pages are not installed, install lora-harness again")


def options(folder: Path) -> Iterator[str]:
    """Yield the shipped look as options; Streamlit reads it from the working directory alone."""
    import tomllib

    for place in (folder, folder.parent):
        file = place / ".streamlit" / "config.toml"
        if file.is_file():
            yield from _flat(tomllib.loads(file.read_text(encoding="utf-8")))
            return


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[str]:
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            shown = value if isinstance(value, str) else json.dumps(value)
            yield f"--{name}={shown}"


def _command(folder: Path, host: str, port: int, behind: str | None = None) -> list[str]:
    """Return the command that starts the pages."""
    # Another web page cannot reach them either: on loopback only loopback names are answered.
    names = (*LOOPBACK, *([behind] if behind else [])) if host in LOOPBACK else ()
    return [
        *(sys.executable, "-m", "streamlit", "run", str(folder / "serve.py")),
        *(each for each in options(folder) if not each.startswith("--server.address=")),
        f"--server.address={host}",
        f"--server.port={port}",
        *(f"--server.allowedHosts={name}" for name in names),
        *([f"--browser.serverAddress={behind}"] if behind else []),
    ]


def _installed() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise RequestError(
            f"{' and '.join(missing)} missing: pip install 'lora-harness[dashboard]'"
        )


def _free(host: str, port: int) -> None:
    """Refuse a port that is taken, in one line where Streamlit would write several."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # On Windows the option of the other systems lets two servers listen on one port.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        probe.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise RequestError(
                f"{host}:{port}: {problem.strerror or problem}; another one is --port {port + 1}"
            ) from problem


def _served(command: list[str], environment: dict[str, str]) -> int:
    """Wait for the server. Ctrl-C is for this process alone, which ends the server in peace."""
    with subprocess.Popen(command, env=environment, start_new_session=True) as server:
        asked = _ask_to_end(server)
        code = server.wait()
    if code and not asked:
        raise WorldFailed(
            f"the dashboard's server ended by itself ({code}), its last lines say why"
        )
    return 0


def _ask_to_end(server: subprocess.Popen[bytes]) -> list[int]:
    """End the server with this command on Ctrl-C and `kill`; the second time at once."""
    asked: list[int] = []

    def end(number: int, _: object) -> None:
        server.kill() if asked else server.terminate()
        asked.append(number)

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, end)
    return asked
