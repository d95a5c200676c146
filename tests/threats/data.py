"""Tables that people bring: training data, recorded outputs, reviews, benchmarks to import, history."""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

from tests.fakes.project import TinyProject
from tests.threats.row import Row, nothing, text

GOOD = json.dumps({"input": "Ana", "output": "Hi Ana"})
REVIEW = {
    "id": "r1", "at": "2026-01-05T10:00:00Z", "task": "openers", "adapter": "good",
    "input": "Ana", "output": "Hi Ana", "final": "Hello Ana", "decision": "edited",
}  # fmt: skip
FINGERPRINT = ("data", "fingerprint", "more.jsonl")
TRAIN = ("train", "v9", "--data", "more.jsonl")
REVIEWS = ("reviews", "import", "reviews.jsonl")
IMPORT = ("benchmark", "import", "cases.csv", "--name", "fresh")
HISTORY = ("history", "import", "history.jsonl")
EVALUATE = ("evaluate", "good", "--benchmark", "openers")


def training(name: str, line: str | bytes, said: str = "", words: Any = FINGERPRINT) -> Row:
    raw = line if isinstance(line, bytes) else line.encode()
    return Row(f"training: {name}", text("more.jsonl", GOOD.encode() + b"\n" + raw + b"\n"), words, said)


def recorded(name: str, line: str, said: str = "", **more: Any) -> Row:
    def make(project: TinyProject) -> None:
        file = project.folder / "recorded/good/openers.jsonl"
        file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")

    return Row(f"recorded: {name}", make, EVALUATE, said, **more)


def review(name: str, said: str = "", **changed: Any) -> Row:
    made = {k: v for k, v in (REVIEW | changed).items() if v is not None}
    return Row(f"reviews: {name}", text("reviews.jsonl", json.dumps(made) + "\n"), REVIEWS, said)


def reviews(name: str, content: str | bytes, said: str = "", file: str = "reviews.csv") -> Row:
    return Row(f"reviews: {name}", text(file, content), ("reviews", "import", file), said)


def imported(name: str, content: str | bytes, said: str = "", words: Any = IMPORT) -> Row:
    return Row(f"import: {name}", text("cases.csv", content), words, said)


def history(name: str, content: str, said: str = "", **more: Any) -> Row:
    return Row(f"history: {name}", text("history.jsonl", content), HISTORY, said, **more)


def pipe(name: str) -> Any:
    return lambda project: os.mkfifo(project.folder / name)


def endless(name: str) -> Any:
    def make(project: TinyProject) -> None:
        with (project.folder / name).open("wb") as file:
            file.truncate(10_000_000_000)

    return make


def bomb(project: TinyProject) -> None:
    """3 GB of zeros in 3 MB."""
    with zipfile.ZipFile(project.folder / "cases.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        with book.open("xl/sharedStrings.xml", "w") as part:
            for _ in range(70):
                part.write(bytes(1024 * 1024))


def decision(**changed: Any) -> str:
    record = {"kind": "promote", "task": "openers", "adapter": "good", "digest": "d", "by": "b",
              "why": "w", "at": "2026-01-01T00:00:00Z"} | changed  # fmt: skip
    return json.dumps({"kind": "decision", "record": record}) + "\n"


ROWS = [
    training("NaN", '{"input": "x", "output": NaN}'),
    training("a key that stands twice", '{"input": "x", "input": "y", "output": "z"}'),
    training("100,000 levels", "[" * 100_000),
    training("a 5,000-digit integer", '{"input": ' + "1" * 5000 + "}"),
    training("half of a surrogate pair", r'{"input": "\udc00", "output": "z"}'),
    training("a NUL", b'{"input": "x\0", "output": "z"}'),
    training("Latin-1", '{"input": "é"}'.encode("latin-1")),
    training("an empty input", '{"input": "", "output": "z"}', words=TRAIN),
    training("a blank output", '{"input": "x", "output": " "}', words=TRAIN),
    training("an output that is a list", '{"input": "x", "output": ["z"]}', words=TRAIN),
    training("an unknown key", '{"input": "x", "output": "z", "otput": "q"}', words=TRAIN),
    training("no object", "7", words=TRAIN),
    training("a line of 5 MB", '{"input": "' + "x" * 5_000_000 + '"}'),
    training("a line of 5 MB to train on", '{"input": "' + "x" * 5_000_000 + '"}', words=TRAIN),
    training("two examples only", GOOD, words=TRAIN),
    training("a case of the benchmark", json.dumps({"input": "Ana, Delta Freight (logistics)", "output": "Hi"}), words=TRAIN),
    Row("training: UTF-16", text("more.jsonl", GOOD.encode("utf-16")), FINGERPRINT, ""),
    Row("training: nothing", text("more.jsonl", ""), FINGERPRINT, ""),
    Row("training: a pipe", pipe("more.jsonl"), FINGERPRINT, ""),
    Row("training: 10 GB in one line", endless("more.jsonl"), FINGERPRINT, ""),
    Row("training: 10 GB in one line to train on", endless("more.jsonl"), TRAIN, ""),
    Row("training: a device", nothing, ("data", "check", "/dev/zero"), ""),
    Row("training: a folder", nothing, ("data", "check", "benchmarks"), ""),
    Row("training: not there", nothing, ("data", "diff", "one.jsonl", "two.jsonl"), ""),
    Row("training: a recipe that is none", text("r.toml", "rank = 0\n"), (*TRAIN, "--recipe", "r.toml"), ""),
    Row("training: a recipe with an unknown key", text("r.toml", "rnak = 8\n"), (*TRAIN, "--recipe", "r.toml"), ""),
    Row("training: a recipe with a rate of nan", text("r.toml", "learning_rate = nan\n"), (*TRAIN, "--recipe", "r.toml"), ""),
    Row("training: a recipe that is no TOML", text("r.toml", "rank : 8\n"), (*TRAIN, "--recipe", "r.toml"), ""),
    Row("training: a recipe that is a pipe", pipe("r.toml"), (*TRAIN, "--recipe", "r.toml"), ""),
    Row("training: a rate of nan", text("more.jsonl", GOOD), (*TRAIN, "--learning-rate", "nan"), ""),
    Row("training: targets that are a pattern", text("more.jsonl", (GOOD + "\n") * 60), (*TRAIN, "--anyway", "--targets", "(a+)+$"), ""),
    Row("training: a rank of 200,000,000", nothing, (*TRAIN, "--rank", "200000000"), ""),

    recorded("an unknown key", '{"case": "a", "output": "x", "nll": 1}'),
    recorded("a case twice", '{"case": "health-1", "output": "x"}'),
    recorded("an output that is a number", '{"case": "a", "output": 7}'),
    recorded("no output", '{"case": "a"}'),
    recorded("a sample that is true", '{"case": "a", "output": "x", "sample": true}'),
    recorded("an NLL of NaN", '{"case": "a", "output": "x", "ideal_nll": NaN}'),
    recorded("an NLL of 1e999", '{"case": "a", "output": "x", "ideal_nll": 1e999}'),
    recorded("a negative NLL", '{"case": "a", "output": "x", "ideal_nll": -1}'),
    recorded("an NLL that is a text", '{"case": "a", "output": "x", "ideal_nll": "0.2"}'),
    recorded("an NLL that is true", '{"case": "a", "output": "x", "ideal_nll": true}'),
    recorded("half of a surrogate pair", r'{"case": "a", "output": "\ud83d"}'),
    recorded("a key that stands twice", '{"case": "a", "case": "b", "output": "x"}'),
    recorded("100,000 levels", "[" * 100_000),
    Row("recorded: 24 of 25 cases", lambda p: p.write("recorded/good/openers.jsonl", '{"case": "health-1", "output": "x"}\n'), EVALUATE, ""),
    Row("recorded: two likelihoods for one ideal", lambda p: p.write_lines("recorded/good/openers.jsonl", [
        json.loads(line) | {"ideal_nll": [0.1, 0.2]} for line in (p.folder / "recorded/good/openers.jsonl").read_text().splitlines()]), EVALUATE, ""),
    Row("recorded: a pipe", lambda p: ((p.folder / "recorded/good/openers.jsonl").unlink(), os.mkfifo(p.folder / "recorded/good/openers.jsonl")), EVALUATE, ""),
    Row("recorded: 10 GB in one line", endless("recorded/good/openers.jsonl"), EVALUATE, ""),
    Row("recorded: a link out", lambda p: ((p.folder / "recorded/good/openers.jsonl").unlink(), (p.folder / "recorded/good/openers.jsonl").symlink_to("/etc/passwd")), EVALUATE, ""),
    Row("recorded: nobody of that name", nothing, ("evaluate", "nobody"), ""),

    review("the year 2099", at="2099-01-01T00:00:00Z"),
    review("the year 1970", at="1970-01-01T00:00:00Z"),
    review("a time that is none", at="yesterday"),
    review("a time without end", at="2026-01-05T10:00:00Z" * 1000),
    review("no time", at=None),
    review("another adapter's review", adapter="nobody"),
    review("an adapter that is a path", adapter="../../x"),
    review("a task that nobody has", task="openners"),
    review("a digest that is none", digest="abc"),
    review("a digest of another adapter", digest="0" * 64),
    review("an empty output", output=""),
    review("an empty input", input=" "),
    review("a decision that is none", decision="perhaps"),
    review("edited without a final", final=""),
    review("rejected with a final", decision="rejected"),
    review("accepted with another final", decision="accepted"),
    review("an id of 201 letters", id="x" * 201),
    review("an id with a line feed", id="a\nb"),
    review("a reviewer with a bell", reviewer="a\x07b"),
    review("a list where a text should be", output=["x"]),
    review("a slice with a list", slices={"industry": ["x"]}),
    review("slices that are a list", slices=["x"]),
    reviews("a head alone", "id,at,task,adapter,input,output\n"),
    reviews("nothing", ""),
    reviews("no column for the time", "id,task,adapter,input,output\nr1,openers,good,x,y\n"),
    reviews("a field over 128 KB", "id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x," + "y" * 140_000 + "\n"),
    reviews("a NUL", "id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x,y\0\n"),
    reviews("a stray quote", 'id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x,"y"z\n'),
    reviews("a quote that never ends", 'id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x,"y\n'),
    reviews("a row that is too short", "id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x\n"),
    reviews("a column twice", "id,at,task,adapter,input,output,Output\n"),
    reviews("2,000 columns", ",".join(f"c{n}" for n in range(2000)) + "\n"),
    reviews("UTF-16", "id,at\n".encode("utf-16")),
    reviews("the same id with other content", "id,at,task,adapter,input,output\nr1,2026-01-05,openers,good,x,y\nr1,2026-01-05,openers,good,x,z\n"),
    reviews("a kind that nobody knows", "x", file="reviews.parquet"),
    reviews("no suffix", "x", file="reviews"),
    reviews("a spreadsheet that is none", "x", file="reviews.xlsx"),
    reviews("a line that is no object", "[1]\n", file="reviews.jsonl"),
    reviews("100,000 levels", "[" * 100_000 + "\n", file="reviews.jsonl"),
    reviews("NaN", '{"id": NaN}\n', file="reviews.jsonl"),
    Row("reviews: a pipe", pipe("reviews.csv"), ("reviews", "import", "reviews.csv"), ""),
    Row("reviews: 10 GB in one line", endless("reviews.csv"), ("reviews", "import", "reviews.csv"), ""),
    Row("reviews: a map that nobody has", text("reviews.jsonl", json.dumps(REVIEW)), (*REVIEWS, "--map", "final=sent"), ""),
    Row("reviews: a map that is none", text("reviews.jsonl", json.dumps(REVIEW)), (*REVIEWS, "--map", "final"), ""),
    Row("reviews: a map of a field that is none", text("reviews.jsonl", json.dumps(REVIEW)), (*REVIEWS, "--map", "finale=x"), ""),
    Row("reviews: remembered columns that are damaged", lambda p: (text("reviews.jsonl", json.dumps(REVIEW))(p), text("reports/columns.json", "{")(p)), REVIEWS, ""),
    Row("reviews: remembered columns of numbers", lambda p: (text("reviews.jsonl", json.dumps(REVIEW))(p), text("reports/columns.json", '{"reviews": {"final": 7}}')(p)), REVIEWS, ""),
    Row("reviews: a day that is none", nothing, ("reviews", "rates", "--since", "yesterday"), ""),
    Row("reviews: a day in the year 99999", nothing, ("monitor", "--since", "99999-01-01"), ""),

    imported("no column for the input", "id,ideal\na,b\n"),
    imported("an empty input", "id,input,ideal\na,,c\n"),
    imported("an empty ideal", "id,input,ideal\na,b,\n"),
    imported("ids that stand twice", "id,input,ideal\na,b,c\na,d,e\n"),
    imported("ids equal after case folding", "id,input,ideal\na,b,c\nA,d,e\n"),
    imported("critical as a word that is none", "id,input,ideal,critical\na,b,c,perhaps\n"),
    imported("checks that are no JSON", 'id,input,ideal,checks\na,b,c,{max_words}\n'),
    imported("checks nested 100,000 times", "id,input,ideal,checks\na,b,c," + "[" * 100_000 + "\n"),
    imported("checks with a key twice", 'id,input,ideal,checks\na,b,c,"{""max_words"": 3, ""max_words"": 4}"\n'),
    imported("checks with NaN", 'id,input,ideal,checks\na,b,c,"{""max_words"": NaN}"\n'),
    imported("checks with a number of 5,000 digits", 'id,input,ideal,checks\na,b,c,"{""max_words"": ' + "9" * 5000 + '}"\n'),
    imported("ideals nested 100,000 times", "id,input,ideal\na,b," + "[" * 100_000 + "\n"),
    imported("slices that are no JSON", "id,input,ideal,slices\na,b,c,{x}\n"),
    imported("a catastrophic pattern unrolled", 'id,input,ideal,checks\na,b,c,"{""matches"": ""(a{999}){999}""}"\n'),
    imported("nothing", ""),
    imported("a head alone", "id,input,ideal\n"),
    imported("a name that is a path", "id,input,ideal\na,b,c\n", words=("benchmark", "import", "cases.csv", "--name", "../x")),
    imported("a name that is there", "id,input,ideal\na,b,c\n", words=("benchmark", "import", "cases.csv", "--name", "openers")),
    imported("a separator that is empty", "id,input,ideal\na,b,c\n", words=(*IMPORT, "--separator", "")),
    Row("import: a zip bomb", bomb, ("benchmark", "import", "cases.xlsx", "--name", "fresh"), ""),
    Row("import: 10 GB in one line", endless("cases.csv"), IMPORT, ""),
    Row("import: a spreadsheet that is a pipe", pipe("cases.xlsx"), ("benchmark", "import", "cases.xlsx", "--name", "fresh"), ""),

    history("no kind", '{"record": {}}\n'),
    history("another kind", '{"kind": "run2", "record": {}}\n'),
    history("a run without fields", '{"kind": "run", "key": "k", "record": {}}\n'),
    history("a run that is a list", '{"kind": "run", "key": "k", "record": []}\n'),
    history("a verdict that is a number", '{"kind": "verdict", "run": "r", "digest": "d", "made": "m", "record": 7}\n'),
    history("a verdict for nobody's run", '{"kind": "verdict", "run": "r", "digest": "d", "made": "m", "record": {}}\n'),
    history("a review without fields", '{"kind": "review", "record": {"id": 1}}\n'),
    history("a decision without its hash", decision()),
    history("a decision with a wrong hash", decision(hash="0" * 64, before="")),
    history("a decision of another kind", decision(kind="destroy")),
    history("a kind that is a list", '{"kind": ["run"], "record": {}}\n'),
    history("100,000 levels", '{"kind": "run", "record": ' + "[" * 100_000 + "\n"),
    history("63 levels in a record", '{"kind": "run", "key": "k", "record": {"id": ' + "[" * 60 + "]" * 60 + "}}\n"),
    history("a key that stands twice", '{"kind": "run", "kind": "review", "record": {}}\n'),
    history("no JSON", "kind=run\n"),
    history("half a line", '{"kind": "decision", "record"'),
    Row("history: UTF-16", text("history.jsonl", "{}".encode("utf-16")), HISTORY, ""),
    Row("history: a pipe", pipe("history.jsonl"), HISTORY, ""),
    Row("history: 10 GB in one line", endless("history.jsonl"), HISTORY, ""),
    Row("history: the shipped one is damaged", text("reports/history.jsonl", "{"), ("status",), ""),
    Row("history: the shipped one is a pipe", lambda p: ((p.folder / "reports").mkdir(), os.mkfifo(p.folder / "reports/history.jsonl")), ("status",), ""),
    Row("history: a run that nobody made", nothing, ("history", "recompute", "'; DROP TABLE runs; --"), ""),
    Row("history: a file that is a folder", nothing, ("history", "export", "benchmarks"), ""),
    Row("history: a file in a folder that is a file", nothing, ("history", "export", "pyproject.toml/x"), ""),
]
