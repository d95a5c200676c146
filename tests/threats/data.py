"""Tables that users bring: training data, recorded outputs, reviews, benchmarks, history."""
# ruff: noqa: E501 - the lines are quoted exactly

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

from tests.fakes.project import TinyProject
from tests.threats.row import Row, nothing, text

GOOD = json.dumps({"input": "Ana", "output": "Hi Ana"})
REVIEW = {
    "id": "r1", "at": "2026-01-05T10:00:00Z", "task": "openers", "adapter": "base",
    "input": "Ana", "output": "Hi Ana", "final": "Hello Ana", "decision": "edited",
}  # fmt: skip
FINGERPRINT = ("data", "fingerprint", "more.jsonl")
TRAIN = ("train", "v9", "--data", "more.jsonl")
REVIEWS = ("reviews", "import", "reviews.jsonl")
IMPORT = ("benchmark", "import", "cases.csv", "--name", "fresh")
HISTORY = ("history", "import", "history.jsonl")
EVALUATE = ("evaluate", "good", "--benchmark", "openers")


def training(name: str, second: str | bytes, line: str = "", words: Any = FINGERPRINT) -> Row:
    raw = second if isinstance(second, bytes) else second.encode()
    return Row(
        f"training: {name}", text("more.jsonl", GOOD.encode() + b"\n" + raw + b"\n"), words, line
    )


def recorded(name: str, last: str, line: str = "", **more: Any) -> Row:
    def make(project: TinyProject) -> None:
        file = project.folder / "recorded/good/openers.jsonl"
        file.write_text(file.read_text(encoding="utf-8") + last + "\n", encoding="utf-8")

    return Row(f"recorded: {name}", make, EVALUATE, line, **more)


def review(name: str, line: str = "", **changed: Any) -> Row:
    made = {k: v for k, v in (REVIEW | changed).items() if v is not None}
    return Row(f"reviews: {name}", text("reviews.jsonl", json.dumps(made) + "\n"), REVIEWS, line)


def reviews(name: str, content: str | bytes, line: str = "", file: str = "reviews.csv") -> Row:
    return Row(f"reviews: {name}", text(file, content), ("reviews", "import", file), line)


def imported(name: str, content: str | bytes, line: str = "", words: Any = IMPORT) -> Row:
    return Row(f"import: {name}", text("cases.csv", content), words, line)


def history(name: str, content: str, line: str = "", **more: Any) -> Row:
    return Row(f"history: {name}", text("history.jsonl", content), HISTORY, line, **more)


def training_set(name: str, file: str, content: str | bytes, line: str) -> Row:
    raw = content if isinstance(content, bytes) else content.encode()
    return Row(f"training set: {name}", text(file, raw), ("data", "fingerprint", file), line)


def one_text_repeated(project: TinyProject) -> None:
    """Write 4 GB of text in half a kilobyte: each column holds its text once, and 2,000 references."""
    import pyarrow
    from pyarrow import parquet

    long = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 2_000, pyarrow.int32()), ["x" * 900_000]
    )
    parquet.write_table(
        pyarrow.table({"input": long, "output": long}),
        project.folder / "more.parquet", compression="zstd", store_schema=False,
    )  # fmt: skip


def compressed_text(project: TinyProject) -> None:
    """Write 4 GB of text in some kilobytes, compressed page by page, in groups of 100 rows."""
    import pyarrow
    from pyarrow import parquet

    long = pyarrow.repeat("x" * 900_000, 100)
    rows = pyarrow.table({"input": long, "output": long})
    with parquet.ParquetWriter(
        project.folder / "more.parquet", rows.schema,
        compression="zstd", use_dictionary=False, write_statistics=False,
    ) as file:  # fmt: skip
        for _ in range(20):
            file.write_table(rows)


SETS = (
    training_set("text for a format", "more.jsonl", "Dear Ana,\nhello\n", "more.jsonl:1: is not JSON (Expecting value at column 1): no format fits; an example is {\"input\": \"...\", \"output\": \"...\"} or {\"messages\": [{\"role\": \"user\", \"content\": \"...\"}, {\"role\": \"assistant\", \"content\": \"...\"}]}"),
    training_set("columns of another kind", "more.csv", "frage,response\na,b\n", "more.csv:2: `input` is missing, a text is needed: no format fits; an example is {\"input\": \"...\", \"output\": \"...\"} or {\"messages\": [{\"role\": \"user\", \"content\": \"...\"}, {\"role\": \"assistant\", \"content\": \"...\"}]} (columns: frage, response)"),
    training_set("a JSON list without an end", "more.json", "[" + GOOD + ",", "more.json:1: is not JSON (the list has no end)"),
    training_set("a JSON list with a comma at the end", "more.json", f"[{GOOD},\n]", "more.json:2: is not JSON (an item is missing beside a comma)"),
    training_set("100,000 levels in a JSON list", "more.json", "[" * 100_000, "more.json:1: is not JSON (the list has no end)"),
    training_set("a NUL in a turn", "more.jsonl", '{"messages": [{"role": "user", "content": "a\\u0000"}, {"role": "assistant", "content": "b"}]}', "more.jsonl:1: the content of turn 1 of `messages` holds a NUL character, texts have none"),
    training_set("a weight of a half", "more.jsonl", '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]}', "more.jsonl:1: turn 2 of `messages` has the weight 0.5, allowed are 0 and 1"),
    training_set("no Parquet", "more.parquet", "x", "more.parquet: is no Parquet file that can be read (Parquet file size is 1 bytes, smaller than the minimum file footer (8 bytes)), save it as JSONL"),
    Row("training set: 4 GB of text in a kilobyte of Parquet", one_text_repeated, ("data", "fingerprint", "more.parquet"), "more.parquet:1: `input` has a text of 900,000 bytes, at most 131,072 are read: no format fits; an example is {\"input\": \"...\", \"output\": \"...\"} or {\"messages\": [{\"role\": \"user\", \"content\": \"...\"}, {\"role\": \"assistant\", \"content\": \"...\"}]}"),
    Row("training set: 4 GB of text in compressed pages of Parquet", compressed_text, ("data", "fingerprint", "more.parquet"), "more.parquet: holds 3,600,017,240 bytes unpacked, at most 1,073,741,824 are read"),
)  # fmt: skip


def pipe(name: str) -> Any:
    return lambda project: os.mkfifo(project.folder / name)


def endless(name: str) -> Any:
    def make(project: TinyProject) -> None:
        with (project.folder / name).open("wb") as file:
            file.truncate(10_000_000_000)

    return make


def bomb(project: TinyProject) -> None:
    """Write 70 MB of zeros in 70 KB."""
    with (
        zipfile.ZipFile(project.folder / "cases.xlsx", "w", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/sharedStrings.xml", "w") as part,
    ):
        for _ in range(70):
            part.write(bytes(1024 * 1024))


def decision(**changed: Any) -> str:
    record = {"kind": "promote", "task": "openers", "adapter": "good", "digest": "d", "by": "b",
              "why": "w", "at": "2026-01-01T00:00:00Z"} | changed  # fmt: skip
    return json.dumps({"kind": "decision", "record": record}) + "\n"


ROWS = [
    training(
        "NaN",
        '{"input": "x", "output": NaN}',
        line="more.jsonl:2: NaN is not a number that JSON knows (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "a key that stands twice",
        '{"input": "x", "input": "y", "output": "z"}',
        line="more.jsonl:2: key 'input' stands twice, once is allowed (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "100,000 levels",
        "[" * 100_000,
        line="more.jsonl:2: is nested deeper than 64 levels (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "a 5,000-digit integer",
        '{"input": ' + "1" * 5000 + "}",
        line="more.jsonl:2: a number of 5000 digits, at most 40 are read (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "half of a surrogate pair",
        r'{"input": "\udc00", "output": "z"}',
        line="more.jsonl:2: holds half of a surrogate pair, which is no text (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "a NUL",
        b'{"input": "x\0", "output": "z"}',
        line="more.jsonl:2: is not JSON (Invalid control character at column 13) (1 bad lines in all, `lora-harness data check` lists them)",
    ),
    training(
        "Latin-1",
        '{"input": "é"}'.encode("latin-1"),
        line="more.jsonl:2: is not UTF-8, save it as UTF-8",
    ),
    training(
        "an empty input",
        '{"input": "", "output": "z"}',
        words=TRAIN,
        line="more.jsonl:2: `input` is empty, a text is needed",
    ),
    training(
        "a blank output",
        '{"input": "x", "output": " "}',
        words=TRAIN,
        line="more.jsonl:2: `output` is empty, a text is needed",
    ),
    training(
        "an output that is a list",
        '{"input": "x", "output": ["z"]}',
        words=TRAIN,
        line="more.jsonl:2: `output` is a list, a text is needed",
    ),
    training(
        "an unknown key",
        '{"input": "x", "output": "z", "otput": "q"}',
        words=TRAIN,
        line="more.jsonl:2: unknown key `otput`, did you mean `output`?",
    ),
    *SETS,
    training(
        "no object",
        "7",
        words=TRAIN,
        line="more.jsonl:2: is not an object, each line needs one like {...}",
    ),
    training(
        "a line of 5 MB",
        '{"input": "' + "x" * 5_000_000 + '"}',
        line="more.jsonl:2: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    training(
        "a line of 5 MB to train on",
        '{"input": "' + "x" * 5_000_000 + '"}',
        words=TRAIN,
        line="more.jsonl:2: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    training(
        "two examples only",
        GOOD,
        words=TRAIN,
        line="more.jsonl: 2 examples, fine-tuning needs 50 or more; mend it (`lora-harness data check more.jsonl`), or train all the same with --anyway",
    ),
    training(
        "a case of the benchmark",
        json.dumps({"input": "Ana, Delta Freight (logistics)", "output": "Hi"}),
        words=TRAIN,
        line="more.jsonl: 2 examples, fine-tuning needs 50 or more; holds cases of benchmark openers (line 2: the input is benchmark case openers/logistics-1); mend it (`lora-harness data check more.jsonl`), or train all the same with --anyway",
    ),
    Row(
        "training: UTF-16",
        text("more.jsonl", GOOD.encode("utf-16")),
        FINGERPRINT,
        line="more.jsonl:1: is UTF-16, save it as UTF-8",
    ),
    Row(
        "training: nothing",
        text("more.jsonl", ""),
        FINGERPRINT,
        line="more.jsonl: holds no example, one per line is needed",
    ),
    Row(
        "training: a pipe",
        pipe("more.jsonl"),
        FINGERPRINT,
        line="more.jsonl: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "training: 10 GB in one line",
        endless("more.jsonl"),
        FINGERPRINT,
        line="more.jsonl: 10,000,000,000 bytes, at most 268,435,456 are read",
    ),
    Row(
        "training: 10 GB in one line to train on",
        endless("more.jsonl"),
        TRAIN,
        line="more.jsonl: 10,000,000,000 bytes, at most 268,435,456 are read",
    ),
    Row(
        "training: a device",
        nothing,
        ("data", "check", "/dev/zero"),
        line="/dev/zero: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "training: a folder",
        nothing,
        ("data", "check", "benchmarks"),
        line="benchmarks: is a folder, a file is needed",
    ),
    Row(
        "training: not there",
        nothing,
        ("data", "diff", "one.jsonl", "two.jsonl"),
        line="one.jsonl: no such file, a file is needed",
    ),
    Row(
        "training: a recipe that is none",
        text("r.toml", "rank = 0\n"),
        (*TRAIN, "--recipe", "r.toml"),
        line="r.toml:1: `rank` is 0, allowed are 1 to 1024",
    ),
    Row(
        "training: a recipe with an unknown key",
        text("r.toml", "rnak = 8\n"),
        (*TRAIN, "--recipe", "r.toml"),
        line="r.toml:1: unknown key `rnak`, did you mean `rank`?",
    ),
    Row(
        "training: a recipe with a rate of nan",
        text("r.toml", "learning_rate = nan\n"),
        (*TRAIN, "--recipe", "r.toml"),
        line="r.toml:1: `learning_rate` is nan, allowed are 1e-08 to 10",
    ),
    Row(
        "training: a recipe that is no TOML",
        text("r.toml", "rank : 8\n"),
        (*TRAIN, "--recipe", "r.toml"),
        line="r.toml:1: is not TOML (Expected '=' after a key in a key/value pair (at line 1, column 6))",
    ),
    Row(
        "training: a recipe that is a pipe",
        pipe("r.toml"),
        (*TRAIN, "--recipe", "r.toml"),
        line="r.toml: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "training: a rate of nan",
        text("more.jsonl", GOOD),
        (*TRAIN, "--learning-rate", "nan"),
        line="--learning-rate is nan, a finite number is needed",
    ),
    Row(
        "training: targets that are a pattern",
        text("more.jsonl", (GOOD + "\n") * 60),
        (*TRAIN, "--anyway", "--targets", "(a+)+$"),
        line="--targets has '(a+)+$', which is no module name; all-linear is allowed, or names with commas",
    ),
    Row(
        "training: a rank of 200,000,000",
        nothing,
        (*TRAIN, "--rank", "200000000"),
        line="Invalid value for '--rank': 200000000 is not in the range 1<=x<=1024. (see --help)",
    ),
    recorded(
        "an unknown key",
        '{"case": "a", "output": "x", "nll": 1}',
        line="HERE/recorded/good/openers.jsonl:9: unknown key `nll`, known are case, output, ideal_nll, sample",
    ),
    recorded(
        "a case twice",
        '{"case": "health-1", "output": "x"}',
        line="HERE/recorded/good/openers.jsonl:9: case 'health-1' stands twice, once is allowed",
    ),
    recorded(
        "an output that is a number",
        '{"case": "a", "output": 7}',
        line='HERE/recorded/good/openers.jsonl:9: needs {"case": "...", "output": "..."}',
    ),
    recorded(
        "no output",
        '{"case": "a"}',
        line='HERE/recorded/good/openers.jsonl:9: needs {"case": "...", "output": "..."}',
    ),
    recorded(
        "a sample that is true",
        '{"case": "a", "output": "x", "sample": true}',
        line='HERE/recorded/good/openers.jsonl:9: needs {"case": "...", "output": "..."}',
    ),
    recorded(
        "an NLL of NaN",
        '{"case": "a", "output": "x", "ideal_nll": NaN}',
        line="HERE/recorded/good/openers.jsonl:9: NaN is not a number that JSON knows",
    ),
    recorded(
        "an NLL of 1e999",
        '{"case": "a", "output": "x", "ideal_nll": 1e999}',
        line="HERE/recorded/good/openers.jsonl:9: the number 1e999 is too large",
    ),
    recorded(
        "a negative NLL",
        '{"case": "a", "output": "x", "ideal_nll": -1}',
        line="HERE/recorded/good/openers.jsonl:9: `ideal_nll` must be a number of at least 0 per ideal",
    ),
    recorded(
        "an NLL that is a text",
        '{"case": "a", "output": "x", "ideal_nll": "0.2"}',
        line="HERE/recorded/good/openers.jsonl:9: `ideal_nll` must be a number of at least 0 per ideal",
    ),
    recorded(
        "an NLL that is true",
        '{"case": "a", "output": "x", "ideal_nll": true}',
        line="HERE/recorded/good/openers.jsonl:9: `ideal_nll` must be a number of at least 0 per ideal",
    ),
    recorded(
        "half of a surrogate pair",
        r'{"case": "a", "output": "\ud83d"}',
        line="HERE/recorded/good/openers.jsonl:9: holds half of a surrogate pair, which is no text",
    ),
    recorded(
        "a key that stands twice",
        '{"case": "a", "case": "b", "output": "x"}',
        line="HERE/recorded/good/openers.jsonl:9: key 'case' stands twice, once is allowed",
    ),
    recorded(
        "100,000 levels",
        "[" * 100_000,
        line="HERE/recorded/good/openers.jsonl:9: is nested deeper than 64 levels",
    ),
    Row(
        "recorded: 24 of 25 cases",
        lambda p: p.write("recorded/good/openers.jsonl", '{"case": "health-1", "output": "x"}\n'),
        EVALUATE,
        line='HERE/recorded/good/openers.jsonl: no output for 7 cases ("logistics-1", "logistics-2", "logistics-3", "logistics-4", "health-2")',
    ),
    Row(
        "recorded: two likelihoods for one ideal",
        lambda p: p.write_lines(
            "recorded/good/openers.jsonl",
            [
                json.loads(line) | {"ideal_nll": [0.1, 0.2]}
                for line in (p.folder / "recorded/good/openers.jsonl").read_text().splitlines()
            ],
        ),
        EVALUATE,
        line="HERE/recorded/good/openers.jsonl: case 'logistics-1' has 1 ideals but 2 `ideal_nll`",
    ),
    Row(
        "recorded: a pipe",
        lambda p: (
            (p.folder / "recorded/good/openers.jsonl").unlink(),
            os.mkfifo(p.folder / "recorded/good/openers.jsonl"),
        ),
        EVALUATE,
        line="HERE/recorded/good/openers.jsonl: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "recorded: 10 GB in one line",
        endless("recorded/good/openers.jsonl"),
        EVALUATE,
        line="HERE/recorded/good/openers.jsonl: 10,000,000,000 bytes, at most 67,108,864 are read",
    ),
    Row(
        "recorded: a link out",
        lambda p: (
            (p.folder / "recorded/good/openers.jsonl").unlink(),
            (p.folder / "recorded/good/openers.jsonl").symlink_to("/etc/passwd"),
        ),
        EVALUATE,
        line="HERE/recorded/good/openers.jsonl: is a link that leads out of HERE/recorded, put the files themselves there",
    ),
    Row(
        "recorded: nobody of that name",
        nothing,
        ("evaluate", "nobody"),
        line="HERE/recorded/nobody: no recorded outputs, one <benchmark>.jsonl is needed, did you mean `good`?",
    ),
    review(
        "the year 2099",
        at="2099-01-01T00:00:00Z",
        line="reviews.jsonl:1: `at` is '2099-01-01T00:00:00Z', allowed is 2000 to now (and a day)",
    ),
    review(
        "the year 1970",
        at="1970-01-01T00:00:00Z",
        line="reviews.jsonl:1: `at` is '1970-01-01T00:00:00Z', allowed is 2000 to now (and a day)",
    ),
    review(
        "a time that is none",
        at="yesterday",
        line="reviews.jsonl:1: `at` is 'yesterday', a time is written such as 2026-11-20T09:12:00Z",
    ),
    review(
        "a time without end",
        at="2026-01-05T10:00:00Z" * 1000,
        line="reviews.jsonl:1: `at` is '2026-01-05T10:00:00Z2026-01-05T10:00:00Z', a time is written such as 2026-11-20T09:12:00Z",
    ),
    review(
        "no time",
        at=None,
        line="reviews.jsonl:1: no column is understood as `at`, name it with --map at=COLUMN or --set at=VALUE (columns: id, task, adapter, input, output, final, decision)",
    ),
    review(
        "another adapter's review",
        adapter="nobody",
        line="reviews.jsonl:1: adapter 'nobody' is unknown, known are base, base+prompt",
    ),
    review(
        "an adapter that is a path",
        adapter="../../x",
        line="reviews.jsonl:1: adapter '../../x' is unknown, known are base, base+prompt",
    ),
    review(
        "a task that nobody has",
        task="openners",
        line="reviews.jsonl:1: no benchmark is for task 'openners', did you mean `openers`?",
    ),
    review(
        "a digest that is none",
        digest="abc",
        line="reviews.jsonl:1: `digest` is 'abc', 64 hexadecimal digits are needed",
    ),
    review(
        "a digest of another adapter",
        digest="0" * 64,
        line="reviews.jsonl:1: `digest` 000000000000… is of no base that is known here",
    ),
    review(
        "an empty output",
        output="",
        line="reviews.jsonl:1: `output` is empty, every review needs one",
    ),
    review(
        "an empty input",
        input=" ",
        line="reviews.jsonl:1: `input` is empty, every review needs one",
    ),
    review(
        "a decision that is none",
        decision="perhaps",
        line="reviews.jsonl:1: `decision` is 'perhaps', allowed are accepted, edited, rejected",
    ),
    review(
        "edited without a final",
        final="",
        line="reviews.jsonl:1: edited, but there is no final: what was sent is needed",
    ),
    review(
        "rejected with a final",
        decision="rejected",
        line="reviews.jsonl:1: rejected, but there is a final: rejected is what was never sent",
    ),
    review(
        "accepted with another final",
        decision="accepted",
        line="reviews.jsonl:1: accepted, but the final differs from the output: that is edited",
    ),
    review(
        "an id of 201 letters",
        id="x" * 201,
        line="reviews.jsonl:1: `id` has control characters or more than 200 characters",
    ),
    review(
        "an id with a line feed",
        id="a\nb",
        line="reviews.jsonl:1: `id` has control characters or more than 200 characters",
    ),
    review(
        "a reviewer with a bell",
        reviewer="a\x07b",
        line="reviews.jsonl:1: `reviewer` has control characters or more than 200 characters",
    ),
    review(
        "a list where a text should be",
        output=["x"],
        line="reviews.jsonl:1: `output` is a list, a text is needed",
    ),
    review(
        "a slice with a list",
        slices={"industry": ["x"]},
        line="reviews.jsonl:1: `slices.industry` is a list, a text is needed",
    ),
    review(
        "slices that are a list",
        slices=["x"],
        line='reviews.jsonl:1: `slices` is a list, {"industry": "logistics"} is one',
    ),
    reviews("nothing", "", line="reviews.csv:1: has no head, the first line names the columns"),
    reviews(
        "no column for the time",
        "id,task,adapter,input,output,final\nr1,openers,base,x,y,y\n",
        line="reviews.csv:1: no column is understood as `at`, name it with --map at=COLUMN or --set at=VALUE (columns: id, task, adapter, input, output, final)",
    ),
    reviews(
        "a field over 128 KB",
        "id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,base,f,"
        + "y" * 140_000
        + ",z\n",
        line="reviews.csv:2: a field of more than 131,072 characters, is a quote left open?",
    ),
    reviews(
        "a NUL",
        "id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,base,f,y\0,z\n",
        line="reviews.csv:2: `output` holds a NUL character, texts have none",
    ),
    reviews(
        "a stray quote",
        'id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,base,f,"y"z,z\n',
        line="reviews.csv:2: is not CSV (',' expected after '\"'), correct the quotes",
    ),
    reviews(
        "a quote that never ends",
        'id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,base,f,"y\n',
        line="reviews.csv:2: is not CSV (unexpected end of data), correct the quotes",
    ),
    reviews(
        "a row that is too short",
        "id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,good,x\n",
        line="reviews.csv:2: has 5 fields, the head has 7",
    ),
    reviews(
        "a column twice",
        "id,at,task,adapter,input,output,final,Output\n",
        line="reviews.csv:1: column `Output` stands twice, rename or remove one",
    ),
    reviews(
        "2,000 columns",
        ",".join(f"c{n}" for n in range(2000)) + "\n",
        line="reviews.csv:1: has 2,000 columns, at most 1,000 are read",
    ),
    reviews(
        "half of a surrogate pair in UTF-16",
        "id,at\n".encode("utf-16") + b"\x00\xd8x\x00",
        line="reviews.csv:2: is not UTF-16 throughout, save it as UTF-8, or name its encoding with --encoding",
    ),
    reviews(
        "UTF-32", "id,at\n".encode("utf-32"), line="reviews.csv:1: is UTF-32, save it as UTF-8"
    ),
    reviews(
        "bytes that Windows-1252 has no letter for",
        b"id,at\n\x81,\n",
        line="reviews.csv:2: is neither UTF-8 nor Windows-1252, save it as UTF-8, or name its encoding with --encoding",
    ),
    reviews(
        "Cyrillic of another code page",
        "id,input\n1,Здравствуйте\n".encode("cp1251"),
        line="reviews.csv:2: is neither UTF-8 nor Windows-1252, save it as UTF-8, or name its encoding with --encoding",
    ),
    reviews(
        "days and months that cannot be told apart",
        "id,at,task,adapter,input,output,final\nr1,03/04/2026,openers,base,f,y,z\n",
        line="reviews.csv:1: dates such as 03/04/2026 on line 2 may be day/month/year or month/day/year, add --dates dmy or --dates mdy",
    ),
    reviews(
        "days and months that contradict each other",
        "id,at,task,adapter,input,output,final\nr1,25/04/2026,openers,base,f,y,z\nr2,04/25/2026,openers,base,f,y,z\n",
        line="reviews.csv:1: dates contradict each other: line 3 has 04/25/2026, line 2 has 25/04/2026; --dates dmy or --dates mdy says which is right",
    ),
    reviews(
        "a day that is in no calendar",
        "id,at,task,adapter,input,output,final\nr1,31.02.2026,openers,base,f,y,z\n",
        line="reviews.csv:2: `at` is '31.02.2026', a time is written such as 2026-11-20T09:12:00Z",
    ),
    reviews(
        "two columns that may be the output",
        "id,at,task,adapter,input,AI draft,Generated text,final\n",
        line='reviews.csv:1: 2 columns may be `output`, choose one with --map output=COLUMN, in this file: --map "output=AI draft" or --map "output=Generated text" (columns: id, at, task, adapter, input, AI draft, Generated text, final)',
    ),
    reviews(
        "the same id with other content",
        "id,at,task,adapter,input,output,final\nr1,2026-01-05,openers,base,f,y,z\nr1,2026-01-05,openers,base,f,y,q\n",
        line="reviews.csv:3: `id` 'r1' stands already on line 2 and says something else there",
    ),
    reviews(
        "a kind that nobody knows",
        "x",
        file="reviews.ods",
        line="reviews.ods: is no table that is understood, known are .csv, .tsv, .txt, .jsonl, .json, .xlsx, .parquet, save it as XLSX",
    ),
    reviews(
        "no suffix",
        "x",
        file="reviews",
        line="reviews: is no table that is understood, known are .csv, .tsv, .txt, .jsonl, .json, .xlsx, .parquet",
    ),
    reviews(
        "a spreadsheet that is none",
        "x",
        file="reviews.xlsx",
        line="reviews.xlsx: is no spreadsheet (File is not a zip file), save it as CSV",
    ),
    reviews(
        "a line that is no object",
        "[1]\n",
        file="reviews.jsonl",
        line="reviews.jsonl:1: is not an object, each line needs one like {...}",
    ),
    reviews(
        "100,000 levels",
        "[" * 100_000 + "\n",
        file="reviews.jsonl",
        line="reviews.jsonl:1: is nested deeper than 64 levels",
    ),
    reviews(
        "NaN",
        '{"id": NaN}\n',
        file="reviews.jsonl",
        line="reviews.jsonl:1: NaN is not a number that JSON knows",
    ),
    Row(
        "reviews: a pipe",
        pipe("reviews.csv"),
        ("reviews", "import", "reviews.csv"),
        line="reviews.csv: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "reviews: 10 GB in one line",
        endless("reviews.csv"),
        ("reviews", "import", "reviews.csv"),
        line="reviews.csv:1: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    Row(
        "reviews: a map that nobody has",
        text("reviews.jsonl", json.dumps(REVIEW)),
        (*REVIEWS, "--map", "final=sent"),
        line="--map final=sent: no such column, known are adapter, at, decision, final, id, input, output, task",
    ),
    Row(
        "reviews: a map that is none",
        text("reviews.jsonl", json.dumps(REVIEW)),
        (*REVIEWS, "--map", "final"),
        line="--map final: must look like FIELD=COLUMN, did you mean `final`?",
    ),
    Row(
        "reviews: a map of a field that is none",
        text("reviews.jsonl", json.dumps(REVIEW)),
        (*REVIEWS, "--map", "finale=x"),
        line="--map finale=x: must look like FIELD=COLUMN, did you mean `final`?",
    ),
    Row(
        "reviews: remembered columns that are damaged",
        lambda p: (
            text("reviews.jsonl", json.dumps(REVIEW))(p),
            text("reports/columns.json", "{")(p),
        ),
        REVIEWS,
        line="HERE/reports/columns.json:1: is not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    Row(
        "reviews: remembered columns of numbers",
        lambda p: (
            text("reviews.jsonl", json.dumps(REVIEW))(p),
            text("reports/columns.json", '{"reviews": {"final": 7}}')(p),
        ),
        REVIEWS,
        line="HERE/reports/columns.json:1: `reviews` is no table of texts, use --forget-map",
    ),
    Row(
        "reviews: a day that is none",
        nothing,
        ("reviews", "rates", "--since", "yesterday"),
        line="--since yesterday: is no day, write it as 2026-11-20",
    ),
    Row(
        "reviews: a day in the year 99999",
        nothing,
        ("monitor", "--since", "99999-01-01"),
        line="--since 99999-01-01: is no day, write it like 2026-11-20",
    ),
    imported(
        "no column for the input",
        "id,ideal\na,b\n",
        line="cases.csv:1: no column is understood as `input`, name it with --map input=COLUMN (columns: id, ideal)",
    ),
    imported(
        "an empty input",
        "id,input,ideal\na,,c\n",
        line="cases.csv:2: `input` is empty, a text is needed; nothing was written",
    ),
    imported(
        "an empty ideal",
        "id,input,ideal\na,b,\n",
        line="cases.csv:2: `ideal` is empty, one text at least is needed; nothing was written",
    ),
    imported(
        "ids that stand twice",
        "id,input,ideal\na,b,c\na,d,e\n",
        line="cases.csv:3: id 'a' stands already at cases.csv:2; nothing was written",
    ),
    imported(
        "ids equal after case folding",
        "id,input,ideal\na,b,c\nA,d,e\n",
        line="cases.csv:3: id 'A' stands already at cases.csv:2; nothing was written",
    ),
    imported(
        "critical as a word that is none",
        "id,input,ideal,critical\na,b,c,perhaps\n",
        line="cases.csv:2: `critical` is 'perhaps', allowed are true and false; nothing was written",
    ),
    imported(
        "checks that are no JSON",
        "id,input,ideal,checks\na,b,c,{max_words}\n",
        line='cases.csv:2: `checks`: is not JSON (Expecting property name enclosed in double quotes at column 2), {"max_words": 20} is an example; nothing was written',
    ),
    imported(
        "checks nested 100,000 times",
        "id,input,ideal,checks\na,b,c," + "[" * 100_000 + "\n",
        line='cases.csv:2: `checks`: is nested deeper than 64 levels, {"max_words": 20} is an example; nothing was written',
    ),
    imported(
        "checks with a key twice",
        'id,input,ideal,checks\na,b,c,"{""max_words"": 3, ""max_words"": 4}"\n',
        line="cases.csv:2: `checks`: key 'max_words' stands twice, once is allowed, {\"max_words\": 20} is an example; nothing was written",
    ),
    imported(
        "checks with NaN",
        'id,input,ideal,checks\na,b,c,"{""max_words"": NaN}"\n',
        line='cases.csv:2: `checks`: NaN is not a number that JSON knows, {"max_words": 20} is an example; nothing was written',
    ),
    imported(
        "checks with a number of 5,000 digits",
        'id,input,ideal,checks\na,b,c,"{""max_words"": ' + "9" * 5000 + '}"\n',
        line='cases.csv:2: `checks`: a number of 5000 digits, at most 40 are read, {"max_words": 20} is an example; nothing was written',
    ),
    imported(
        "slices that are no JSON",
        "id,input,ideal,slices\na,b,c,{x}\n",
        line="cases.csv:2: `slices`: is not JSON (Expecting property name enclosed in double quotes at column 2); nothing was written",
    ),
    imported(
        "a catastrophic pattern unrolled",
        'id,input,ideal,checks\na,b,c,"{""matches"": ""(a{999}){999}""}"\n',
        line="cases.csv:2 checks: check matches: pattern '(a{999}){999}' cannot be used: its repeat counts multiply to more than 10000; nothing was written",
    ),
    imported("nothing", "", line="cases.csv:1: has no head, the first line names the columns"),
    imported(
        "a head alone",
        "id,input,ideal\n",
        line="cases.csv: holds no row, at least one case is needed",
    ),
    imported(
        "a name that is a path",
        "id,input,ideal\na,b,c\n",
        words=("benchmark", "import", "cases.csv", "--name", "../x"),
        line="--name '../x' is not a name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them",
    ),
    imported(
        "a name that is there",
        "id,input,ideal\na,b,c\n",
        words=("benchmark", "import", "cases.csv", "--name", "openers"),
        line="HERE/benchmarks/openers: is there already, --replace puts these cases in place",
    ),
    Row(
        "import: a zip bomb",
        bomb,
        ("benchmark", "import", "cases.xlsx", "--name", "fresh"),
        line="cases.xlsx: unpacks to 73,400,320 bytes (73,400,320 of them beside the sheets), at most 2,147,483,648 (67,108,864) are read, save it as CSV",
    ),
    Row(
        "import: 10 GB in one line",
        endless("cases.csv"),
        IMPORT,
        line="cases.csv:1: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    Row(
        "import: a spreadsheet that is a pipe",
        pipe("cases.xlsx"),
        ("benchmark", "import", "cases.xlsx", "--name", "fresh"),
        line="cases.xlsx: is not a regular file (a pipe or device), a file is needed",
    ),
    history(
        "no kind", '{"record": {}}\n', line="history.jsonl:1: is no line of an exported history"
    ),
    history(
        "another kind",
        '{"kind": "run2", "record": {}}\n',
        line="history.jsonl:1: is no line of an exported history",
    ),
    history(
        "a run without fields",
        '{"kind": "run", "key": "k", "record": {}}\n',
        line="history.jsonl:1: is no run (its fields: id, adapter, benchmark, task, fingerprint, results, complete, digests, origin, started, seconds)",
    ),
    history(
        "a run that is a list",
        '{"kind": "run", "key": "k", "record": []}\n',
        line="history.jsonl:1: is no run (its fields: id, adapter, benchmark, task, fingerprint, results, complete, digests, origin, started, seconds)",
    ),
    history(
        "a verdict that is a number",
        '{"kind": "verdict", "run": "r", "digest": "d", "made": "m", "record": 7}\n',
        line="history.jsonl:1: is no verdict (its fields: outcome, task, benchmark, fingerprint, candidate, promoted, pinned, n, reasons, metrics, slices, broken, fixed, reworded, advice, certifiable_margin, identical, break_bound, candidates_judged, alpha, policy, rules, notes, runs, guards, worth, forgetting, samples, left_out, rule, margin_used, margins, can_break, own_cases, reserve, finals, bar_moved, luck, bar_commit, bar_differs)",
    ),
    history(
        "a verdict for nobody's run",
        '{"kind": "verdict", "run": "r", "digest": "d", "made": "m", "record": {}}\n',
        line="history.jsonl:1: is no verdict (its fields: outcome, task, benchmark, fingerprint, candidate, promoted, pinned, n, reasons, metrics, slices, broken, fixed, reworded, advice, certifiable_margin, identical, break_bound, candidates_judged, alpha, policy, rules, notes, runs, guards, worth, forgetting, samples, left_out, rule, margin_used, margins, can_break, own_cases, reserve, finals, bar_moved, luck, bar_commit, bar_differs)",
    ),
    history(
        "a review without fields",
        '{"kind": "review", "record": {"id": 1}}\n',
        line="history.jsonl:1: is no review (its fields: id, at, task, adapter, digest, input, output, decision, final, reviewer, reason, slices, edit_rate, character_rate, source, seq, turns, system, context, seconds)",
    ),
    history(
        "a decision without its hash",
        decision(),
        line="history.jsonl:1: decision 0 (promote good) does not follow from this store's ledger, import it into a new store",
    ),
    history(
        "a decision with a wrong hash",
        decision(hash="0" * 64),
        line="history.jsonl:1: decision 0 (promote good) does not follow from this store's ledger, import it into a new store",
    ),
    history(
        "a decision of another kind",
        decision(kind="destroy"),
        line="history.jsonl:1: is no decision (its fields: kind, task, adapter, digest, by, why, at, verdict, case, override, base, benchmark, fingerprint, policy, rests_on, seq, prev, hash, signature)",
    ),
    history(
        "a kind that is a list",
        '{"kind": ["run"], "record": {}}\n',
        line="history.jsonl:1: is no line of an exported history",
    ),
    history(
        "100,000 levels",
        '{"kind": "run", "record": ' + "[" * 100_000 + "\n",
        line="history.jsonl:1: is nested deeper than 64 levels",
    ),
    history(
        "63 levels in a record",
        '{"kind": "run", "key": "k", "record": {"id": ' + "[" * 60 + "]" * 60 + "}}\n",
        line="history.jsonl:1: is no run (its fields: id, adapter, benchmark, task, fingerprint, results, complete, digests, origin, started, seconds)",
    ),
    history(
        "a key that stands twice",
        '{"kind": "run", "kind": "review", "record": {}}\n',
        line="history.jsonl:1: key 'kind' stands twice, once is allowed",
    ),
    history(
        "no JSON", "kind=run\n", line="history.jsonl:1: is not JSON (Expecting value at column 1)"
    ),
    history(
        "half a line",
        '{"kind": "decision", "record"',
        line="history.jsonl:1: is not JSON (Expecting ':' delimiter at column 30)",
    ),
    Row(
        "history: UTF-16",
        text("history.jsonl", "{}".encode("utf-16")),
        HISTORY,
        line="history.jsonl:1: is UTF-16, save it as UTF-8",
    ),
    Row(
        "history: a pipe",
        pipe("history.jsonl"),
        HISTORY,
        line="history.jsonl: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "history: 10 GB in one line",
        endless("history.jsonl"),
        HISTORY,
        line="history.jsonl:1: a line of more than 4,194,304 bytes, shorter ones are read",
    ),
    Row(
        "history: the shipped one is damaged",
        text("reports/history.jsonl", "{"),
        ("status",),
        line="HERE/reports/history.jsonl:1: is not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    Row(
        "history: the shipped one is a pipe",
        lambda p: (
            (p.folder / "reports").mkdir(exist_ok=True),
            os.mkfifo(p.folder / "reports/history.jsonl"),
        ),
        ("status",),
        line="HERE/reports/history.jsonl: is not a regular file (a pipe or device), a file is needed",
    ),
    Row(
        "history: a run that nobody made",
        nothing,
        ("history", "recompute", "'; DROP TABLE runs; --"),
        line="'; DROP TABLE runs; --: no verdict rests on such a run",
    ),
    Row(
        "history: a file that is a folder",
        nothing,
        ("history", "export", "benchmarks"),
        line="benchmarks: cannot be written (Is a directory)",
    ),
    Row(
        "history: a file in a folder that is a file",
        nothing,
        ("history", "export", "pyproject.toml/x"),
        line="pyproject.toml/x: cannot be written (Not a directory)",
    ),
]
