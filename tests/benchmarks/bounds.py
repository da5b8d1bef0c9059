"""What large and hostile inputs cost: seconds and memory of a whole run, beside the same run with a small input.

`beyond` is what the large one takes longer, without a bare copy and hash of as many bytes. `make bench` prints the
table; `python -m tests.benchmarks.bounds ENGINE WORD...` measures the inputs whose name has one of the words.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.git import git
from tests.twins.bombs import START
from tests.twins.distributions import sdist, wheel

MB: Final = 1 << 20
Files = Mapping[str, str | bytes]
Make = Callable[[], Files]

PUBLISH: Final = """
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: PREPARE
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist}
  publish:
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist}
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
STEP: Final = """
on: {push: {tags: ['v*']}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: PREPARE
"""
WHEEL: Final = "demo-0.1.0-py3-none-any.whl"
OWN: Final = (b"simulator", b"/run/pysim/", b"_pysim/launch.py")  # in the command lines of pysim's own processes
WORKFLOW: Final = ".github/workflows/release.yml"
SDIST: Final = "demo-0.1.0.tar.gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """The files of a repository with a large input, those of the same run without it, and how many bytes it is."""

    large: Make
    small: Make
    size: int = 0
    command: str = "run"


def step(command: str) -> Make:
    """One step."""
    return lambda: {WORKFLOW: STEP.replace("PREPARE", json.dumps(command))}


def uploaded(command: str) -> Make:
    """A release of what a command lays into `dist`."""
    return lambda: {WORKFLOW: PUBLISH.replace("PREPARE", command)}


def built(name: str, content: Callable[[], bytes]) -> Make:
    """A release of one file."""
    return lambda: {**uploaded("cp -r built dist")(), f"built/{name}": content()}


def described(kind: str, text: str) -> Make:
    """A release of a wheel with a description."""
    return built(WHEEL, lambda: wheel("demo", "0.1.0", f"Description-Content-Type: {kind}", "", text))


def toml(text: str) -> Make:
    """A pyproject.toml."""
    return lambda: {**step("true")(), "pyproject.toml": text}


def matrix(values: int, includes: int) -> Make:
    """A matrix of so many values twice, with so many `include`."""
    numbers = list(range(values))
    strategy = {"matrix": {"a": numbers, "b": numbers, "include": [{"a": n, "c": n} for n in range(includes)]}}
    text = STEP.replace("    steps", f"    strategy: {json.dumps(strategy)}\n    steps").replace("PREPARE", "true")
    return lambda: {WORKFLOW: text}


def with_header(size: int) -> bytes:
    """An sdist with a header of so many bytes of zeros."""
    entry = tarfile.TarInfo("pax")
    entry.size, entry.type = size, tarfile.XHDTYPE
    out = io.BytesIO(START)
    out.seek(0, io.SEEK_END)
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        packed.write(entry.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size // MB):
            packed.write(bytes(MB))
    return out.getvalue()


def inputs() -> Mapping[str, Input]:
    """All of them, by name."""
    nothing, plain = step("true"), described("text/plain", "x")
    release = uploaded("mkdir dist && touch dist/x")
    nested = "\n".join(f"{'  ' * depth}- a\n" for depth in range(150))
    table = "\n".join(["+" + "-+" * 30, "|" + " |" * 30] * 15 + ["+" + "-+" * 30])
    filled = "head -c {}M /dev/zero | tr '\\0' a"
    wide, descriptions, tomls = matrix(2, 0), "text/markdown", toml("")
    return {
        "1.2 GB of zeros as a wheel": Input(
            large=uploaded(f"mkdir dist && truncate -s 1200M dist/{WHEEL}"), small=release, size=1200 * MB
        ),
        "400 MB without a line feed": Input(large=step(filled.format(400)), small=nothing, size=400 * MB),
        "an output of 300 MB": Input(
            large=step(f"(printf x=; {filled.format(300)}; echo) >> $GITHUB_OUTPUT"), small=nothing, size=300 * MB
        ),
        "a summary of 300 MB": Input(
            large=step(f"{filled.format(300)} >> $GITHUB_STEP_SUMMARY"), small=nothing, size=300 * MB
        ),
        "200,000 quotations in Markdown": Input(large=described(descriptions, ">" * 200_000), small=plain),
        "10 kB of brackets in Markdown": Input(large=described(descriptions, "[" * 5000 + "]" * 5000), small=plain),
        "12 kB of nested lists in RST": Input(large=described("text/x-rst", nested), small=plain),
        "2 kB of tables in RST": Input(large=described("text/x-rst", table), small=plain),
        "an sdist with a header of 1 GB": Input(
            large=built(SDIST, lambda: with_header(1024 * MB)), small=built(SDIST, sdist)
        ),
        "a TOML key of 20,000 parts": Input(large=toml(".".join("a" * 20_000) + " = 1\n"), small=tomls, command="plan"),
        "a TOML array 100,000 deep": Input(
            large=toml(f"a = {'[' * 100_000}{']' * 100_000}"), small=tomls, command="plan"
        ),
        "a TOML number of 100,000 digits": Input(large=toml("a = " + "1" * 100_000), small=tomls, command="plan"),
        "a matrix of 256 x 256 and 100": Input(large=matrix(256, 100), small=wide, command="plan"),
        "a matrix of 256 x 256 and 8,000": Input(large=matrix(256, 8000), small=wide, command="plan"),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds of a run, the most megabytes that pysim's own processes had at a time, and the last line that it said."""

    seconds: float
    megabytes: int
    said: str


def cost(files: Files, command: str, engine: str) -> Cost:
    """Run pysim on a repository with these files."""
    chosen = ["--engine", engine, "--offline"] if command == "run" else []
    argv = [sys.executable, "-m", "simulator", command, "--tag", "v0.1.0", *chosen]
    peak, ended = 0, threading.Event()

    def watch(pid: int) -> None:
        nonlocal peak
        while not ended.wait(0.1):
            peak = max(peak, memory(pid))

    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "demo")
        for name, content in files.items():
            path = repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        for words in (("init", "-q"), ("add", "-Af"), ("commit", "-qm", "x")):
            git(*words, cwd=repository)
        began = time.perf_counter()
        with subprocess.Popen(argv, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as started:
            thread = threading.Thread(target=watch, args=(started.pid,))
            thread.start()
            out, _ = started.communicate()
            took = time.perf_counter() - began
            ended.set()
            thread.join()
    return Cost(seconds=took, megabytes=peak >> 10, said=out.decode(errors="replace").strip().rpartition("\n")[2])


def memory(root: int) -> int:
    """KiB of a process and of those of pysim that it started, what they share counted once; no tools of jobs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if not any(word in command for word in OWN):
                continue
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return found


def bare(size: int) -> float:
    """Seconds of a copy and a hash of so many bytes."""
    with tempfile.TemporaryDirectory() as folder:
        source, copy = Path(folder, "source"), Path(folder, "copy")
        with source.open("wb") as file:
            file.truncate(size)
        began = time.perf_counter()
        with source.open("rb") as read, copy.open("wb") as written:
            shutil.copyfileobj(read, written, MB)
        with copy.open("rb") as read:
            hashlib.file_digest(read, "sha256")
        return time.perf_counter() - began


def main(engine: str = "local", *words: str) -> int:
    """Print the table, a row as it is measured."""
    console = Console()
    for name, each in inputs().items():
        if words and not any(word in name for word in words):
            continue
        large, small = (cost(make(), each.command, engine) for make in (each.large, each.small))
        copied = bare(each.size)
        beyond = large.seconds - small.seconds - copied
        seconds = f"{large.seconds:.1f} s, small {small.seconds:.1f} s, copied {copied:.1f} s, beyond {beyond:.1f} s"
        console.print(f"{name}: {seconds}; {large.megabytes} MB; {large.said}", soft_wrap=True, markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
