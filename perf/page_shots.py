"""Take a picture of every page of the dashboard, for projects of every size, to be looked at.

    python perf/page_shots.py --out FOLDER [--project NAME ...] [--page NAME ...]

Projects: without a run, with one run, the shipped one, 12 clients with long names, and 300 cases
under 20 adapters. Each page in 1280 and 400 pixels, in light and dark. It prints what sticks out of
a window and what asked another machine, and fails where there is any.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.dashboard.screenshots import (
    PAGES,
    SCHEMES,
    WIDTHS,
    Visit,
    browser,
    served,
    shipped,
)

CLIENTS = (
    "northern-lights-logistics-and-warehousing", "orca", "vesper-steel-and-castings-international",
    "fernhill-home", "willowmere-clinics-and-day-surgery", "quillstack", "larkbyte-cloud-services",
    "copperleaf-stores", "arkwell-presses", "tollgate-lines", "harrow-lane-care", "sandmark",
)  # fmt: skip
ADAPTER = "first-lines-of-e-mails-in-the-voice-of-their-sales-team.v{n}"


def no_run(folder: Path) -> Path:
    """Make a project with a benchmark and no run."""
    from tests.fakes.served import ServedProject

    return ServedProject(folder).folder


def one_run(folder: Path) -> Path:
    """Make a project in which one adapter was judged."""
    from tests.fakes.served import ServedProject

    made = ServedProject(folder)
    made.judge("v1")
    return made.folder


def clients(folder: Path) -> Path:
    """Make a project of twelve tasks whose tasks and adapters have long names."""
    from tests.dashboard.conftest import reviews
    from tests.fakes.served import ServedProject

    made = ServedProject(folder)
    with made.opened() as store:
        store.reviews.keep(list(reviews()))
    for place, client in enumerate(CLIENTS):
        task = f"{client}-first-lines-of-e-mails"
        made.second_task(task)
        first, second, third = (f"{client}/{ADAPTER.format(n=n)}" for n in (1, 2, 3))
        made.judge(first, "same", task)
        made.put(first, task)
        made.judge(second, "good", task)
        if place % 3:
            made.put(second, task)
        if place % 2:
            made.judge(third, "bad", task)
    return folder


def large(folder: Path) -> Path:
    """Make a project of one task with 300 cases, run under 20 adapters."""
    from harness.store import Store
    from perf.history_generator import Size, fill, write_project

    # A third of the runs are on the present version of the benchmark, a fifth on the guard.
    size = Size(runs=78, cases=300, tasks=1, reviews=400, decisions=4)
    project = write_project(folder, size)
    with closing(Store("sqlite:///reports/harness.db", folder)) as store:
        fill(store, project, size, lambda line: None)
    return folder


PROJECTS: dict[str, Callable[[Path], Path]] = {
    "empty": no_run,
    "one": one_run,
    "shipped": shipped,
    "clients": clients,
    "large": large,
}


def pictures(name: str, pages: list[str], to: Path) -> int:
    """Take the pictures of a project; return in how many of them something is wrong."""
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        os.environ["LORA_HARNESS_CACHE"] = f"{place}/cache"
        project = PROJECTS[name](Path(place) / "project")
        with served(project) as url, browser() as opened:
            visit = Visit.to(url, opened)
            for page in pages:
                visit.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
                visit.go(page)
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        file = to / f"{name}-{page}-{width}-{scheme}.png"
                        out = visit.look(width, scheme, file)
                        trouble = visit.page.locator("[role=alert]").all_inner_texts()
                        said = [*(out if out != [0] else []), *trouble, *visit.elsewhere]
                        wrong += bool(said)
                        print(file.name, *said, sep="  ", flush=True)
    return wrong


def main() -> None:
    """Take the pictures that were asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True, help="Folder of the pictures.")
    options.add_argument("--project", nargs="*", choices=PROJECTS, default=list(PROJECTS))
    options.add_argument("--page", nargs="*", choices=PAGES, default=list(PAGES))
    asked = options.parse_args()
    wrong = sum(pictures(name, asked.page, asked.out.resolve()) for name in asked.project)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
