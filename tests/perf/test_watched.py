"""A process is watched: its time, its memory, its limit, its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from watched import Watched, gib, watched

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="memory is read from /proc"
)
MIB = 2**20


def run(code: str, folder: Path, **how: object) -> Watched:
    return watched([sys.executable, "-c", code], folder, dict(os.environ), **how)


@pytest.mark.medium
def test_the_most_memory_is_seen_though_it_was_given_back(tmp_path: Path) -> None:
    code = "import time; x = bytearray(300 * 2**20); x[::4096] = bytes(len(x[::4096]))"
    done = run(f"{code}; time.sleep(0.5); del x; time.sleep(0.2)", tmp_path)
    assert done.code == 0
    assert 300 * MIB < done.anonymous < 400 * MIB
    assert done.resident >= done.anonymous
    assert done.seconds > 0.7


def test_what_it_says_and_how_it_ends_is_kept(tmp_path: Path) -> None:
    done = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(10)", tmp_path)
    assert (done.code, done.out, done.errors) == (10, "out\n", "err\n")
    assert done.verdict("a gate") is done


def test_a_process_that_failed_ends_the_script_with_its_words(tmp_path: Path) -> None:
    done = run("import sys; sys.exit('no room')", tmp_path)
    done = Watched(1.0, 0, 0, 4, done.out, done.errors)
    with pytest.raises(SystemExit, match=r"a gate ended with 4\nno room"):
        done.verdict("a gate")


@pytest.mark.medium
def test_a_limit_holds_for_what_a_process_asks_for(tmp_path: Path) -> None:
    code = "bytearray(600 * 2**20)"
    assert run(code, tmp_path, limit=0.5).code == 1
    assert run(code, tmp_path, limit=2.0).code == 0


@pytest.mark.medium
def test_a_process_is_killed_when_it_is_time(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(60)"
    done = run(code, tmp_path, kill_when=mark.exists)
    assert done.code == -9
    assert done.seconds < 50


def test_sizes_are_told_in_gib() -> None:
    assert gib(1.5 * 2**30) == "1.50 GiB"
