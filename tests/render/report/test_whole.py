"""run.json is the whole record, and every JSON parser reads it."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.render.report import SCHEMA, report_json
from tests.text.hostile import hostile

from .materials import MATERIAL, STIFF, full_of

PROMISED = {
    "outcome", "task", "benchmark", "candidate", "promoted", "pinned", "n", "reasons", "metrics",
    "slices", "broken", "fixed", "advice", "certifiable_margin",
}  # fmt: skip


def test_it_has_the_run_its_outputs_its_origin_and_the_verdict():
    found = report_json(MATERIAL)
    assert found["schema"] == SCHEMA == 1
    assert found["run"]["id"] == MATERIAL.run.id
    assert found["run"]["results"][0]["outputs"][0]["text"] == STIFF
    assert found["run"]["origin"]["versions"]["torch"] == "2.13.0"
    assert set(found["verdict"]) >= PROMISED
    assert found["verdict_id"] == MATERIAL.verdict_id
    assert found["references"]["promoted"]["scores"]["fixed-1"]["edit_similarity"] is not None


@pytest.mark.medium
@settings(max_examples=40, deadline=None)
@given(hostile)
def test_it_is_strict_json_whatever_stands_in_it(text):
    odd = full_of(text)
    odd = replace(odd, verdict=replace(odd.verdict, certifiable_margin=math.nan))
    json.loads(json.dumps(report_json(odd), allow_nan=False, ensure_ascii=False).encode())
