"""What planning costs as workflows grow: CPU time to load and to plan, and the growth beside that of the jobs.

A ratio of 1 is linear growth. `make bench` prints the table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from simulator.expressions.language import Value
from simulator.planning.plan import plan
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

TRIES = 5
EVENT = Event(name="push", ref="refs/tags/v1.0.0", sha="a" * 40, payload={}, inputs={})
CONTEXTS: dict[str, Value] = {
    "github": {"event_name": "push", "ref": EVENT.ref, "ref_name": "v1.0.0", "ref_type": "tag"},
    "vars": {},
    "inputs": {},
}
STEPS = """\
    steps:
      - uses: actions/checkout@v4
      - name: Build ${{ github.ref_name }}
        if: startsWith(github.ref, 'refs/tags/')
        run: |
          python -m build
          echo "${{ runner.os }}"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A workflow that plans to `jobs` jobs."""

    name: str
    jobs: int
    text: str


def separate(jobs: int) -> Subject:
    """Jobs of their own, each with a condition, half of them in chains of ten."""
    parts = ["on: push\njobs:\n"]
    for number in range(jobs):
        needs = f"    needs: job{number - 1}\n" if number % 10 and number % 20 < 10 else ""
        head = f"  job{number}:\n    runs-on: ubuntu-latest\n    if: github.event_name == 'push'\n{needs}"
        parts.append(head + STEPS)
    return Subject(name="separate", jobs=jobs, text="".join(parts))


def chain(jobs: int) -> Subject:
    """Each job needs the one before it."""
    parts = ["on: push\njobs:\n"]
    for number in range(jobs):
        needs = f"    needs: job{number - 1}\n" if number else ""
        parts.append(f"  job{number}:\n    runs-on: ubuntu-latest\n{needs}{STEPS}")
    return Subject(name="one chain", jobs=jobs, text="".join(parts))


def matrix(jobs: int) -> Subject:
    """One job with a matrix of two vectors, an `include` that adds to each and an `exclude` that fits none."""
    side = int(jobs**0.5)
    rest = jobs // side
    vectors = f"a: [{', '.join(map(str, range(side)))}]\n        b: [{', '.join(map(str, range(rest)))}]"
    text = (
        "on: push\njobs:\n  test:\n    name: Test ${{ matrix.a }} ${{ matrix.b }}\n    runs-on: ubuntu-latest\n"
        f"    strategy:\n      matrix:\n        {vectors}\n        include: [{{a: 1, extra: x}}]\n"
        "        exclude: [{a: -1}]\n" + STEPS
    )
    return Subject(name="matrix", jobs=side * rest, text=text)


SERIES: tuple[tuple[Callable[[int], Subject], tuple[int, ...]], ...] = (
    (separate, (10, 100, 1000)),
    (chain, (10, 100, 1000)),
    (matrix, (9, 100, 256)),
)


def seconds(work: Callable[[], object]) -> float:
    """The least CPU time of some tries."""
    taken = []
    for _ in range(TRIES):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def loaded(subject: Subject) -> Workflow:
    """The workflow of a subject."""
    found = load_workflow(subject.text, ".github/workflows/bench.yml")
    assert found.workflow is not None, found.diagnostics[0]
    return found.workflow


def measure(subject: Subject) -> tuple[float, float]:
    """Seconds to load and to plan."""
    workflow = loaded(subject)
    assert len(plan(workflow, EVENT, contexts=CONTEXTS).jobs) == subject.jobs
    return seconds(lambda: loaded(subject)), seconds(lambda: plan(workflow, EVENT, contexts=CONTEXTS))


def main() -> int:
    """Measure every series."""
    table = Table("workflow", "jobs", "load, CPU s", "plan, CPU s", "growth of plan", "growth of both")
    for make, sizes in SERIES:
        before: tuple[int, float, float] | None = None
        for subject in map(make, sizes):
            load, planned = measure(subject)
            growth = ("", "")
            if before is not None:
                factor = subject.jobs / before[0]
                growth = (f"{planned / before[2] / factor:.2f}", f"{(load + planned) / before[1] / factor:.2f}")
            table.add_row(subject.name, str(subject.jobs), f"{load:.4f}", f"{planned:.4f}", *growth)
            before = (subject.jobs, load + planned, planned)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
