"""What is remembered: outputs by content, runs, verdicts, decisions, in one SQL store."""

from harness.store.store import Store

__all__ = ["Store"]
