import json
import os

import pytest

from harness.errors import BenchmarkError
from harness.judge import check_policy
from harness.measure import merge_checks, parse_checks
from harness.records import Check, Example, Generation, MetricRule
from harness.workspace.project.benchmarks import benchmark_names, read_benchmark
from harness.workspace.project.cases import Rules
from tests.fakes.refusals import refused

RULES = Rules(parse_checks, merge_checks, check_policy)
TASK = 'task = "t"\n'


def case(identity="a", **more):
    return {"id": identity, "input": "in", "ideal": "out"} | more


def write(root, toml=TASK, cases=None, name="b"):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmark.toml").write_text(toml, encoding="utf-8")
    lines = [case()] if cases is None else cases
    text = lines if isinstance(lines, str) else "".join(json.dumps(c) + "\n" for c in lines)
    (folder / "cases.jsonl").write_text(text, encoding="utf-8")


def read(root, toml=TASK, cases=None, name="b"):
    write(root, toml, cases, name)
    return read_benchmark(root, name, Generation(), RULES)


def test_a_benchmark_is_read_as_it_was_written(tmp_path):
    found = read(
        tmp_path,
        'name = "b"\ntask = "openers"\ndescription = ""\nsystem = "s"\ntemplate = "Q: {input}"\n'
        "[generation]\nmax_new_tokens = 5\n"
        "[metrics.edit_similarity]\nrole = 'guard'\nmargin = 0.1\n"
        "[metrics.edit_rate]\nrole = 'report'\n[checks]\nmax_words = 9\n[policy]\nalpha = 0.1\n"
        '[[examples]]\ninput = "i"\noutput = "o"\n',
        [
            case("x", ideal=["one", "two"], slices={"k": "v"}, critical=True, group="g"),
            case("y", checks={"max_words": 3, "contains": {"value": "z", "level": "report"}}),
        ],
    )
    assert (found.name, found.task, found.guard) == ("b", "openers", False)
    assert (found.system, found.template) == ("s", "Q: {input}")
    assert found.examples == (Example("i", "o"),)
    assert found.generation.max_new_tokens == 5
    assert found.metrics == (
        MetricRule("edit_similarity", "guard", 0.1),
        MetricRule("edit_rate", "report", None),
    )
    assert found.policy.alpha == 0.1
    first, second = found.cases
    assert first.ideals == ("one", "two") and first.critical and first.group == "g"
    assert first.slices == {"k": "v"} and first.checks == (Check("max_words", 9),)
    assert second.checks == (Check("max_words", 3), Check("contains", ("z",), "report"))


def test_a_guard_has_no_task(tmp_path):
    assert read(tmp_path, "guard = true").guard


TOMLS = {
    "neither task nor guard": (
        "",
        r'benchmark\.toml:1: needs either `task = "..."` or `guard = true`',
    ),
    "task and guard": ('task = "t"\nguard = true', "needs either"),
    "guard false": ("guard = false", "needs either"),
    "another name": ('name = "c"\ntask = "t"', "`name` is 'c' but the folder is 'b'"),
    "a task that is no name": ('task = "My Task"', "`task` 'My Task' is not a name"),
    "a task with a client": ('task = "acme/t"', "`task` 'acme/t' is not a name"),
    "an attribute": (
        TASK + 'template = "{input.__class__.__mro__}"',
        r"`template` has \{input.__class__.__mro__\}, allowed are \{input\} and \{context\}",
    ),
    "an index": (TASK + 'template = "{input[0]}"', r"`template` has \{input\[0\]\}"),
    "a conversion": (TASK + 'template = "{input!r}"', r"`template` has \{input!r\}"),
    "a place": (TASK + 'template = "{0}"', r"`template` has \{0\}"),
    "an empty place": (TASK + 'template = "{input} {}"', r"`template` has \{\}"),
    "no input": (TASK + 'template = "Write something"', r"`template` has no \{input\}"),
    "a blank template": (TASK + 'template = ""', "`template` is empty"),
    "margin 0": (TASK + "metrics.m.margin = 0", "is 0, allowed is more than 0 and less than 1"),
    "margin 1": (TASK + "metrics.m.margin = 1", "is 1, allowed is more than 0 and less than 1"),
    "margin negative": (TASK + "metrics.m.margin = -0.1", "is -0.1, allowed are 0 to 1"),
    "margin above 1": (TASK + "metrics.m.margin = 1.1", "is 1.1, allowed are 0 to 1"),
    "margin nan": (TASK + "metrics.m.margin = nan", "is nan, allowed are 0 to 1"),
    "margin true": (TASK + "metrics.m.margin = true", "true/false, a number is needed"),
    "margin a text": (TASK + 'metrics.m.margin = "0.1"', "a text, a number is needed"),
    "a margin that is only reported": (
        TASK + 'metrics.m.role = "report"\nmetrics.m.margin = 0.1',
        "`margin` is for gate and guard",
    ),
    "a role": (TASK + 'metrics.m.role = "gait"', "is 'gait', allowed are gate, guard, report"),
    "metrics are a list": (TASK + "metrics = []", "is a list, a table of keys"),
    "a metric is a number": (TASK + "metrics.m = 1", r"\[m\]: is a number, a table of keys"),
    "a typo": (TASK + 'systm = "x"', "unknown key `systm`, did you mean `system`"),
    "a typo in the policy": (
        TASK + "policy.alhpa = 0.1",
        r"\[policy\]: unknown key `alhpa`, did you mean `alpha`",
    ),
    "alpha 2": (TASK + "policy.alpha = 2", r"\[policy\]: .*alpha"),
    "alpha a text": (TASK + 'policy.alpha = "x"', r"\[policy\]: .*alpha"),
    "alpha nan": (TASK + "policy.alpha = nan", r"\[policy\]: .*alpha"),
    "alpha a date": (TASK + "policy.alpha = 2026-01-01", r"\[policy\]: .*alpha"),
    "seed a list": (TASK + "policy.seed = []", r"\[policy\]: .*seed"),
    "an unknown check": (TASK + "checks.max_word = 3", r"\[checks\]: unknown check 'max_word'"),
    "a check of no words": (TASK + "checks.max_words = 0", "check max_words: 0 given"),
    "examples are a table": (TASK + "examples.a = 1", "`examples` is not a list"),
    "half an example": (
        TASK + '[[examples]]\ninput = "i"',
        r"\[\[examples\]\] 1: `output` is missing",
    ),
    "an example is a number": (TASK + "examples = [3]", r"\[\[examples\]\] 1: is a number"),
    "greedy samples": (TASK + "generation.samples = 3", "needs a `temperature` above 0"),
    "not TOML": ("task = t", r"benchmark\.toml:1: is not TOML"),
}


@pytest.mark.parametrize(("toml", "line"), TOMLS.values(), ids=TOMLS)
def test_a_benchmark_that_cannot_be_meant_is_refused(tmp_path, toml, line):
    with refused(line, BenchmarkError):
        read(tmp_path, toml)


CASES = {
    "none": ([], r"cases\.jsonl: holds no case, at least one is needed"),
    "only blank lines": ("\n \n\t\n", "holds no case"),
    "an id twice": ([case(), case()], r"cases\.jsonl:2: id 'a' stands already at .*jsonl:1"),
    "an id in capitals": ([case("Straße"), case("STRASSE")], ":2: id 'STRASSE' stands already"),
    "an id composed otherwise": (
        [case("caf\u00e9"), case("cafe\u0301")],
        ":2: id .* stands already",
    ),
    "an id folded otherwise": ([case("\u1e9b\u0323"), case("\u1e69")], ":2: id .* stands already"),
    "no id": ([{"input": "i", "ideal": "o"}], ":1: `id` is missing"),
    "a blank id": ([case(" ")], "`id` is empty"),
    "an id is a number": ([case(7)], "`id` is a number, a text is needed"),
    "an id of 201 letters": ([case("x" * 201)], "`id` has control characters or more than 200"),
    "an id of two lines": ([case("a\nb")], "`id` has control characters or more than 200"),
    "no input": ([{"id": "a", "ideal": "o"}], "`input` is missing"),
    "an empty input": ([case(input="")], "`input` is empty"),
    "a blank input": ([case(input=" \n\u00a0")], "`input` is empty"),
    "no ideal": ([{"id": "a", "input": "i"}], "`ideal` is missing, a text"),
    "an empty ideal": ([case(ideal="")], "`ideal` is blank"),
    "no ideals": ([case(ideal=[])], "`ideal` is an empty list"),
    "one ideal of two is blank": ([case(ideal=["x", " "])], "`ideal` has one that is blank"),
    "an ideal is a number": ([case(ideal=5)], "`ideal` is a number"),
    "critical is a text": ([case(critical="yes")], "`critical` is a text, true or false"),
    "critical is 1": ([case(critical=1)], "`critical` is a number, true or false"),
    "slices are a list": ([case(slices=["x"])], '`slices` must look like {"industry"'),
    "a slice is a number": ([case(slices={"k": 1})], "`slices` must look like"),
    "a slice without a name": ([case(slices={" ": "v"})], "`slices` must look like"),
    "a blank group": ([case(group="")], "`group` is empty"),
    "a typo": ([case(idael="x")], "unknown key `idael`, did you mean `ideal`"),
    "checks are a list": ([case(checks=[])], r"\[checks\]: is a list, a table of keys"),
    "an unknown check": ([case(checks={"maximum": 1})], "checks: unknown check 'maximum'"),
    "a line that is a list": ("[1]\n", ":1: is not an object"),
    "a key twice": (
        '{"id": "a", "id": "b", "input": "i", "ideal": "o"}\n',
        ":1: key 'id' stands twice",
    ),
    "half a surrogate": ('{"id": "a", "input": "\\ud800", "ideal": "o"}\n', ":1: holds half of"),
    "a number too large": ('{"id": "a", "input": "i", "ideal": 1e999}\n', ":1: the number 1e999"),
}


@pytest.mark.parametrize(("cases", "line"), CASES.values(), ids=CASES)
def test_a_case_that_cannot_be_judged_is_refused_with_its_line(tmp_path, cases, line):
    with refused(line, BenchmarkError):
        read(tmp_path, TASK, cases)


@pytest.mark.parametrize("number", [1, 2, 25])
def test_any_number_of_cases_is_a_benchmark(tmp_path, number):
    assert len(read(tmp_path, TASK, [case(str(n)) for n in range(number)]).cases) == number


def test_unusual_line_breaks_stay_inside_their_case(tmp_path):
    text = "one\u2028two\x85three\x0bfour\x0cfive"
    found = read(tmp_path, TASK, [case("a", input=text), case("b")])
    assert [c.id for c in found.cases] == ["a", "b"]
    assert found.cases[0].input == text


# --- the folder ------------------------------------------------------------------------------


def test_an_unknown_benchmark_names_the_nearest(tmp_path):
    write(tmp_path, name="outreach")
    with refused("^outraech: no such benchmark, did you mean `outreach`", BenchmarkError):
        read_benchmark(tmp_path, "outraech", Generation(), RULES)


@pytest.mark.parametrize("name", ["../b", "/b", "..", "a/b", "", "B", "con"])
def test_a_benchmark_name_never_leads_out_of_the_folder(tmp_path, name):
    with refused("is not a name", BenchmarkError):
        read_benchmark(tmp_path, name, Generation(), RULES)


def test_no_benchmarks_folder_is_said(tmp_path):
    with refused("no such folder, the benchmarks are looked for there", BenchmarkError):
        benchmark_names(tmp_path / "nowhere")


def test_only_folders_with_a_benchmark_are_benchmarks(tmp_path):
    write(tmp_path, name="b")
    write(tmp_path, name="a")
    (tmp_path / "notes").mkdir()
    assert benchmark_names(tmp_path) == ["a", "b"]


def test_missing_cases_are_said(tmp_path):
    write(tmp_path)
    (tmp_path / "b" / "cases.jsonl").unlink()
    with refused(r"cases\.jsonl: no such file", BenchmarkError):
        read_benchmark(tmp_path, "b", Generation(), RULES)


@pytest.mark.parametrize("file", ["benchmark.toml", "cases.jsonl"])
def test_a_file_that_links_out_of_the_folder_is_refused(tmp_path, file):
    root = tmp_path / "benchmarks"
    write(root)
    (root / "b" / file).rename(tmp_path / file)
    (root / "b" / file).symlink_to(tmp_path / file)
    with refused("is a link that leads out of", BenchmarkError):
        read_benchmark(root, "b", Generation(), RULES)


# --- the fingerprint -------------------------------------------------------------------------

TWO = [case("a"), case("b", slices={"k": "v", "l": "w"})]
TURNED = [case("b", slices={"l": "w", "k": "v"}), dict(reversed(case("a").items()))]
METRICS = TASK + "metrics.x.margin = 0.1\nmetrics.y.margin = 0.2\n"


def test_the_fingerprint_does_not_depend_on_any_order(tmp_path):
    turned = TASK + "metrics.y.margin = 0.2\nmetrics.x.margin = 0.1\n"
    assert read(tmp_path, METRICS, TWO).fingerprint == read(tmp_path, turned, TURNED).fingerprint


def test_a_description_is_not_part_of_the_fingerprint(tmp_path):
    one = read(tmp_path, TASK, TWO).fingerprint
    assert one == read(tmp_path, TASK + 'description = "new words"', TWO).fingerprint


CHANGES = {
    "an id": (METRICS, [case("a"), case("c", slices={"k": "v", "l": "w"})]),
    "an input": (METRICS, [case("a", input="x"), TWO[1]]),
    "an ideal": (METRICS, [case("a", ideal="x"), TWO[1]]),
    "the order of ideals": (METRICS, [case("a", ideal=["out", "x"]), TWO[1]]),
    "a slice": (METRICS, [case("a", slices={"k": "v"}), TWO[1]]),
    "critical": (METRICS, [case("a", critical=True), TWO[1]]),
    "a group": (METRICS, [case("a", group="g"), TWO[1]]),
    "a check": (METRICS, [case("a", checks={"json": True}), TWO[1]]),
    "a shared check": (METRICS + "checks.json = true\n", TWO),
    "a case less": (METRICS, TWO[:1]),
    "the template": (METRICS + 'template = "Q {input}"\n', TWO),
    "the system": (METRICS + 'system = "s"\n', TWO),
    "a margin": (METRICS.replace("0.1", "0.11"), TWO),
    "a role": (METRICS + 'metrics.x.role = "guard"\n', TWO),
    "a metric more": (METRICS + "metrics.z.margin = 0.1\n", TWO),
}


@pytest.mark.parametrize(("toml", "cases"), CHANGES.values(), ids=CHANGES)
def test_the_fingerprint_changes_with_cases_prompt_and_metrics(tmp_path, toml, cases):
    assert read(tmp_path, METRICS, TWO).fingerprint != read(tmp_path, toml, cases).fingerprint


def test_the_shipped_benchmarks_can_be_read(pytestconfig):
    root = pytestconfig.rootpath / "benchmarks"
    found = {
        name: read_benchmark(root, name, Generation(), RULES) for name in benchmark_names(root)
    }
    assert {"outreach", "general"} <= set(found)
    assert found["general"].guard and len(found["outreach"].cases) >= 20


def test_a_benchmark_is_read_anew_only_where_a_byte_changed(tmp_path):
    first = read(tmp_path)
    assert read_benchmark(tmp_path, "b", Generation(), RULES) is first
    file = tmp_path / "b" / "cases.jsonl"
    before = file.stat()
    file.write_text(json.dumps(case("z")) + "\n", encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as long as before, as old too
    assert read_benchmark(tmp_path, "b", Generation(), RULES).cases[0].id == "z"
    assert read_benchmark(tmp_path, "b", Generation(max_new_tokens=3), RULES) is not first
    (tmp_path / "b" / "cases.reserve.jsonl").write_text(json.dumps(case("r")) + "\n", "utf-8")
    assert [one.id for one in read_benchmark(tmp_path, "b", Generation(), RULES).reserve] == ["r"]
