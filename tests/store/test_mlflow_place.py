"""The address of MLflow is shown without its secrets, and a database that is not there says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from harness.store.mlflow_place import MLflowPlace

SECRET = "s3cr3t/word"
ADDRESSES = [
    "http://me:s3cr3t%2Fword@127.0.0.1:1/",
    "http://127.0.0.1:1/?token=s3cr3t/word",
    "https://127.0.0.1:1/mlflow?a=b&key=s3cr3t%2Fword",
    "postgresql://me:s3cr3t%2Fword@127.0.0.1:1/x?sslpassword=s3cr3t%2Fword",
    "databricks://s3cr3t%2Fword@team",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_secret_is_shown_or_quoted(address: str, tmp_path: Path) -> None:
    place = MLflowPlace.at(address, tmp_path)
    quoted = place.without_secrets(
        f"no answer from {address}, url: /?token={SECRET}/api and {address[8:]} and {SECRET}"
    )
    for secret in (SECRET, "s3cr3t%2Fword"):
        assert secret not in place.shown
        assert secret not in quoted


def test_words_without_secrets_stay(tmp_path: Path) -> None:
    place = MLflowPlace.at("http://127.0.0.1:5000", tmp_path)
    assert place.without_secrets("http://127.0.0.1:5000 said no") == "http://127.0.0.1:5000 said no"


def test_a_relative_file_is_in_the_project(tmp_path: Path) -> None:
    assert MLflowPlace.at("sqlite:///m.db", tmp_path).uri == f"sqlite:///{tmp_path}/m.db"


@pytest.mark.parametrize("address", ["sqlite:///no/such/folder/m.db", "postgresql://127.0.0.1:1/x"])
def test_a_database_that_is_not_there_fails_at_the_first_attempt(
    address: str, tmp_path: Path
) -> None:
    with pytest.raises((SQLAlchemyError, ImportError)):
        MLflowPlace.at(address, tmp_path).try_database()


def test_a_server_is_left_to_mlflow(tmp_path: Path) -> None:
    MLflowPlace.at("http://127.0.0.1:1", tmp_path).try_database()
