"""Personal data in texts: e-mail addresses, phone, card, bank and social security numbers.

Numbers count only with valid check digits, or with words beside them that say what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from harness.records import PersonalKind

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_DIGITS = re.compile(r"\d(?:[ ().\-\u2011/]{0,2}\d){6}")
"""Seven digits with little between them: fewer make no phone, card or account number."""
_CARD = re.compile(
    r"""(?<![\d.,-]) (?:
        [2-6]\d{3} ([ -]?) \d{4}\1\d{4}\1\d{4} | 3[47]\d{2}[ -]?\d{6}[ -]?\d{5}
      | 3[068]\d{2}[ -]?\d{6}[ -]?\d{4}
    ) (?![ .,-]?\d)""",
    re.VERBOSE,
)
"""16, 15 or 14 digits, in one piece or grouped as on the card."""
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_SPOKEN = re.compile(
    r"\b(?:phones?|telephone|tel|mobile|mob|cell|call|dial|ring|reach|line|fax|text|sms|whatsapp"
    r"|telefon|telefono|teléfono|téléphone|tél|móvil|handy|mobil|anrufen|rufnummer|portable)\b",
    re.IGNORECASE,
)
_BEFORE = 30
"""Characters before a number in which a word may mark it as a phone number."""
WORDS: Mapping[PersonalKind, str] = {
    "email": "e-mail address",
    "phone": "phone number",
    "card": "card number",
    "iban": "bank account (IBAN)",
    "ssn": "social security number",
}


def personal(text: str, region: str = "US") -> list[tuple[str, str]]:
    """Return the kinds of personal data in a text, each with the number or address masked."""
    return [(WORDS[kind], masked(text[start:end])) for kind, start, end in places(text, region)]


def places(text: str, region: str = "US") -> Iterator[tuple[PersonalKind, int, int]]:
    """Yield the spans of personal data in a text, without overlaps among numbers.

    `region` is the country whose national phone numbers are recognised beside those with a `+`.
    """
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield "email", *match.span()
    # Most texts have no long number, and the parsers below are slow.
    if _DIGITS.search(text):
        taken: list[tuple[int, int]] = []
        for kind, start, end in _numbers(text, region):
            if all(end <= first or start >= last for first, last in taken):
                taken.append((start, end))
                yield kind, start, end


def masked(written: str) -> str:
    """Shorten a number or address so that it can be found in the file but not used."""
    bare = written.strip()
    name, at, place = bare.partition("@")
    if at:
        return f"{name[:1]}…@{place}"
    return f"{bare[:3]}…{bare[-2:]}" if len(bare) > 6 else "…"


def _numbers(text: str, region: str) -> Iterator[tuple[PersonalKind, int, int]]:
    """Yield numbers, the surest kind first, so that an account number is not a phone as well."""
    import phonenumbers
    from stdnum import iban, luhn
    from stdnum.us import ssn

    for match in _IBAN.finditer(text):
        if iban.is_valid(match.group()):
            yield "iban", *match.span()
    for match in _CARD.finditer(text):
        if luhn.is_valid(re.sub(r"\D", "", match.group())):
            yield "card", *match.span()
    for match in _SSN.finditer(text):
        if ssn.is_valid(match.group()):
            yield "ssn", *match.span()
    possible = phonenumbers.Leniency.POSSIBLE
    for phone in phonenumbers.PhoneNumberMatcher(text, region, leniency=possible):
        written = phone.raw_string
        # A bare run of digits is as likely an order number, so it needs a word before it.
        marked = _SPOKEN.search(text, max(0, phone.start - _BEFORE), phone.start)
        grouped = written.startswith(("+", "(")) or not written.isdigit()
        if marked or (grouped and phonenumbers.is_valid_number(phone.number)):
            yield "phone", phone.start, phone.end


@lru_cache(maxsize=1)
def regions() -> frozenset[str]:
    """Return the countries whose phone numbers are known, as two letters."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)
