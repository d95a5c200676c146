"""Every error a user can meet. Each says what happened and what to do next, in one line.

Faces catch `HarnessError` once and leave with its `exit_code` (DESIGN 7).
"""

from __future__ import annotations

_MAX_LENGTH = 1000


class HarnessError(Exception):
    """Base of all errors that are raised on purpose; `str()` is the line that the user reads.

    Files, names and libraries end up in it, so it is made one line here, of what can be printed.
    """

    exit_code = 4

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


def reason(problem: BaseException) -> str:
    """What a foreign exception says, in a few words; its kind where it says nothing."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:200] if lines else problem.__class__.__name__


def _one_line(message: str) -> str:
    if len(message) > _MAX_LENGTH:
        message = f"{message[: _MAX_LENGTH - 300]} … {message[-200:]}"
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


class RequestError(HarnessError):
    """The request is wrong: a bad file, an unknown name, an option that makes no sense (exit 4)."""


class SettingsError(RequestError):
    """`[tool.harness]` cannot be used as it stands."""


class NoProject(SettingsError):
    """No `[tool.harness]` stands here or above."""


class BenchmarkError(RequestError):
    """A benchmark's files cannot be used as they stand."""


class DataError(RequestError):
    """A training set, a score file or recorded outputs cannot be used as they stand."""


class AdapterRefused(RequestError):
    """The adapter is unknown, unsafe, incomplete, for another base, or changes nothing."""


class WeightsError(RequestError):
    """A base or embedder reference cannot be resolved to weights on this machine."""


class Unjudgeable(RequestError):
    """The two sides cannot be compared: unlike benchmarks, prompts, decodings or cases."""


class WorldFailed(HarnessError):
    """The request was fine but something outside failed, so nothing could be judged (exit 11)."""

    exit_code = 11


class EngineFailed(WorldFailed):
    """An engine could not produce outputs."""


class StoreFailed(WorldFailed):
    """The store could not be read or written."""


class RowUnreadable(StoreFailed):
    """One row of the store is not the record that it should be; the store itself answers."""


class LedgerChanged(StoreFailed):
    """A decision in the ledger is not what was recorded."""
