"""Tell a team's chat what happened; what goes wrong with that is a warning and nothing more."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from harness.errors import SettingsError, WorldFailed
from harness.flows.project import Project
from harness.records import Notice, NoticeSent
from harness.records.holds import EXACT
from harness.render.notices import EXAMPLES, TEST, payload

_log = logging.getLogger(__name__)
SECTION = "[tool.harness.notify]"


def tell(project: Project, notices: Iterable[Notice | None]) -> list[NoticeSent]:
    """Send the notices that the project's settings ask for; never raise.

    Under `--harness-base-ref` nothing is sent: a pull request is judged there.
    """
    settings = project.settings.notify
    if not settings.webhook or project.bar is not None:
        return []
    wanted = [one for one in notices if one is not None and one.kind in settings.on]
    sent = []
    for notice in wanted:
        done = _sent(project, notice)
        sent.append(done)
        if not done.sent:
            _log.warning("a notice (%s) was not sent: %s", notice.kind, done.problem)
            break  # the next would wait as long for the same receiver
    return sent


def _sent(project: Project, notice: Notice) -> NoticeSent:
    from harness.flows.notify.webhook import post

    settings = project.settings.notify
    # Names of people are masked, and every quotation is left out, whatever may be shown here.
    redaction = replace(project.redaction, texts=False)
    return post(settings.webhook, payload(redaction.record(notice), settings.form), time.sleep)


@dataclass(frozen=True, slots=True)
class NotifyPlan:
    """What is configured, and what would be sent of each kind."""

    webhook: str = field(metadata=EXACT)
    """The variable that holds the address; empty where none is named."""
    is_set: bool
    """Whether that variable holds an address."""
    form: str = field(metadata=EXACT)
    on: tuple[str, ...] = field(metadata=EXACT)
    bodies: tuple[tuple[str, dict[str, object]], ...] = field(metadata=EXACT)
    """A made-up notice of each kind that is told, as it would be posted."""


def plan(project: Project) -> NotifyPlan:
    """Return what would be sent, and send nothing."""
    from harness.flows.notify.webhook import address_problem

    settings = project.settings.notify
    kinds = [one for kind, one in EXAMPLES.items() if kind in settings.on]
    return NotifyPlan(
        settings.webhook,
        bool(settings.webhook) and not address_problem(settings.webhook),
        settings.form,
        settings.on,
        tuple((one.kind, payload(one, settings.form)) for one in kinds),
    )


def send_test(project: Project) -> NoticeSent:
    """Send a test notice; raise where it does not arrive, since that is what was asked for."""
    from harness.flows.notify.webhook import address_problem

    variable = project.settings.notify.webhook
    if not variable:
        raise SettingsError(
            f'{SECTION} names no webhook, add `webhook = "NAME_OF_VARIABLE"` to pyproject.toml'
        )
    if problem := address_problem(variable):
        raise SettingsError(f"{SECTION}: {problem}")
    done = _sent(project, TEST)
    if not done.sent:
        raise WorldFailed(f"{SECTION}: the test notice was not sent: {done.problem}")
    return done
