"""The exit codes of verdicts, and the order in which they win where several were given.

Errors carry their own code (`harness.errors`). The plugin and the command end with the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from harness.errors import RequestError, WorldFailed
from harness.records import Outcome

CODES: Mapping[Outcome, int] = MappingProxyType({"promote": 0, "reject": 1, "inconclusive": 10})

MEANINGS: Mapping[str, str] = MappingProxyType({
    "0": "promote, or fine",
    "1": "reject, or retrain",
    "4": "the request is wrong: a file, a name, an option, a refused adapter",
    "10": "inconclusive",
    "11": "could not judge: an engine or the store failed; the same command goes on where it was",
    "130, 143, 129": "stopped by Ctrl-C, SIGTERM, SIGHUP: adapters are unloaded, private copies"
    " removed; the same command goes on where it was",
})  # fmt: skip
"""What a code tells, in the words of harness/cli/README.md; codes that say the same together."""

# A proven loss must not hide behind something that failed; what failed could still be a loss,
# so it is graver than "not decided yet".
_GRAVEST_FIRST = (
    CODES["reject"],
    WorldFailed.exit_code,
    RequestError.exit_code,
    CODES["inconclusive"],
)


def gravest(outcomes: Iterable[Outcome | None], failed: Iterable[int | None] = ()) -> int:
    """Return the gravest code of these verdicts and of the `failed` codes; 0 if all promote."""
    found = {CODES[outcome] for outcome in outcomes if outcome} | set(failed)
    return next((code for code in _GRAVEST_FIRST if code in found), 0)
