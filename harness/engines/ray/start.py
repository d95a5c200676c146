"""Reach Ray: a local Ray for this machine's user alone, or the cluster of RAY_ADDRESS."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeAlias

from harness.errors import EngineFailed, SettingsError, reason

_log = logging.getLogger(__name__)

RayModule: TypeAlias = Any
"""The library `ray`, which ships no types."""

ADDRESS = "RAY_ADDRESS"
ANSWER = 20.0
"""Seconds in which a cluster must answer; Ray itself would wait for two minutes, and print."""
_SILENT = {"RAY_USAGE_STATS_ENABLED": "0"}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's own switch for listening on 127.0.0.1 only; it is read when Ray is imported."""
_STORE = 80 * 1024 * 1024
"""Bytes for Ray's object store: only texts pass through it."""


@contextmanager
def reached_ray() -> Iterator[RayModule]:
    """Connect the library `ray`; shut down afterwards only a Ray that was started here."""
    if find_spec("ray") is None:
        raise SettingsError("engine `ray` needs Ray: pip install 'lora-harness[ray]'")
    address = os.environ.get(ADDRESS, "")
    local = address in ("", "local")
    with _kept_handler(), _environment(_SILENT | (_LOOPBACK | _token() if local else {})):
        import ray

        if ray.is_initialized():  # by other code, which also shuts it down
            yield ray
            return
        if not local:
            _refuse_unanswered(address)
        _log.info("Ray at %s", "this machine" if local else address)
        folder = _joined(ray, None if local else address)
        try:
            yield ray
        finally:
            ray.shutdown()
            if local:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _kept_handler() -> Iterator[None]:
    """Put back the handler of SIGTERM at the end: Ray leaves one that exits the process."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():  # Python allows it only there
            signal.signal(signal.SIGTERM, handler)


def _token() -> dict[str, str]:
    """Return a token: Ray runs all code it is sent, so no other user may reach it."""
    if "RAY_AUTH_MODE" in os.environ:
        return {}  # the user has chosen
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _secret()}


@cache  # Ray reads it once in a process, so a second local Ray must have the same
def _secret() -> str:
    return secrets.token_hex(32)


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Set variables that Ray and its processes read; restore them afterwards."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _joined(ray: RayModule, address: str | None) -> str:
    """Start a local Ray or join a cluster; return the folder of its logs."""
    handler = signal.getsignal(signal.SIGTERM)
    own = {"include_dashboard": False, "object_store_memory": _STORE} if address is None else {}
    try:
        found = ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level="CRITICAL",
            **own,
        )
    except SystemExit as problem:  # Ray exits the process on a signal
        raise EngineFailed("ray: was stopped while it started") from problem
    except Exception as problem:  # Ray raises many kinds
        _log.debug("ray does not start", exc_info=True)
        raise EngineFailed(f"ray: does not start ({reason(problem)})") from problem
    if callable(handler):  # Ray puts its own in its place, which would end without a word
        signal.signal(signal.SIGTERM, handler)
    # Ray prints the death of a worker to stdout despite `log_to_driver`, where a verdict may be
    # printed, and has no other switch for that (perf/ray_kill.py).
    ray._private.worker._worker_logs_enabled = False
    return str(found.address_info["session_dir"])


def _refuse_unanswered(address: str) -> None:
    """Refuse an address without a Ray of this version; a process asks that can be stopped."""
    if "://" in address:
        raise SettingsError(
            f"{ADDRESS}: Ray Client ({address.partition('://')[0]}://) is not spoken here; run on a"
            " machine of the cluster with HOST:PORT of its head"
        )
    _refuse_closed(address)
    # In a subprocess, which can be stopped: Ray itself would wait for two minutes, and print.
    words = ["-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        done = subprocess.run(
            [sys.executable, *words], capture_output=True, timeout=ANSWER, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise EngineFailed(
            f"ray: {address} does not answer as Ray within {ANSWER:g} s, see {ADDRESS}"
        ) from problem
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise EngineFailed(f"ray: {address} is not to be used ({said[-1][:200]}), see {ADDRESS}")


def _refuse_closed(address: str) -> None:
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"{ADDRESS}: {address!r} is no address, one is 10.0.0.1:6379")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()
    except OSError as problem:
        said = problem.strerror or reason(problem)
        raise EngineFailed(f"ray: nobody answers at {address} ({said}), see {ADDRESS}") from problem
