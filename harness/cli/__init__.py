"""The `lora-harness` command: parse, call one flow, write its words, exit."""

from __future__ import annotations

import sys

from harness.cli.command import cli


def main() -> None:
    """Entry point of the command."""
    sys.exit(cli.main(standalone_mode=True))
