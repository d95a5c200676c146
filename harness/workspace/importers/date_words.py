"""Names of months and of days of the week, in English, German, French and Spanish.

Tested in tests/workspace/importers/test_dates.py.
"""

from __future__ import annotations

import re

from harness.workspace.importers.folding import spellings

_MONTHS = (
    "january jan januar jänner janvier janv enero ene",
    "february feb februar février févr fev febrero",
    "march mar märz mär mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sep sept septembre septiembre set setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic",
)
MONTH = {
    spelling: number
    for number, names in enumerate(_MONTHS, start=1)
    for name in names.split()
    for spelling in spellings(name)
}
"""The number of a month, by its folded name."""
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag"
    " freitag samstag sonnabend sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes"
    " martes miercoles jueves viernes sabado domingo"
)
_WEEKDAYS = "|".join(
    sorted({day[:size] for day in _DAYS.split() for size in (2, 3, 4, len(day))}, reverse=True)
)
WEEKDAY = re.compile(rf"(?:{_WEEKDAYS})\b\.?,? +")
"""The name of a day in front of a date, short or long."""
