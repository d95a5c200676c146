"""Against a server that speaks as the Hub does: resolved, cached, checked, no lie believed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import AdapterRefused, HarnessError, RequestError, WorldFailed
from harness.workspace.adapters.fetching import Arrived, bring
from harness.workspace.adapters.hub_client import check_answer
from harness.workspace.adapters.hub_source import HubSource
from harness.workspace.adapters.reference import HubReference, parse_reference
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.hub_server import HubServer, use_hub
from tests.fakes.refusals import refused

REPO = "acme/openers"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "elsewhere", "v1", base).write()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as server:
        use_hub(monkeypatch, server.url, tmp_path / "hub")
        yield server


class Fetcher:
    """Fetches into a new folder each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times = 0

    def __call__(self, text: str = f"hf:{REPO}") -> Arrived:
        self.times += 1
        aside = self.folder / f"aside-{self.times}"
        aside.mkdir()
        reference = parse_reference(text, self.folder)
        assert isinstance(reference, HubReference)
        return bring(HubSource(reference), text, "v9", aside)


@pytest.fixture
def fetched(tmp_path: Path) -> Fetcher:
    return Fetcher(tmp_path)


# --- well -----------------------------------------------------------------------------------


@pytest.mark.medium
def test_the_bytes_and_the_digest_are_those_of_the_folder(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    (adapter.folder / "README.md").write_text("# ours\n")
    (adapter.folder / "optimizer.pt").write_bytes(b"x")
    (adapter.folder / "tokenizer_config.json").write_text("{}")
    commit = hub.publish(REPO, adapter.folder)
    found = fetched()
    assert found.files.digest == adapter.files().digest
    assert set(found.names) == {
        CONFIG, WEIGHTS, "training.json", "README.md", "tokenizer_config.json",
    }  # fmt: skip
    assert (found.listing.resolved, found.listing.revision) == (f"hf:{REPO}@{commit}", commit)
    assert found.listing.where == hub.url
    assert found.notes == (f"no revision was named, main is {commit[:12]} now",)
    assert not any("optimizer" in path for path in hub.paths("GET"))


@pytest.mark.slow
def test_a_branch_a_tag_and_a_commit_are_that_commit(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    first = hub.publish(REPO, adapter.folder)
    hub.repos[REPO].refs |= {"v1.0": first, "feature/x": first, "refs/pr/3": first}
    adapter.write_json(CONFIG, adapter.config | {"lora_alpha": 6})
    second = hub.publish(REPO, adapter.folder)
    for revision, commit in (
        ("main", second), ("v1.0", first), ("feature%2Fx", first), ("refs/pr/3", first),
        (first, first), (second, second),
    ):  # fmt: skip
        found = fetched(f"hf:{REPO}@{revision}")
        assert found.listing.revision == commit
        assert found.notes == ()


@pytest.mark.medium
def test_an_adapter_below_the_top(hub: HubServer, adapter: TinyAdapter, fetched: Fetcher) -> None:
    commit = hub.publish(REPO, adapter.folder, below="out/checkpoint-9/")
    with refused("but below it: hf:acme/openers/out/checkpoint-9$", AdapterRefused):
        fetched()
    found = fetched(f"hf:{REPO}@main/out/checkpoint-9")
    assert found.files.digest == adapter.files().digest
    assert found.listing.resolved == f"hf:{REPO}@{commit}/out/checkpoint-9"


@pytest.mark.medium
def test_large_files_come_from_elsewhere_without_the_token(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.repos[REPO].token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with HubServer() as store:
        store.repos, hub.elsewhere = hub.repos, store.url
        assert fetched().files.digest == adapter.files().digest
        assert [one.path.split("/")[1] for one in store.asked] == ["large"]
        assert all("authorization" not in one.headers for one in store.asked)
    assert all(one.headers["authorization"] == "Bearer hf_secret" for one in hub.asked)
    assert all("torch" not in one.headers["user-agent"] for one in hub.asked[1:])


# --- without the network --------------------------------------------------------------------


@pytest.mark.medium
def test_what_is_cached_needs_no_network(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adapter.folder / "tokenizer_config.json").write_text("{}")
    commit = hub.publish(REPO, adapter.folder)
    digest = fetched().files.digest
    asked = len(hub.asked)
    assert fetched(f"hf:{REPO}@{commit}").files.digest == digest
    assert len(hub.asked) == asked  # a commit never changes, so nobody is asked
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    found = fetched()
    assert (found.files.digest, found.listing.revision) == (digest, commit)
    assert "HF_HUB_OFFLINE is set: taken from the cache, as main was" in found.notes[1]
    assert "tokenizer_config.json" in found.names
    assert len(hub.asked) == asked


@pytest.mark.medium
def test_a_dead_network_is_said_and_the_cache_taken(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    hub.publish(REPO, adapter.folder)
    fetched()
    use_hub(monkeypatch, "http://127.0.0.1:9", tmp_path / "hub")
    assert "did not answer (ConnectError): taken from the cache" in fetched().notes[1]
    with refused("acme/other@main: is not in the cache, and the Hub did not", WorldFailed, 11):
        fetched("hf:acme/other")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with refused("acme/other@main: is not in the cache, and HF_HUB_OFFLINE is set", RequestError):
        fetched("hf:acme/other")


@pytest.mark.medium
def test_what_others_cached_is_taken_and_the_doubt_said(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    hub.publish(REPO, adapter.folder)
    fetched()
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "another cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    found = fetched()
    assert found.files.digest == adapter.files().digest
    assert found.notes[1].endswith("whether the repository has more files is not known")


@pytest.mark.medium
def test_a_cache_that_was_changed_is_noticed(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, tmp_path: Path
) -> None:
    hub.publish(REPO, adapter.folder)
    fetched()
    blob = next((tmp_path / "hub").glob(f"models--*/snapshots/*/{WEIGHTS}")).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"\1")
    with refused(f"{WEIGHTS} is not what the Hub lists, remove it from the cache", AdapterRefused):
        fetched()


# --- refused --------------------------------------------------------------------------------


@pytest.mark.medium
def test_what_is_not_there_is_one_line(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    hub.publish(REPO, adapter.folder)
    with refused("hf:acme/none@main: the Hub shows no such repository .*set HF_TOKEN"):
        fetched("hf:acme/none")
    with refused("hf:acme/openers@v9: the repository has no such revision; a commit"):
        fetched(f"hf:{REPO}@v9")
    with refused("nothing lies there"):
        fetched(f"hf:{REPO}@main/nowhere")
    with refused("is no Hub id"):
        fetched("hf:acme/--")
    hub.repos[REPO].gated = True
    with refused("is gated, ask for access on its page, then set HF_TOKEN"):
        fetched()


@pytest.mark.parametrize(
    ("status", "code", "line"),
    [
        (401, 4, "set HF_TOKEN"), (403, 4, "set HF_TOKEN"), (404, 11, "did not send it"),
        (429, 11, "HfHubHTTPError, status 429"), (500, 11, "status 500"), (200, 11, "JSONDecode"),
    ],
)  # fmt: skip
def test_an_answer_with_another_status_is_one_line_without_its_words(
    hub: HubServer, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch, status: int, code: int,
    line: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    warning = {"X-HF-Warning": "x; ::error::hf_secret", "X-Error-Message": "Bearer hf_secret"}
    hub.status = (status, warning, b"you sent Bearer hf_secret")
    with (
        caplog.at_level(logging.DEBUG, "harness"),
        refused(line, code=code),
    ):
        fetched()
    with pytest.raises(HarnessError) as caught:
        fetched()
    told = f"{caught.value} {caught.value.__cause__} {caplog.text} {''.join(capfd.readouterr())}"
    assert "hf_secret" not in told and "::error" not in told
    assert caught.value.__suppress_context__


@pytest.mark.medium
def test_no_answer_in_time_is_one_line(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.stall = 0.5
    monkeypatch.setattr("harness.workspace.adapters.hub_source._SECONDS", 0.1)
    with refused("the Hub did not answer .ReadTimeout", WorldFailed, 11):
        fetched()


# --- a server that lies ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ETag", "X-Repo-Commit"])
def test_a_header_does_not_lead_out_of_the_cache(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, name: str, tmp_path: Path
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.headers = {name: '"../../../../escaped"'}
    with refused("would lie outside of the cache", WorldFailed, 11):
        fetched()
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("sha", ["../../x", "main", 7, "A" * 40])
def test_a_commit_that_is_none_is_refused(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, sha: object
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.sha = sha
    with refused("named no commit", WorldFailed, 11):
        fetched()


@pytest.mark.parametrize(
    "siblings",
    [
        [{"rfilename": "../../../x"}, {"rfilename": "/etc/passwd"}, {"rfilename": "a\n::error::b"}],
        [{"rfilename": f"../{CONFIG}"}, {"rfilename": f"../{WEIGHTS}"}],
        [{"rfilename": None}, {"size": 3}], "text", [7], {"a": 1},
    ],
)  # fmt: skip
def test_a_listing_that_lies_is_one_line_and_writes_nothing(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, siblings: object, tmp_path: Path
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.siblings = siblings  # type: ignore[assignment]
    with pytest.raises(HarnessError) as caught:
        fetched()
    assert str(caught.value).isprintable()
    assert hub.paths("HEAD") == []
    assert not list(tmp_path.rglob("x")) and not (tmp_path / CONFIG).exists()


def test_sizes_beyond_the_limit_are_refused_before_they_are_sent(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.headers = {"X-Linked-Size": str(10**13)}
    with refused("would send 10,000,000,000,000 bytes", AdapterRefused):
        fetched()
    hub.headers = {"Content-Length": str(10**13)}
    with refused("would send 10,000,000,000,000 bytes", AdapterRefused):
        fetched()


def test_bytes_that_never_end_are_cut_off(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.headers, hub.endless = {"X-Linked-Size": ""}, True
    with refused("adapter_config.json: has more than 1,048,576 bytes", AdapterRefused):
        fetched()


def test_a_redirect_that_gives_up_tls_is_not_followed() -> None:
    request = SimpleNamespace(method="GET", url=SimpleNamespace(scheme="https"))
    for target in ("http://elsewhere/x", "HTTP://elsewhere/x"):
        with refused("redirects to an address without TLS", WorldFailed, 11):
            check_answer(SimpleNamespace(request=request, headers={"Location": target}))
    for target in ("https://elsewhere/x", "/acme/renamed/x"):
        check_answer(SimpleNamespace(request=request, headers={"Location": target}))


def test_other_bytes_than_listed_are_refused(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    hub.publish(REPO, adapter.folder)
    whole = adapter.weights.read_bytes()
    hub.bodies[WEIGHTS] = whole[:-1] + b"\1"
    with refused(f"{WEIGHTS} is not what the Hub lists", AdapterRefused):
        fetched()


def test_an_answer_cut_short_is_one_line(
    hub: HubServer, adapter: TinyAdapter, fetched: Fetcher
) -> None:
    hub.publish(REPO, adapter.folder)
    hub.bodies[WEIGHTS] = adapter.weights.read_bytes()[:100]
    with refused("the Hub did not send it .OSError", WorldFailed, 11):
        fetched()
