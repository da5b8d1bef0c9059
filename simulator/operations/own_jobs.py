"""Jobs of pysim's own, which run in a sandbox like any other."""

from __future__ import annotations

from dataclasses import replace

from simulator.operations.actions import OWN
from simulator.operations.opened import OpenRehearsal, run_jobs, run_settings
from simulator.planning.plan import plan
from simulator.rehearsal.install import Outcome, Outcomes
from simulator.run_events import (
    Conclusion,
    EventSink,
    JobPlanned,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
)
from simulator.runner.contexts import github_context
from simulator.workflow.model import Workflow


def run_own(rehearsal: OpenRehearsal, name: str, workflow: Workflow) -> Outcomes:
    """Run one of pysim's own workflows, of one job; what becomes of its steps, by step id.

    `name` is put behind its own.
    """
    event = rehearsal.prepared.plans[0].event
    contexts = {"github": github_context(workflow, event, rehearsal.prepared.identity), "vars": {}, "inputs": {}}
    made = plan(workflow, event, contexts=contexts)
    title = f"{workflow.name}{name}"
    jobs = tuple(replace(job, key=f"{job.key}{name}", name=title) for job in made.jobs)
    item = replace(made, jobs=jobs)
    recorder = StepRecorder(rehearsal.report)
    for job in item.jobs:
        recorder(JobPlanned(job_id=job.key, name=job.name, needs=(), workflow=workflow.path, own=True))
    settings = replace(
        run_settings(rehearsal, item), emit=recorder, secrets={}, environment_secrets={}, hold=lambda _: None
    )
    run_jobs(rehearsal, [settings], OWN)
    (own,) = workflow.jobs.values()
    names = {step.name.source: step.id for step in own.steps if step.name and step.id}
    return {names[name]: outcome for name, outcome in recorder.steps.items() if name in names}


class StepRecorder:
    """An event sink that passes events on and remembers what became of each step, by its name.

    The group of lines at the head of a step's log, its command and its environment, is none of what the step says.
    """

    def __init__(self, emit: EventSink) -> None:
        self.steps: dict[str, Outcome] = {}
        self._emit = emit
        self._started: dict[int, StepStarted] = {}
        self._lines: dict[int, list[str]] = {}
        self._headed: set[int] = set()

    def __call__(self, event: RunEvent, /) -> None:
        """Pass an event on."""
        self._emit(event)
        if isinstance(event, StepStarted):
            self._started[event.number] = event
        elif isinstance(event, StepLine) and event.level == "endgroup" and event.number not in self._headed:
            self._headed.add(event.number)
            self._lines.pop(event.number, None)
        elif isinstance(event, StepLine):
            self._lines.setdefault(event.number, []).append(event.line)
        elif isinstance(event, StepFinished):
            started = self._started[event.number]
            self.steps[started.name] = Outcome(
                ok=event.outcome is Conclusion.SUCCESS,
                seconds=event.at - started.at,
                lines=self._lines.pop(event.number, []),
            )
