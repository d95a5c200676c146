"""The last check of each endpoint is kept, and replaced by the next one."""

from __future__ import annotations

from dataclasses import replace

from harness.records import EndpointCheck

ONE = EndpointCheck(
    "openers", "http://a/v1", "v1", "2026-01-01T00:00:00Z", "v1", "d" * 64, "same", "promoted",
    "v1", "float32", 8, 1e-6, 8, 8,
)  # fmt: skip


def test_the_last_check_comes_back_as_it_was(store):
    assert store.endpoint_checks.last() == {}
    store.endpoint_checks.keep(ONE)
    assert store.endpoint_checks.last() == {"openers": ONE}


def test_the_next_check_of_an_endpoint_takes_its_place(store):
    later = replace(ONE, at="2026-01-02T00:00:00Z", outcome="other", answers="base")
    for check in (ONE, later):
        store.endpoint_checks.keep(check)
    assert store.endpoint_checks.last() == {"openers": later}
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM endpoint_checks").scalar() == 1


def test_of_several_endpoints_the_newest_check_is_the_tasks(store):
    other = replace(ONE, url="http://b/v1", at="2025-12-01T00:00:00Z")
    another = replace(ONE, task="replies")
    for check in (ONE, other, another):
        store.endpoint_checks.keep(check)
    assert store.endpoint_checks.last() == {"openers": ONE, "replies": another}
