"""Nothing leaves these machines unless it is pushed, and then exactly what was judged."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest
from huggingface_hub import HfApi, ModelCard

import harness
from harness.errors import AdapterRefused, RequestError, WorldFailed
from harness.flows.decisions.publish import TOKEN, card, figures, push
from harness.records import DataOrigin
from harness.workspace.adapters.files import file_digest
from harness.workspace.adapters.keys import make_keys
from harness.workspace.adapters.signing import SIGNATURE, mismatches, sign
from tests.fakes.project import SETTINGS
from tests.flows.judged import NAME, Judged, judged

REPO = "acme/openers"


@dataclass
class FakeHub:
    """Takes what is sent; a real class with the real calls."""

    sent: dict[str, bytes] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> str:
        self.calls.append({"repo_id": repo_id, "private": private, "exist_ok": exist_ok})
        return repo_id

    def upload_folder(self, *, repo_id: str, folder_path: Path, commit_message: str) -> Any:
        self.calls.append({"repo_id": repo_id, "message": commit_message})
        for file in sorted(folder_path.rglob("*")):
            self.sent[file.relative_to(folder_path).as_posix()] = file.read_bytes()
        return f"https://hub.invalid/{repo_id}/commit/1"


class Server(HTTPServer):
    """As much of the Hub as one push needs, on this machine; remembers every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.sent: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, body: bytes) -> dict[str, Any]:
        lines = [json.loads(line) for line in body.splitlines()]
        if path == "/api/repos/create":
            return {"url": f"{self.address}/{REPO}"}
        if "/preupload/" in path:
            names = [file["path"] for file in lines[0]["files"]]
            plain = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            return {"files": [{"path": name} | plain for name in names]}
        if "/commit/" in path:
            files = [line["value"] for line in lines if line["key"] == "file"]
            self.sent = {one["path"]: base64.b64decode(one["content"]) for one in files}
            return {"commitUrl": f"{self.address}/{REPO}/commit/1", "commitOid": "1"}
        return {"warnings": [], "errors": []}


class Requests(BaseHTTPRequestHandler):
    """One request to the server."""

    server: Server

    def do_GET(self) -> None:
        self._reply(b"")

    def do_POST(self) -> None:
        self._reply(self.rfile.read(int(self.headers["Content-Length"])))

    def _reply(self, body: bytes) -> None:
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        content = json.dumps(self.server.answer(self.path, body)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


class BrokenHub(FakeHub):
    """Refuses, and quotes the token as a careless client would."""

    def upload_folder(self, **_: Any) -> NoReturn:
        raise ConnectionError("403 for Authorization: Bearer hf_secret\nsecond line")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(TOKEN, raising=False)
    found = judged(tmp_path / "project")
    yield found
    found.store.close()


def _push(made: Judged, hub: FakeHub, **how: Any) -> Any:
    digest = how.pop("digest", made.adapter.files().digest)
    return push(made.project, NAME, REPO, digest=digest, hub=hub, **how)


# --- push ---------------------------------------------------------------------------------------


@pytest.mark.medium
def test_a_push_sends_exactly_the_judged_bytes_and_what_belongs_to_them(made: Judged) -> None:
    (made.adapter.folder / "notes.txt").write_text("ours alone")
    (made.adapter.folder / "checkpoint-1").mkdir()
    (made.adapter.folder / "checkpoint-1" / "optimizer.pt").write_bytes(b"x")
    card(made.project, NAME, made.verdict)
    hub = FakeHub()
    pushed = _push(made, hub)
    files = ("adapter_config.json", "adapter_model.safetensors", "README.md", "training.json")
    assert pushed.files == files
    assert sorted(hub.sent) == sorted(files)
    for file, content in hub.sent.items():
        assert content == (made.adapter.folder / file).read_bytes()
    assert pushed.digest == made.adapter.files().digest
    assert pushed.digest in hub.calls[-1]["message"]
    assert pushed.commit == "https://hub.invalid/acme/openers/commit/1"


@pytest.mark.medium
def test_a_new_repository_is_private_unless_told_otherwise(made: Judged) -> None:
    hub = FakeHub()
    _push(made, hub)
    assert hub.calls[0] == {"repo_id": REPO, "private": True, "exist_ok": True}
    _push(made, hub, private=False)
    assert hub.calls[2]["private"] is False


@pytest.mark.medium
def test_bytes_that_were_not_judged_are_not_sent(made: Judged) -> None:
    digest = made.adapter.files().digest
    made.adapter.write_json("adapter_config.json", made.adapter.config | {"r": 3})
    hub = FakeHub()
    with pytest.raises(AdapterRefused, match="nothing was sent"):
        _push(made, hub, digest=digest)
    assert not hub.calls


@pytest.mark.medium
def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(made: Judged) -> None:
    hub = FakeHub()
    pushed = _push(made, hub, dry_run=True)
    assert "adapter_model.safetensors" in pushed.files
    assert pushed.commit is None
    assert not hub.calls


@pytest.mark.medium
def test_a_signed_adapter_still_verifies_where_it_arrives(made: Judged, tmp_path: Path) -> None:
    make_keys(tmp_path / "team.pem", tmp_path / "team.pub")
    sign(made.adapter.files(), tmp_path / "team.pem")
    card(made.project, NAME, made.verdict)
    hub = FakeHub()
    _push(made, hub)
    arrived = tmp_path / "arrived"
    arrived.mkdir()
    for name, content in hub.sent.items():
        (arrived / name).write_bytes(content)
    (arrived / ".gitattributes").write_text("as the Hub adds it")
    assert SIGNATURE in hub.sent
    assert mismatches(arrived, tmp_path / "team.pub") == []


@pytest.mark.medium
def test_a_signature_that_would_not_hold_there_is_not_sent(made: Judged, tmp_path: Path) -> None:
    make_keys(tmp_path / "team.pem", tmp_path / "team.pub")
    (made.adapter.folder / "notes.txt").write_text("signed too")
    sign(made.adapter.files(), tmp_path / "team.pem")
    hub = FakeHub()
    with pytest.raises(AdapterRefused, match=r"covers notes\.txt"):
        _push(made, hub)
    (made.adapter.folder / "notes.txt").unlink()
    made.adapter.write_json("adapter_config.json", made.adapter.config | {"r": 3})
    with pytest.raises(AdapterRefused, match="for other bytes"):
        _push(made, hub)
    assert not hub.calls


@pytest.mark.medium
@pytest.mark.parametrize("repo", ["", "a/b/c", "../x", "a b", "acme/", "--", "x\ny"])
def test_what_is_no_hub_id_is_one_line(made: Judged, repo: str) -> None:
    with pytest.raises(RequestError, match="is no Hub id"):
        push(made.project, NAME, repo, digest="", hub=FakeHub())


@pytest.mark.medium
def test_without_a_token_it_says_so_and_sends_nothing(made: Judged) -> None:
    with pytest.raises(RequestError, match="HF_TOKEN is not set"):
        push(made.project, NAME, REPO, digest=made.adapter.files().digest)


@pytest.mark.medium
def test_offline_stays_offline(made: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "hf_secret")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(RequestError, match="HF_HUB_OFFLINE is set"):
        push(made.project, NAME, REPO, digest=made.adapter.files().digest)


@pytest.mark.medium
def test_the_token_is_in_no_message_and_no_record(
    made: Judged, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TOKEN, "hf_secret")
    with pytest.raises(WorldFailed) as caught:
        _push(made, BrokenHub())
    assert str(caught.value).startswith("acme/openers: the Hub did not take it (ConnectionError)")
    told = "".join(capfd.readouterr()) + str(caught.value) + repr(_push(made, FakeHub()))
    assert "hf_secret" not in told
    assert caught.value.__cause__ is None


@pytest.mark.slow
def test_the_real_client_sends_these_bytes_and_asks_for_nothing_else(
    made: Judged, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ENDPOINT", server.address), ("HF_HUB_OFFLINE", False)):
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", False)
    monkeypatch.setenv(TOKEN, "hf_secret")
    pushed = push(made.project, NAME, REPO, digest=made.adapter.files().digest)
    assert pushed.commit == f"{server.address}/{REPO}/commit/1"
    assert server.sent == {f: (made.adapter.folder / f).read_bytes() for f in pushed.files}
    assert [path for _, path, _ in server.asked] == [
        "/api/repos/create",
        f"/api/models/{REPO}/preupload/main",
        f"/api/models/{REPO}/commit/main",
    ]
    for _, _, headers in server.asked:
        told = {name.lower(): value for name, value in headers.items()}
        assert told["authorization"] == "Bearer hf_secret"
        assert "torch" not in told["user-agent"]


def test_the_fake_keeps_the_real_client_s_protocol() -> None:
    real = HfApi()
    inspect.signature(real.create_repo).bind(REPO, private=True, exist_ok=True)
    inspect.signature(real.upload_folder).bind(
        repo_id=REPO, folder_path=Path("x"), commit_message="y"
    )


# --- the only way out ---------------------------------------------------------------------------

SENDERS = {
    "HfApi",
    "CommitOperationAdd",
    "create_commit",
    "create_repo",
    "metadata_update",
    "push_to_hub",
    "run_as_future",
    "upload_file",
    "upload_folder",
    "upload_large_folder",
}
NETWORK = {"aiohttp", "ftplib", "httpx", "requests", "smtplib", "urllib3", "websockets", "xmlrpc"}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _modules() -> list[tuple[str, ast.AST]]:
    root = Path(str(harness.__file__)).parent
    return [
        (file.relative_to(root).as_posix(), ast.parse(file.read_text(encoding="utf-8")))
        for file in sorted(root.rglob("*.py"))
    ]


@pytest.mark.long
def test_only_a_push_can_upload() -> None:
    using = {name for name, tree in _modules() if SENDERS & {*_names(tree)}}
    assert using == {"flows/decisions/publish.py"}


@pytest.mark.long
def test_no_module_brings_a_way_to_the_network_of_its_own() -> None:
    """The engine that asks a server of the team's own is the one that may."""
    using = {
        name for name, tree in _modules() if NETWORK & {i.split(".")[0] for i in _imports(tree)}
    }
    assert using <= {"engines/openai/engine.py"}


# --- the model card -----------------------------------------------------------------------------


@pytest.mark.medium
def test_the_card_says_where_the_training_data_comes_from(made: Judged) -> None:
    training = made.adapter.folder / "training.json"
    about = json.loads(training.read_text())
    about["dataset"] = {"name": "voice.jsonl", "fingerprint": "f" * 64}
    stated = DataOrigin(owner="ana@example.com", third_party_copy=False).stated()
    training.write_text(json.dumps(about | {"origin": stated}))
    made.tiny.write("pyproject.toml", f'{SETTINGS}\n[tool.harness.privacy]\nredact = ["email"]\n')
    data = ModelCard(card(made.project, NAME, made.verdict).read_text(encoding="utf-8")).data
    (said,) = data.to_dict()["training_data"]
    assert (said["adapter"], said["set"]) == (NAME, "voice.jsonl")
    assert (said["owner"], said["third_party_copy"]) == ("[email]", False)
    assert said["licence"] == "not stated"


@pytest.mark.medium
def test_the_card_holds_every_score_and_leaves_the_judged_bytes_alone(made: Judged) -> None:
    before = {f: file_digest(f) for f in made.adapter.folder.iterdir()}
    digest = made.adapter.files().digest
    found = ModelCard(card(made.project, NAME, made.verdict).read_text(encoding="utf-8"))
    assert made.adapter.files().digest == digest
    assert {f: file_digest(f) for f in before} == before
    results = {(one.dataset_name, one.metric_type): one for one in found.data.eval_results}
    for metric in made.verdict.metrics:
        assert metric.candidate is not None
        one = results["openers", metric.name]
        assert one.metric_value == pytest.approx(metric.candidate, abs=1e-6)
        assert one.dataset_revision == made.verdict.fingerprint
    assert any(benchmark == "manners" for benchmark, _ in results)
    assert found.data.library_name == "peft"
    assert found.data.base_model is None  # the base is a folder here, which is nobody's business
    assert str(made.tiny.folder) not in found.content


@pytest.mark.medium
def test_a_metric_that_is_missing_is_left_out_and_never_zero(made: Judged) -> None:
    blind = replace(made.verdict.metrics[0], candidate=None)
    verdict = replace(made.verdict, metrics=(blind,), guards=())
    assert list(figures(verdict)) == []
