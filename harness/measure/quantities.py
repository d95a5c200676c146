"""Numbers, prices, percentages and times in a text, each with the values that it may mean.

`1,200`, `1 200` and `1200.0` are one value; of an ambiguous form, both readings are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Reading: TypeAlias = frozenset[str]
"""Values that are all meant at once, such as the two ends of a merged range."""

_SYMBOLS = {"$": "usd", "us$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "₹": "inr"}
_CODES = (
    *("usd", "eur", "gbp", "jpy", "inr", "chf", "sek", "nok", "dkk", "pln"),
    *("czk", "cad", "aud", "nzd", "sgd", "hkd", "cny", "brl", "zar", "aed"),
)
_WORDS = {
    "dollar": "usd", "dollars": "usd", "euro": "eur", "euros": "eur",
    "pound": "gbp", "pounds": "gbp", "yen": "jpy", "rupees": "inr", "francs": "chf",
}  # fmt: skip
CURRENCIES = {**_SYMBOLS, **{code: code for code in _CODES}, **_WORDS}
MAGNITUDES = {
    "k": (3,), "thousand": (3,), "m": (0, 6), "mn": (6,), "mio": (6,), "million": (6,),
    "bn": (9,), "billion": (9,), "trillion": (12,),
}  # fmt: skip
"""Powers of ten; a bare `m` may be metres."""

_SPACE = "[ \u00a0\u2009\u202f]"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_QUANTITY = re.compile(
    rf"""
    (?: (?<!\w)(?P<before>{_any_of((*_SYMBOLS, *_CODES))}){_SPACE}?[-+\u2212]?
      | (?<![^\W\d_])(?<!\d)(?<!\d[.,])      # not inside a word or a number: B2B, H2O
    )
    (?P<digits>\d++(?:[.,'\u2019]\d++|{_SPACE}\d{{3}}(?!\d))*+)
    (?: (?:st|nd|rd|th)\b
      | (?: :(?P<minutes>[0-5]\d))?{_SPACE}?(?P<half>[ap])\.?m\b
      | :(?P<clock>[0-5]\d)\b
      | (?:{_SPACE}?(?P<magnitude>{_any_of(MAGNITUDES)})\b)?
        (?:{_SPACE}?(?:(?P<percent>%|percent\b|per{_SPACE}cent\b|pct\b|percentage\b)
          |(?P<after>{_any_of(CURRENCIES)})(?!\w)))?
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as a text has it."""

    written: str
    readings: tuple[Reading, ...]
    """Possible meanings; kinds differ by a prefix: `%5`, `eur 1200`, `15:00`, plain `5`."""
    plain: tuple[Reading, ...]
    """The same without their kind: a source that says `5 %` also gives the number 5."""


def quantities(text: str) -> Iterator[Quantity]:
    """Yield every number in a text that is not a part of a word."""
    for match in _QUANTITY.finditer(_ascii_digits(text)):
        plain = _multiplied(_plain(match["digits"]), match["magnitude"])
        currency = CURRENCIES.get((match["before"] or match["after"] or "").lower())
        readings = plain
        if match["half"] or match["clock"]:
            readings = _time(match, plain)
        elif match["percent"]:
            readings = _marked("%", plain)
        elif currency:
            readings = _marked(currency + " ", plain)
        yield Quantity(match.group().strip(), readings, plain)


@lru_cache(maxsize=4096)
def _plain(digits: str) -> tuple[Reading, ...]:
    """Return the readings of a run of digits and separators, as a whole first, its parts last."""
    if digits.isdigit():
        return (_one(digits),)
    parts = re.findall(r"\d+", digits)
    readings = []
    # Groups of three: 1,200 and 1 200 may be one number.
    if len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:]):
        readings.append(_one("".join(parts)))
    # A single point or comma may be a decimal one, so 1,200 is also 1.2.
    if re.fullmatch(r"\d+[.,]\d+", digits):
        readings.append(_one(parts[0], parts[1]))
    elif len(parts[-1]) != 3 or len({*re.findall(r"\D", digits)}) == 2:
        readings.extend(_grouped(digits, parts))
    # Separate numbers may have been merged, such as the figures of a date.
    if re.search(r"\s", digits) or len(parts) > 2:
        readings.append(frozenset(_value(part) for part in parts))
    return tuple(readings) or (frozenset({digits}),)


def _grouped(digits: str, parts: list[str]) -> list[Reading]:
    """Read 1.200,50 as 1200.5: its groups have three digits and another separator."""
    grouped = len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:-1])
    signs = re.findall(r"\D", digits)
    if grouped and signs[-1] in ".," and signs[-1] not in signs[:-1]:
        return [_one("".join(parts[:-1]), parts[-1])]
    return [frozenset({digits})]


def _one(whole: str, fraction: str = "") -> Reading:
    return frozenset({_value(whole, fraction)})


def _value(whole: str, fraction: str = "") -> str:
    """Write a number in canonical form, as text, since it may have thousands of digits."""
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _multiplied(plain: tuple[Reading, ...], magnitude: str | None) -> tuple[Reading, ...]:
    powers = MAGNITUDES[magnitude.lower()] if magnitude else (0,)
    return tuple(frozenset(_times(v, p) for v in values) for p in powers for values in plain)


def _times(value: str, power: int) -> str:
    whole, _, fraction = value.partition(".")
    return _value(whole + fraction[:power].ljust(power, "0"), fraction[power:]) if power else value


def _time(match: re.Match[str], plain: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Read 3pm, 3:00 p.m. and 15:00 as the same time; an hour alone is also read as a number."""
    hour = int(match["digits"]) if match["digits"].isdigit() and len(match["digits"]) < 3 else -1
    minutes = match["minutes"] or match["clock"] or "00"
    if not 0 <= hour <= 24:
        return plain
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "p" else 0)
    exact = (frozenset({f"{hour:02}:{minutes}"}),)
    return exact + (plain if match["half"] and minutes == "00" else ())


def _marked(mark: str, plain: tuple[Reading, ...]) -> tuple[Reading, ...]:
    return tuple(frozenset(mark + value for value in values) for values in plain)


def _ascii_digits(text: str) -> str:
    """Write digits of every script as 0 to 9; superscripts and fractions are left unchanged."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
