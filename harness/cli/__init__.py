"""The `lora-harness` command: it parses, calls a flow, writes the result and exits."""

from __future__ import annotations

import sys

from harness.cli.command import cli
from harness.cli.terminal import write_any_sign


def main() -> None:
    """Run the command, as its entry point."""
    write_any_sign()
    sys.exit(cli.main(standalone_mode=True))
