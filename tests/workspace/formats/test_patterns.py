import pytest

from harness.errors import AdapterRefused
from harness.workspace.formats.patterns import matching, pattern_fault
from tests.fakes.refusals import refused

NAMES = [f"model.layers.{n}.self_attn.{name}" for n in range(12) for name in ("q_proj", "v_proj")]
HANGS = AdapterRefused("hangs")


def test_names_are_matched_whole_as_peft_does():
    found = matching([r".*\.q_proj", "q_proj", "model.layers.1.self_attn.q_proj"], NAMES, HANGS)
    assert len(found[r".*\.q_proj"]) == 12
    assert found["q_proj"] == frozenset()
    assert found["model.layers.1.self_attn.q_proj"] == {"model.layers.1.self_attn.q_proj"}


@pytest.mark.slow
def test_a_pattern_that_runs_for_ever_is_stopped():
    """It has no repeat inside a repeat, so only trying it shows it."""
    pattern = "(?:.|..|...)(?:.|..)" * 14 + "!"
    assert pattern_fault(pattern) is None
    with refused("^hangs$", AdapterRefused):
        matching([pattern], NAMES, HANGS)
