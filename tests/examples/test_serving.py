"""`examples/serving`: the recipes type commands that exist, and know the words that are said."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from harness.cli.served import CODES
from harness.records import EndpointOutcome
from tests.docs.commands import check_words

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "serving"


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["crontab", "cronjob.yaml", "answers.yaml"])
def test_their_commands_exist(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    if name == "cronjob.yaml":
        pod = documents(name)[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        commands = [pod["containers"][0]["command"]]
    else:
        found = re.findall(r"lora-harness served[^>\n]*", text)
        commands = [shlex.split(one) for one in found]
    assert len(commands) == 1
    check_words(commands[0])
    assert "--url" in commands[0]


def test_the_job_does_not_repeat_what_is_another_answer() -> None:
    spec = documents("cronjob.yaml")[0]["spec"]["jobTemplate"]["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert CODES["other"] in rule["onExitCodes"]["values"]
    assert CODES["unknown"] not in rule["onExitCodes"]["values"]


def test_argo_knows_the_three_outcomes() -> None:
    (metric,) = documents("analysis.yaml")[0]["spec"]["metrics"]
    conditions = {
        "same": metric["successCondition"],
        "other": metric["failureCondition"],
    }
    for outcome, condition in conditions.items():
        assert f'result.outcome == "{outcome}"' in condition
        assert condition.startswith('"outcome" in result'), "an error has no outcome"
    # What fits neither condition is inconclusive to Argo.
    assert set(get_args(EndpointOutcome)) == {*conditions, "unknown"} == CODES.keys()
    assert metric["failureLimit"] == 0


def test_what_is_shown_is_what_argo_reads() -> None:
    deployment, service = documents("answers.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels
    (argument,) = documents("analysis.yaml")[0]["spec"]["args"]
    assert argument["value"] == f"http://{service['metadata']['name']}/outreach.json"
    assert "/answers/outreach.json" in str(deployment)
