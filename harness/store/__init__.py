"""The SQL store of outputs, runs, verdicts, decisions and reviews."""

from harness.store.store import Store

__all__ = ["Store"]
