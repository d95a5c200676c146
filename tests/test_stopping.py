"""SIGTERM, SIGHUP and Ctrl-C end a block in the same way, and do not break off its closing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from harness.stopping import ends_in_order


@pytest.fixture(autouse=True)
def _as_python_starts() -> Iterator[None]:
    """A handler of another package would stay, and some end the process."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_work_as_ctrl_c_does(number: int) -> None:
    before = signal.getsignal(number)
    with ends_in_order() as stopping, pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert stopping.exit_code == 128 + number
    assert signal.getsignal(number) == before


def test_more_signals_do_not_break_off_the_closing_but_a_second_ctrl_c_does() -> None:
    closed = False
    with ends_in_order(), pytest.raises(KeyboardInterrupt):
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            closed = True
            signal.raise_signal(signal.SIGINT)
            closed = False
    assert closed


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with ends_in_order() as stopping:
            signal.raise_signal(signal.SIGHUP)
        assert stopping.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_may_run_a_command_too() -> None:
    done = []

    def work() -> None:
        with ends_in_order():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
