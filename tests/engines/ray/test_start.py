"""Ray is reached in silence, or not at all in one line and within a deadline."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest

from harness.engines.ray import start
from harness.engines.ray.start import ADDRESS, reached_ray
from harness.errors import EngineFailed, SettingsError
from tests.fakes.refusals import refused

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")

LOCAL = """
import os, signal
from harness.engines.ray.start import reached_ray
with reached_ray() as ray:
    inner = ray.get(ray.remote(lambda: os.environ["RAY_USAGE_STATS_ENABLED"]).remote())
    place = ray.get_runtime_context().gcs_address
    token = len(os.environ["RAY_AUTH_TOKEN"])
with reached_ray() as ray:  # a second one in the same process
    assert ray.get(ray.remote(lambda: 1).remote()) == 1
print(inner, place.rpartition(":")[0], token, ray.is_initialized(), "RAY_AUTH_TOKEN" in os.environ)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with refused(r"pip install 'lora-harness\[ray\]'", SettingsError), reached_ray():
        pass


@needs_ray
@pytest.mark.parametrize("address", ["garbage", "host:", "host:0x1", ":6379", "host:99999"])
def test_an_address_that_is_none_is_a_wrong_request(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, address)
    with refused("is no address, one is 10.0.0.1:6379", SettingsError), reached_ray():
        pass


@needs_ray
def test_ray_client_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "ray://host:10001")
    with refused(r"Ray Client \(ray://\) is not spoken here", SettingsError), reached_ray():
        pass


@needs_ray
def test_an_address_where_nobody_answers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(ADDRESS, f"127.0.0.1:{free.getsockname()[1]}")
        with refused("nobody answers at 127.0.0.1:", EngineFailed, 11), reached_ray():
            pass


@needs_ray
@pytest.mark.slow
def test_somebody_else_at_the_address_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "ANSWER", 3.0)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        monkeypatch.setenv(ADDRESS, f"127.0.0.1:{mute.getsockname()[1]}")
        with refused("does not answer as Ray within 3 s", EngineFailed, 11), reached_ray():
            pass


@pytest.mark.long
@needs_ray
def test_a_local_ray_is_silent_private_and_gone_afterwards() -> None:
    """Only loopback, a token for whoever reaches it all the same, no telemetry, no words."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", LOCAL], capture_output=True, text=True, env=plain, timeout=120
    )
    assert done.stdout.split() == ["0", "127.0.0.1", "64", "False", "False", "True"]
    assert done.stderr == ""
