"""From `[tool.harness.privacy]` to what every outlet does: personal data and patterns are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.errors import HarnessError, SettingsError
from harness.records import Privacy
from harness.text.redact import OPEN, Finder, Found, Redaction
from harness.workspace.project.settings import Settings, read_settings

MARK = "[redacted]"


def redaction(settings: Settings) -> Redaction:
    """What the settings ask for; a pattern that means nothing is refused before anything shows."""
    privacy = settings.privacy
    where = settings.root / "pyproject.toml"
    patterns = [_pattern(one, f"{where} [tool.harness.privacy]") for one in privacy.patterns]
    personal = [_personal(privacy)] if privacy.kinds else []
    return Redaction((*personal, *patterns), privacy.texts)


def said(problem: HarnessError | str, texts: bool = True) -> str:
    """The line of an error, which may quote a text, as this project lets it be shown.

    Without `texts` none is shown, whatever the settings say.
    """
    try:
        found = redaction(read_settings())
    except (HarnessError, OSError):
        found = OPEN  # what is wrong with the settings themselves must be readable
    return (found if texts else replace(found, texts=False)).words(str(problem))


def shown_error(problem: HarnessError, texts: bool = True) -> HarnessError:
    """Return the error as hooks may see it: itself, or one of ours that says what may be shown."""
    line = said(problem, texts)
    if line == str(problem):
        return problem
    # Errors of other packages may be made of more than a line.
    kinds = (kind for kind in type(problem).__mro__ if kind.__module__ == HarnessError.__module__)
    ours: type[HarnessError] = next(kinds)
    return ours(line)


def _personal(privacy: Privacy) -> Finder:
    from harness.findings.personal import places

    def find(text: str) -> Iterator[Found]:
        for kind, start, end in places(text, privacy.region):
            if kind in privacy.kinds:
                yield f"[{kind}]", start, end

    return find


def _pattern(pattern: str, where: str) -> Finder:
    from harness.measure.phrases import PATTERN_SECONDS

    ready: Any = _ready(pattern, where)

    def find(text: str) -> Iterator[Found]:
        for match in ready.finditer(text, timeout=PATTERN_SECONDS):
            yield MARK, *match.span()

    return find


def _ready(pattern: str, where: str) -> Any:
    from harness.measure.phrases import compiled

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
