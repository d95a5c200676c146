"""Read `[tool.harness.worth]`: what a team declares about its work, each key by itself."""

from __future__ import annotations

from harness.records import WorthSettings
from harness.workspace.formats.fields import Table

LIMITS = {
    "minutes_per_edit": (0.0, 600.0),
    "minutes_per_rewrite": (0.0, 600.0),
    "cost_per_hour": (0.0, 1e6),
    "training_hours": (0.0, 1e5),
    "outputs_per_month": (1.0, 1e9),
}
MAX_CURRENCY = 8


def read_worth(table: Table) -> WorthSettings:
    """Read `[worth]`; a key that is missing is not declared, and not zero."""
    found = {
        name: table.number(name, None, low, high) if table.has(name) else None
        for name, (low, high) in LIMITS.items()
    }
    currency = table.text("currency", "", blank=True)
    if len(currency) > MAX_CURRENCY or not currency.isprintable():
        raise table.fail(f"`currency` is {currency[:20]!r}, a short text such as EUR is needed")
    table.done()
    return WorthSettings(**found, currency=currency)
