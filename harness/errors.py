"""Errors that a user can meet; each message is a single line with what happened and what to do.

The command and the plugin catch `HarnessError` once and exit with its `exit_code`.
"""

from __future__ import annotations

_MAX_LENGTH = 1000


class HarnessError(Exception):
    """Base of all errors that are raised on purpose; `str()` is the line that the user reads.

    The message may quote files, names and libraries, so it is reduced to one printable line here.
    """

    exit_code = 4

    def __init__(self, message: str) -> None:
        if len(message) > _MAX_LENGTH:
            message = f"{message[: _MAX_LENGTH - 300]} … {message[-200:]}"
        if not message.isprintable():
            message = "".join(
                c if c.isprintable() else c.encode("unicode_escape").decode() for c in message
            )
        super().__init__(message)


def reason(problem: BaseException) -> str:
    """Return the first line of a foreign exception's message, or its class name if it is empty."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:200] if lines else problem.__class__.__name__


class RequestError(HarnessError):
    """The request is wrong: a bad file, an unknown name, an option that makes no sense (exit 4)."""


class SettingsError(RequestError):
    """`[tool.harness]` cannot be used in its present form."""


class NoProject(SettingsError):
    """Neither this folder nor a folder above it has a `[tool.harness]`."""


class BenchmarkError(RequestError):
    """A benchmark's files cannot be used in their present form."""


class DataError(RequestError):
    """A training set, a score file or recorded outputs cannot be used in their present form."""


class AdapterRefused(RequestError):
    """The adapter is unknown, unsafe, incomplete, for another base, or without effect."""


class WeightsError(RequestError):
    """A base or embedder reference cannot be resolved to weights on this machine."""


class Unjudgeable(RequestError):
    """Two runs cannot be compared: unlike benchmarks, prompts, decodings or cases."""


class WorldFailed(HarnessError):
    """The request was fine but something outside failed, so no verdict was reached (exit 11)."""

    exit_code = 11


class EngineFailed(WorldFailed):
    """An engine could not produce outputs."""


class StoreFailed(WorldFailed):
    """The store could not be read or written."""


class RowUnreadable(StoreFailed):
    """A row of the store is not the record that it should be; the store itself answers."""


class RowChanged(StoreFailed):
    """A row of the store is not what was recorded: its seal no longer fits."""


class LedgerChanged(StoreFailed):
    """A decision in the ledger differs from the decision that was recorded."""
