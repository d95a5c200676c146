"""A name is asked in its server's own template, and weighed only over the base's own tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.local.prompts import Formats
from harness.engines.openai.named import NamedModel
from harness.engines.protocol import Mounted
from harness.errors import SettingsError
from harness.records import Chat, Endpoint, Generation, Message, Prompt
from tests.fakes.llama import TinyLlama
from tests.fakes.openai_server import BASE, CHAT, WEIGH, OpenAIServer
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

NAME = Mounted("ft", "0" * 64, None)
PROMPTS = [
    Prompt(f"case-{n}", (Message("user", f"w{n} w{n + 7}"),), (f"w{n} w1", "w2")) for n in range(3)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return TinyLlama(tmp_path_factory.mktemp("base")).folder


@pytest.fixture
def merged(base: Path) -> Iterator[OpenAIServer]:
    """A merged model on a server that gives log-probabilities."""
    formats = Formats(lambda: base)

    def count(turns: list[dict[str, str]]) -> int:
        return len(formats.of(Chat()).ids([Message(t["role"], t["content"]) for t in turns]))

    with OpenAIServer(weigh=lambda model, ids: [-0.5] * len(ids), count=count) as made:
        yield made


def engine(server: OpenAIServer, base: Path | None, likelihoods: str = "auto") -> NamedModel:
    endpoint = Endpoint(server.url, BASE, retries=0, likelihoods=likelihoods)  # type: ignore[arg-type]
    return NamedModel(endpoint, None if base is None else lambda: base)


def weighed(asked: NamedModel) -> set[float | None]:
    groups = asked.likelihood(NAME, PROMPTS, Generation())
    return {each.nll for group in groups for each in group}


@pytest.mark.slow
def test_a_merged_model_with_the_bases_tokens_is_weighed(merged: OpenAIServer, base: Path) -> None:
    assert weighed(engine(merged, base)) == {0.5}


@pytest.mark.medium
def test_a_model_with_other_tokens_is_not_weighed(merged: OpenAIServer, base: Path) -> None:
    merged.count = lambda turns: 99
    assert weighed(engine(merged, base)) == {None}
    assert len(merged.bodies(CHAT)) == 1
    with refused("makes 99 tokens of a prompt that the project's base makes", SettingsError):
        weighed(engine(merged, base, "always"))


def test_a_server_that_does_not_count_is_not_believed(merged: OpenAIServer, base: Path) -> None:
    merged.count = None
    assert weighed(engine(merged, base)) == {None}


def test_a_server_without_log_probabilities_is_asked_once(merged: OpenAIServer, base: Path) -> None:
    merged.weigh = None
    asked = engine(merged, base)
    assert weighed(asked) == weighed(asked) == {None}
    assert (len(merged.bodies(WEIGH)), len(merged.bodies(CHAT))) == (1, 0)
    with refused("gives no log-probabilities of a prompt", SettingsError):
        weighed(engine(merged, base, "always"))


def test_without_the_bases_files_no_ideal_is_weighed(merged: OpenAIServer) -> None:
    assert not engine(merged, None).likelihoods


def test_nothing_of_the_base_is_sent_with_a_prompt(merged: OpenAIServer, base: Path) -> None:
    asked = engine(merged, base)
    list(asked.generate(NAME, PROMPTS, Generation()))
    for body in merged.bodies(CHAT):
        assert body.keys() == {"model", "max_tokens", "temperature", "messages"}
    assert asked.formats() is None
    assert asked.shift(NAME, PROMPTS[0], Generation()) is None
