"""Rehearsals as a user starts them: the `pysim` command in a process of its own, on a copy of a repository."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import process

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
TINY = HERE / "repository"
WORKFLOW = Path(".github/workflows/pypi.yml")


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What a run of `pysim` printed with --json, and how it ended."""

    code: int
    events: list[dict[str, Any]]
    error: str
    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The last line."""
        assert self.events, self.error
        assert self.events[-1]["type"] == "summary"
        return self.events[-1]

    @property
    def verdict(self) -> str:
        return str(self.summary["verdict"])

    @property
    def findings(self) -> dict[str, str]:
        """Message and hint of each finding, by code."""
        return {item["code"]: f"{item['message']} {item['hint']}" for item in self.summary["findings"]}

    @property
    def conclusions(self) -> dict[str, str]:
        return {job["id"]: job["conclusion"] for job in self.summary["jobs"]}

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What jobs asked of the twins and the network."""
        return [json.loads(line) for line in (self.folder / "access.jsonl").read_text().splitlines()]

    def log(self, job: str) -> str:
        """All lines that a job's steps printed."""
        return "\n".join(e["line"] for e in self.events if e["type"] == "step-line" and e["jobId"] == job)


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A copy of a repository that a test may change."""

    root: Path
    engine: str
    home: Path

    def edit(self, file: str | Path, *changes: tuple[str, str]) -> None:
        """Replace text in a file; every text must be there."""
        path = self.root / file
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)

    def write(self, file: str | Path, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def folders(self) -> Mapping[str, str]:
        """The variables that say where `pysim` keeps what is the user's."""
        return {"XDG_CACHE_HOME": str(self.home / "cache"), "XDG_DATA_HOME": str(self.home / "data")}

    def pysim(self, *arguments: str, env: Mapping[str, str] | None = None) -> process.Completed:
        """Run `pysim` in this repository."""
        words = [sys.executable, "-m", "simulator", *arguments, "-C", str(self.root)]
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        return process.run(words, env={"PYTHONPATH": path, **self.folders, **(env or {})}, check=False, timeout=900)

    def rehearse(self, *arguments: str, env: Mapping[str, str] | None = None) -> Rehearsed:
        """Run `pysim run --json`; the tag is v0.1.0 unless the arguments say what is rehearsed."""
        given = arguments if {"--tag", "--event", "--branch"} & set(arguments) else ("--tag", "v0.1.0", *arguments)
        done = self.pysim("run", "--json", "--engine", self.engine, *given, env=env)
        events = [json.loads(line) for line in done.stdout.decode().splitlines()]
        error = done.stderr.decode()
        assert "Traceback" not in error, error
        runs = sorted((self.root / ".pysim/runs").glob("*")) if (self.root / ".pysim/runs").is_dir() else []
        return Rehearsed(code=done.code, events=events, error=error, folder=runs[-1] if runs else self.root)


MakeRepository = Callable[[Path, str], Repository]
