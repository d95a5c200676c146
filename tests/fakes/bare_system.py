"""Take away from Python what Windows lacks, then type commands: `python bare_system.py FOLDER`.

Run in a process of its own. Modules and functions are gone, not only hidden from our own code.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
OF_OS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchmod",
    "fork", "geteuid", "getuid", "killpg", "mkfifo", "sched_getaffinity", "set_blocking",
    "setsid", "statvfs", "sysconf",
)  # fmt: skip
OF_SIGNAL = ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "alarm", "setitimer")


def strip() -> None:
    """Take them away for the rest of this process."""
    import subprocess  # noqa: F401  # Python's own module is another one on Windows

    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
        for name in names:
            vars(module).pop(name, None)


def main() -> None:
    """Judge, promote and look, with recorded outputs; then write an adapter's report."""
    strip()
    from click.testing import CliRunner

    from harness.cli.command import cli
    from tests.fakes.project import TinyProject

    made = TinyProject(Path(sys.argv[1]))
    made.settings('history = "reports/history.jsonl"\n')
    made.record("good")
    os.chdir(made.folder)
    for words in (
        ("evaluate", "good"),
        ("promote", "good", "--by", "Zoë", "--why", "the first one"),
        ("status",),
        ("verify",),
        ("benchmark", "check"),
        ("report", "good", "--output", "report.html"),
        ("history", "export", "all.jsonl"),
        ("ci", "init", "github"),
    ):
        found = CliRunner().invoke(cli, list(words), prog_name="lora-harness")
        print(" ".join(words[:2]), found.exit_code)
        if found.exit_code != 0:
            print(found.output, found.exception)


if __name__ == "__main__":
    main()
