"""`python -m harness.cli` is `lora-harness`."""

from harness.cli import main

main()
