"""From `[tool.harness.privacy]` to what every outlet does: personal data and patterns are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.errors import SettingsError
from harness.findings.personal import places
from harness.measure.phrases import PATTERN_SECONDS, compiled
from harness.records import Privacy
from harness.render.redact import Finder, Found, Redaction
from harness.workspace.settings import Settings

MARK = "[redacted]"


def redaction(settings: Settings) -> Redaction:
    """What the settings ask for; a pattern that means nothing is refused before anything shows."""
    privacy = settings.privacy
    where = settings.root / "pyproject.toml"
    patterns = [_pattern(one, f"{where} [tool.harness.privacy]") for one in privacy.patterns]
    personal = [_personal(privacy)] if privacy.kinds else []
    return Redaction((*personal, *patterns), privacy.texts)


def _personal(privacy: Privacy) -> Finder:
    def find(text: str) -> Iterator[Found]:
        for kind, start, end in places(text, privacy.region):
            if kind in privacy.kinds:
                yield f"[{kind}]", start, end

    return find


def _pattern(pattern: str, where: str) -> Finder:
    ready: Any = _ready(pattern, where)

    def find(text: str) -> Iterator[Found]:
        for match in ready.finditer(text, timeout=PATTERN_SECONDS):
            yield MARK, *match.span()

    return find


def _ready(pattern: str, where: str) -> Any:
    try:
        ready = compiled(pattern)
    except ValueError as problem:
        raise SettingsError(f"{where}: `redact` names {pattern[:60]!r}: {problem}") from None
    if ready.fullmatch("") is not None:
        raise SettingsError(
            f"{where}: `redact` names {pattern[:60]!r}, which matches nothing at all as well;"
            " write it so that it needs a letter"
        )
    return ready
