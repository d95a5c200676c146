"""The store's address is printed without secrets, wherever they stand in it."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from harness.store.shown import shown_url, without_secrets

ADDRESSES = [
    "postgresql+psycopg://ana:hush-hush@db/x",
    "postgresql+psycopg://ana@db/x?password=hush-hush",
    "postgresql+psycopg://ana@db/x?options=-c%20my.token%3Dhush-hush",
    "postgresql+psycopg://ana@db/x?application_name=hush-hush&sslmode=require",
    "postgresql+psycopg://ana@db/x?passfile=one&passfile=hush-hush",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_secret_is_shown_and_no_word_of_a_driver_quotes_it(address: str) -> None:
    url = make_url(address)
    assert "hush" not in shown_url(url)
    assert without_secrets(url, "invalid value: hush-hush (at 3)") == "invalid value: *** (at 3)"


def test_options_without_a_secret_are_shown() -> None:
    address = "postgresql+psycopg://db/x?connect_timeout=5&sslmode=require"
    assert shown_url(make_url(address)) == address
