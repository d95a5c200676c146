"""Personal data: what is real by its check digits, not what only looks so."""

from __future__ import annotations

import pytest

from harness.findings.personal import masked, personal, regions

FOUND = {
    "Write to sales.patel@example.com.": "e-mail address",
    "Schreib an jörg+neu@mail.beispiel.de": "e-mail address",
    "My direct line is 555-0163.": "phone number",
    "at noon (mobile 555-0119)": "phone number",
    "Call +44 20 7946 0018 today": "phone number",
    "(212) 555-0123 is the desk": "phone number",
    "Card 4111 1111 1111 1111, please": "card number",
    "5500-0000-0000-0004": "card number",
    "Pay to DE89 3704 0044 0532 0130 00 now": "bank account (IBAN)",
    "GB82WEST12345698765432": "bank account (IBAN)",
    "SSN 536-90-4399": "social security number",
}


@pytest.mark.parametrize(("text", "kind"), FOUND.items(), ids=FOUND)
def test_personal_data_is_found_once(text: str, kind: str) -> None:
    assert [what for what, _ in personal(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112, please",
        "Pay to DE89 3704 0044 0532 0130 01 now",
        "order 4711-0815 of 2026-11-20, 12:30-14:00",
        "runs 1,200,000 parts in 2024-2025 and 10-2000 units",
        "part 1234567 weighs 0.1234567",
        "release 1.2.3.4 on 192.168.10.12",
        "meet @ten, or name@home",
        "a 15-minute call, 30k for 1 year",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert personal(text) == []


def test_numbers_of_a_country_are_known_there() -> None:
    assert personal("Rufnummer 030 901820", "DE") != []
    assert "DE" in regions() and "XX" not in regions()


def test_a_message_does_not_give_the_number_away() -> None:
    assert masked("4111 1111 1111 1111") == "411…11"
    ((_, shown),) = personal("Write to sales.patel@example.com.")
    assert shown == "s…@example.com"
