"""What a server said first, and its first silence, are said once and in words."""

from __future__ import annotations

import threading
import time

import pytest

from harness.engines.openai.engine import OpenAI
from harness.engines.openai.http import open_client
from harness.engines.openai.trouble import Trouble
from harness.engines.protocol import Mounted
from harness.errors import EngineFailed, SettingsError
from harness.records import Endpoint, Generation, Message, Prompt
from tests.fakes.openai_server import BASE, CHAT, WEIGH, OpenAIServer, Reply
from tests.fakes.refusals import refused

PLAIN = Mounted("base", "", None)
GREEDY = Generation(max_new_tokens=4)
PROMPTS = [Prompt(f"case-{n}", (Message("user", f"input {n}"),)) for n in range(4)]
DEAD = Reply(500, {"error": {"message": "EngineCore died"}})


@pytest.fixture
def server():
    with OpenAIServer() as made:
        yield made


def engine(server, **how):
    return OpenAI(Endpoint(server.url, **({"model": BASE, "retries": 1} | how)), None)


def texts(engine):
    return [o.text for group in engine.generate(PLAIN, PROMPTS, GREEDY) for o in group]


@pytest.mark.medium
def test_the_first_error_explains_why_a_server_refuses_connections(server):
    trouble = Trouble(server.url + WEIGH)
    endpoint = Endpoint(server.url, retries=1, concurrency=2)
    server.next("POST", WEIGH, DEAD, Reply(raw=b""))
    line = (
        r"/v1/completions: it died while weighing: the server says 500 \(EngineCore died\), asked"
        r" 2 times; start vLLM with --lora-target-modules, lm_head not among them, try"
        r" `concurrency = 1` in \[tool.harness.openai\] and run the same command again"
    )
    with open_client(endpoint, trouble) as client, refused(line, EngineFailed, 11):
        client.post(WEIGH, {})


@pytest.mark.slow
def test_a_later_request_of_the_same_process_still_says_it(server):
    one = engine(server)
    server.next("POST", CHAT, *[DEAD] * 8)
    with refused("says 500 .EngineCore died.", EngineFailed, 11):
        texts(one)
    server.next("POST", CHAT, *[Reply(raw=b"")] * 8)
    with refused(r"no answer .*, after the server says 500 \(EngineCore died\)", EngineFailed, 11):
        texts(one)


@pytest.mark.long
def test_a_first_silence_is_said_once_and_a_working_server_is_not_asked_again(server, capsys):
    server.next("POST", CHAT, *[Reply(body=answer("slow"), hold=0.7)] * 4)
    one = engine(server, timeout=0.3, retries=3)
    assert texts(one) == ["slow"] * 4
    assert len(server.bodies(CHAT)) == 4, "no request was begun anew"
    (line,) = capsys.readouterr().err.splitlines()
    assert "4 requests had no answer in 0.3 s, the server still works, waiting for it" in line


@pytest.mark.slow
def test_a_server_that_says_nothing_at_all_is_asked_again(server, capsys, monkeypatch):
    async def silent(self):
        return False

    monkeypatch.setattr("harness.engines.openai.http.HttpClient._answers", silent)
    server.next("POST", CHAT, *[Reply(body=answer("late"), hold=5.0)] * 4)
    assert sorted(texts(engine(server, timeout=0.3))) == [f"input {n}" for n in range(4)]
    assert len(server.bodies(CHAT)) == 8
    assert "4 requests had no answer in 0.3 s, asking again" in capsys.readouterr().err


@pytest.mark.slow
def test_patience_ends(server):
    server.next("POST", CHAT, *[Reply(body=answer("slow"), hold=5.0)] * 4)
    begun = time.monotonic()
    with refused("no whole answer within 0.2 s, asked 2 times", EngineFailed, 11):
        texts(engine(server, timeout=0.2))
    assert time.monotonic() - begun < 4
    assert threading.active_count() < 50


def test_all_missing_modules_are_named_at_once(server, tmp_path):
    server.loads = False
    one = engine(server)
    one.modules.expect([("v1", "1" * 64), ("v2", "2" * 64), ("v3", "3" * 64)])
    server.modules["v2-222222222222"] = "there"
    line = "has no model v1-111111111111 and no model v3-333333333333 and loads none"
    with refused(f"{line}.*--lora-modules v1-1+=FOLDER v3-3+=FOLDER", SettingsError):
        list(one.generate(Mounted("v1", "1" * 64, tmp_path), PROMPTS, GREEDY))


@pytest.mark.parametrize(
    ("choice", "tokens"),
    [
        ({"finish_reason": "stop", "stop_reason": None}, 6),
        ({"finish_reason": "stop", "stop_reason": 2}, 6),
        ({"finish_reason": "stop", "stop_reason": "###"}, 7),
        ({"finish_reason": "length", "stop_reason": None}, 7),
        ({"finish_reason": "stop"}, 7),
    ],
    ids=["its end token", "another end token", "a text", "the limit", "it does not say"],
)
def test_the_token_that_ends_an_output_is_not_counted_as_in_process(server, choice, tokens):
    body = {"choices": [{"message": {"content": "a"}, **choice}], "usage": {"completion_tokens": 7}}
    server.next("POST", CHAT, Reply(body=body))
    ((output,),) = engine(server).generate(PLAIN, PROMPTS[:1], GREEDY)
    assert output.tokens == tokens


def answer(text):
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
