"""An engine of another package is held to the protocol: what is none of it is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.engines.protocol import Mounted, Weighed
from harness.engines.third_party import Plugged
from harness.errors import EngineFailed, RequestError, SettingsError
from harness.records import Generation, Message, Output, Prompt
from harness.registered import Registered
from tests.fakes.engines import EchoEngine
from tests.fakes.refusals import refused

PROMPT = Prompt("one", (Message("user", "Hello"),), ("Hi",))
BASE = Mounted("base", "", None)


def plugged(factory: Any, place: str = "") -> Plugged:
    return Plugged(
        Registered("echo", factory, "acme 1.2", "acme:echo"), place, lambda: Path("base")
    )


def test_it_answers_and_is_addressed_by_package_version_and_decoding() -> None:
    engine = plugged(lambda place, base: EchoEngine())
    assert list(engine.generate(BASE, [PROMPT], Generation())) == [(Output("one", "Hello", 0, 3),)]
    assert list(engine.likelihood(BASE, [PROMPT], Generation())) == [(Weighed("one", 0, 0.5),)]
    origin = engine.origin(Generation(max_new_tokens=7))
    assert (origin["engine"], origin["package"]) == ("echo", "acme 1.2")
    assert origin["decoding"] == {"temperature": 0.0}  # its own word goes first


def test_without_a_word_of_its_own_all_of_the_decoding_counts() -> None:
    class Silent(EchoEngine):
        def origin(self, generation: Generation) -> dict[str, object]:
            return {}

    engine = plugged(lambda place, base: Silent())
    short, long = (engine.origin(Generation(max_new_tokens=n)) for n in (7, 8))
    assert short != long


def test_the_factory_gets_what_stands_behind_the_name_and_the_base() -> None:
    seen = []

    def factory(place: str, base: Any) -> EchoEngine:
        seen.append((place, base()))
        return EchoEngine()

    plugged(factory, "a:b")
    assert seen == [("a:b", Path("base"))]


def test_what_only_some_engines_can_is_not_asked_of_the_others() -> None:
    engine = plugged(lambda place, base: EchoEngine())
    assert engine.shift(BASE, PROMPT, Generation()) is None
    engine.close()


class Closing(EchoEngine):
    closed = False

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float:
        return 0.25

    def close(self) -> None:
        self.closed = True


def test_an_engine_that_can_tell_a_shift_is_asked_and_closed() -> None:
    inner = Closing()
    engine = plugged(lambda place, base: inner)
    assert engine.shift(BASE, PROMPT, Generation()) == 0.25
    engine.close()
    assert inner.closed


def failing(place: str, base: object) -> EchoEngine:
    raise OSError("no such device")


def refusing(place: str, base: object) -> EchoEngine:
    raise RequestError("phrases.json: no such file")


@pytest.mark.parametrize(
    ("factory", "line", "error", "code"),
    [
        ("text", "acme:echo is no factory, a function of", SettingsError, 4),
        (lambda place, base: None, "gave no engine, it lacks origin, gene", SettingsError, 4),
        (failing, r"could not be made \(OSError: no such device\)", EngineFailed, 11),
        (refusing, "^phrases.json: no such file$", RequestError, 4),
    ],
)
def test_what_gives_no_engine(factory: Any, line: str, error: type, code: int) -> None:
    with refused(line, error, code):
        plugged(factory)


class Odd(EchoEngine):
    """Gives what nobody asked for."""

    def __init__(self, given: Any, origin: Any = None) -> None:
        super().__init__()
        self.given, self.said = given, origin or {}

    def origin(self, generation: Generation) -> Any:
        return self.said

    def generate(self, adapter: Any, prompts: Any, generation: Any) -> Any:
        yield (self.given,)

    likelihood = generate


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("Hello", "engine echo of acme 1.2: gave 'Hello', an Output is needed"),
        (Output("one", None), "an Output is needed"),  # type: ignore[arg-type]
        (Output("two", "Hi"), "nobody asked for case 'two'"),
        (Output("one", "Hi", 1), "nobody asked for case 'one'"),
    ],
)
def test_an_output_that_nobody_asked_for(given: Any, line: str) -> None:
    with refused(line, EngineFailed, 11):
        list(plugged(lambda place, base: Odd(given)).generate(BASE, [PROMPT], Generation()))


@pytest.mark.parametrize("given", [0.5, Weighed("two", 0, 0.5), Weighed("one", 1, 0.5)])
def test_a_likelihood_that_nobody_asked_for(given: Any) -> None:
    with refused("a Weighed is needed", EngineFailed, 11):
        list(plugged(lambda place, base: Odd(given)).likelihood(BASE, [PROMPT], Generation()))


@pytest.mark.parametrize("origin", [3, {"x": object()}, {"x": float("nan")}])
def test_an_origin_that_cannot_be_kept(origin: Any) -> None:
    with refused("its `origin` must be a table that JSON can hold", EngineFailed, 11):
        plugged(lambda place, base: Odd(None, origin)).origin(Generation())
