import pytest

from harness.errors import AdapterRefused, BenchmarkError
from harness.workspace.formats.names import check_name, check_plain_name, folder_of, inside
from tests.fakes.refusals import refused

GOOD = ["adapter_v3", "a", "0", "v1.2", "acme/openers_v3", "a" * 64, "a-b_c.d", "console", "com10"]

BAD = [
    "", ".", "..", "../x", "../../x", "x/..", "x/../y", "a/b/c", "/etc", "/", "a/", "/a", "a//b",
    "~", "~root", "~/x", "-x", "--help", "_x", ".hidden", "x.", "a..b", "A", "Ä", "ä", "a b", " a",
    "a ", "a\n", "\na", "a\nb", "a\tb", "a\0b", "CON", "con", "nul", "aux.txt", "com1", "lpt9.x",
    "prn", "acme/con", "x\\y", "x\\..\\y", "C:", "c:x", "\\\\host\\x", "%2e%2e%2fx", "%2e%2e",
    "%252e%252e%252fx", "..%2fx", "%00", "a" * 65, "a" * 100_000, "acme/" + "a" * 65, "a*", "a?",
    "a;b", "$(x)", "`x`", "'; DROP TABLE runs; --", "a\u202eb", "a\u200bb", "a\u00a0b", "\uff41",
    "\u0131", "\u0660", "a\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_an_ordinary_name_is_taken_as_it_is(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", BAD, ids=lambda name: ascii(name)[:30])
def test_a_name_that_could_be_more_than_a_name_is_refused(name):
    with refused("^['\"].*['\"] is not an adapter name: a name is a-z, 0-9", AdapterRefused):
        check_name(name)


@pytest.mark.parametrize("name", [*BAD, "acme/x"], ids=lambda name: ascii(name)[:30])
def test_benchmarks_and_tasks_have_plain_names(name):
    with refused("^f:1: ['\"].*['\"] is not a name: a name is", BenchmarkError):
        check_plain_name(name, "f:1: ", BenchmarkError)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with refused("^v9: no such folder under"):
        folder_of(tmp_path, "v9")


def test_a_link_inside_the_root_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    assert folder_of(tmp_path, "alias") == tmp_path / "alias"


@pytest.mark.parametrize("place", ["alias", "acme/alias"])
def test_a_link_out_of_the_root_is_refused(tmp_path, place):
    root, outside = tmp_path / "adapters", tmp_path / "outside"
    outside.mkdir()
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(outside)
    with refused("is a link that leads out of .*, put the files themselves there"):
        folder_of(root, place)


def test_a_link_above_the_folder_is_followed_too(tmp_path):
    root, outside = tmp_path / "adapters", tmp_path / "outside"
    (outside / "v1").mkdir(parents=True)
    root.mkdir()
    (root / "acme").symlink_to(outside)
    with refused("leads out of"):
        folder_of(root, "acme/v1")


def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with refused("leads nowhere|leads out"):
        inside(tmp_path, tmp_path / "loop", AdapterRefused)


def test_a_root_that_is_a_link_itself_is_fine(tmp_path):
    (tmp_path / "real" / "v1").mkdir(parents=True)
    (tmp_path / "adapters").symlink_to("real")
    assert folder_of(tmp_path / "adapters", "v1").is_dir()
