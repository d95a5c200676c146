"""`python -m harness.cli` is `lora-harness`.

Tested in tests/cli/test_command.py.
"""

from harness.cli import main

main()
