"""The exit codes of verdicts, and the order in which they win where several were given.

Errors carry their own code (`harness.errors`). The plugin and the command end with the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from harness.errors import RequestError, WorldFailed
from harness.records import Outcome

CODES: Mapping[Outcome, int] = MappingProxyType({"promote": 0, "reject": 1, "inconclusive": 10})

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
