"""Scenarios of steps and jobs: one file each under `cases/`, with the transcript that the contract asks for.

A file begins with a sentence that says what holds (and, in brackets, the section of the contract), then lines of
`key: value` (`engines`, `secrets`, `variables`, `jobs` for how many may run at once, `refused` for an environment that
lets nobody in, `programs` that the fake sandbox has, `origins` to tell where variables come from), then parts that
begin with `--- `: either `workflow`, or `steps` of one job with the keys of `job` and those of `head` above it; `file
PATH` of the workspace; `action REFERENCE FILE` of another repository; and `expect`.

Scripts are in the language of `machine`, which is also a set of programs for real shells (`real`): a scenario whose
`engines` name them runs unchanged in real sandboxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.environments.model import Gate
from simulator.run_events import StepVariables
from tests.runner.driving import Told, World, job_of

FOLDER: Final = Path(__file__).parent / "cases"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a file says."""

    name: str
    title: str
    keys: Mapping[str, str]
    parts: Mapping[str, str]

    @property
    def engines(self) -> Sequence[str]:
        """Where it runs."""
        return self.keys.get("engines", "fake").split()

    @property
    def workflow(self) -> str:
        """The workflow file."""
        if "workflow" in self.parts:
            return self.parts["workflow"]
        return job_of(self.parts["steps"], job=self.parts.get("job", ""), head=self.parts.get("head", ""))

    @property
    def expected(self) -> str:
        """The transcript."""
        return self.parts["expect"].strip("\n")

    def world(self, temporary: Path) -> World:
        """What the workflow runs in."""
        actions: dict[str, dict[str, str]] = {}
        for head, text in self.parts.items():
            kind, *words = head.split()
            if kind == "action":
                actions.setdefault(words[0], {})[words[1]] = text
        refused = self.keys.get("refused")
        return World(
            files={head.split()[1]: text for head, text in self.parts.items() if head.startswith("file ")},
            actions=actions,
            secrets=_pairs(self.keys.get("secrets", "")),
            variables=_pairs(self.keys.get("variables", "")),
            gate=lambda name: Gate(allowed=name != refused, reason=f"nobody may enter {name}"),
            max_jobs=int(self.keys.get("jobs", "1")),
            programs=self.keys.get("programs", "bash sh python perl").split(),
            temporary=temporary,
        )


def tell(ran: Told, *, origins: bool = False) -> str:
    """The transcripts of all jobs, each under its key where there are several; then where variables come from."""
    jobs = [result.key for result in ran.results]
    told = [f"[{job}]\n{ran.transcript(job)}" if len(jobs) > 1 else ran.transcript(job) for job in jobs]
    if origins:
        for event in (event for event in ran.events if isinstance(event, StepVariables)):
            told.append(f"step {event.number}:")
            told += [f"  {name} from {origin}" for name, origin in event.origins.items()]
    return "\n".join(told)


def scenarios(engine: str) -> dict[str, Scenario]:
    """Those that run on an engine, by name."""
    every = (_read(path) for path in sorted(FOLDER.glob("*.scenario")))
    return {each.name: each for each in every if engine in each.engines}


def _read(path: Path) -> Scenario:
    head, *parts = ("\n" + path.read_text()).split("\n--- ")
    title, *lines = head.strip().splitlines()
    pairs = (line.partition(": ") for line in lines)
    named = (part.partition("\n") for part in parts)
    return Scenario(
        name=path.stem,
        title=title,
        keys={key: value for key, _, value in pairs},
        parts={name: text for name, _, text in named},
    )


def _pairs(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split())
    return {name: value for name, _, value in pairs}
