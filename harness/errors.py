"""Every error a user can meet. Each says what happened and what to do next, in one line.

Faces catch `HarnessError` once and leave with its `exit_code` (DESIGN 7).
"""

from __future__ import annotations


class HarnessError(Exception):
    """Base of all errors that are raised on purpose; `str()` is the line that the user reads."""

    exit_code = 4


class RequestError(HarnessError):
    """The request is wrong: a bad file, an unknown name, an option that makes no sense (exit 4)."""


class SettingsError(RequestError):
    """`[tool.harness]` cannot be used as it stands."""


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
