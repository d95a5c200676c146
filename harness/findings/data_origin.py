"""Find what a training set's origin card says or leaves open that a person should look at."""

from __future__ import annotations

from collections.abc import Iterator

from harness.findings.finding import Finding
from harness.records import DataOrigin
from harness.text.figures import count


def origin_findings(origin: DataOrigin, personal_lines: int) -> Iterator[Finding]:
    """Yield warnings of kind `origin`; `personal_lines` have personal data in them."""
    found = f"personal data was found in {count(personal_lines, 'line')}" if personal_lines else ""
    if origin.third_party_copy:
        terms = "" if origin.licence else ", and no licence is stated"
        yield Finding("origin", None, f"it holds texts that others wrote and own{terms}")
    if found and origin.contains_personal_data is False:
        yield Finding("origin", None, f"its card says that it holds no personal data, yet {found}")
    if not origin.lawful_basis and (found or origin.contains_personal_data):
        said = found or "its card says that it holds personal data"
        yield Finding("origin", None, f"{said}, and no lawful basis is stated")
