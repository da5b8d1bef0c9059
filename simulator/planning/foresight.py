"""What is known of a workflow's runs before there is any: the ways it starts, and the jobs and steps that never run.

Pure. What an expression reads that no run can give, such as an output that is not declared, is null, as in a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from simulator.expressions.partial import UNKNOWN, Closed, Contexts, Open, Partial, Unknown, foresee, truth
from simulator.expressions.syntax import Call, Logical, Node
from simulator.planning.graph import as_defined, in_order
from simulator.positions import Located
from simulator.triggers.globs import PatternError, deciding, takes
from simulator.workflow.facts import events, properties
from simulator.workflow.model import Condition, DispatchInput, Job, Step, Trigger, Workflow

RefType = Literal["tag", "branch"]
Outputs = Callable[[Job], "frozenset[str] | None"]
"""The outputs that a job declares, in lower case; None where that is not known."""

RESULTS: Final = ("success", "failure", "cancelled", "skipped")
TEXT: Final = Unknown(is_text=True)
_EITHER: Final = Unknown(among=(True, False))
_ENDED: Final = Unknown(among=RESULTS)
_BRANCHES: Final = frozenset({"main", "master", "develop", "development", "dev", "trunk"})  # nobody's tags
_DEFAULT_BRANCH: Final = frozenset({"schedule", "repository_dispatch", "workflow_run", "issues", "issue_comment"})
_OF_OTHERS: Final[Mapping[str, Partial]] = {
    "release": None,
    "pull_request": None,
    "issue": None,
    "workflow_run": None,
    "client_payload": None,
    "inputs": None,
    "schedule": None,
}
"""Parts of payloads that are those of one kind of events alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A way in which a workflow starts; `ref_type` is None where it may be both.

    `caller` is how the workflow starts that calls this one, where that is known.
    """

    trigger: Trigger
    ref_type: RefType | None = None
    caller: Start | None = None

    @property
    def name(self) -> str:
        """The event, such as `release`, or `push tag`."""
        return f"push {self.ref_type}" if self.trigger.event == "push" else self.trigger.event

    @property
    def words(self) -> str:
        """The same for a person, such as "the push of a tag"."""
        if self.caller is not None:
            return self.caller.words
        if self.trigger.event == "push":
            return f"the push of a {self.ref_type}"
        return f"the event {self.trigger.event}"


def starts_of(workflow: Workflow) -> Sequence[Start]:
    """The ways in which a workflow starts, in the order of the file."""
    found: list[Start] = []
    for trigger in workflow.triggers.values():
        if trigger.event != "push":
            found.append(Start(trigger=trigger, ref_type=_ref_type(trigger.event)))
            continue
        tags = trigger.tags is not None or trigger.tags_ignore is not None
        branches = trigger.branches is not None or trigger.branches_ignore is not None
        if tags or not branches:
            found.append(Start(trigger=trigger, ref_type="tag"))
        if branches or not tags:
            found.append(Start(trigger=trigger, ref_type="branch"))
    return tuple(found)


def _ref_type(event: str) -> RefType | None:
    if event == "release":
        return "tag"
    return "branch" if event in _DEFAULT_BRANCH else None


def releasing(starts: Sequence[Start]) -> Sequence[Start]:
    """Those that bring a release: the push of a tag and the event release, else all."""
    found = [start for start in starts if (start.caller or start).name in {"push tag", "release"}]
    return found or starts


class Foresight:
    """What is known of the runs that one way of starting makes.

    `never` are the ids of the jobs that run in none of them.
    """

    def __init__(self, workflow: Workflow, start: Start, outputs: Outputs) -> None:
        self.start = start
        self.workflow = workflow
        self._outputs = outputs
        self._contexts = _contexts(start)
        self._needs = as_defined({job.id: [need.value for need in job.needs] for job in workflow.jobs.values()})
        self._before: dict[str, frozenset[str]] = {}
        self.never: set[str] = set()
        for name in in_order(self._needs):
            self._before[name] = frozenset(self._needs[name]).union(*(self._before[each] for each in self._needs[name]))
            if self.job_holds(workflow.jobs[name], alone=False) is False:
                self.never.add(name)

    def before(self, job: Job) -> frozenset[str]:
        """The ids of all jobs that a job needs, directly or not."""
        return self._before[job.id]

    def job_holds(self, job: Job, *, alone: bool = True) -> bool | None:
        """What the condition of a job gives; `alone` leaves out how the jobs before it end."""
        return self.holds(job, None, job.condition.expression.root, alone=alone)

    def step_holds(self, job: Job, step: Step) -> bool | None:
        """What the condition of a step gives."""
        return self.holds(job, step, step.condition.expression.root)

    def given(self, job: Job, node: Node) -> Partial:
        """What a part of an expression gives where a job is planned."""
        return foresee(node, self.contexts(job, None), {})

    def holds(self, job: Job, step: Step | None, node: Node, *, alone: bool = True) -> bool | None:
        """What a part of a condition of a job, or of one of its steps, gives; None where that is not known."""
        before = self.before(job)
        skipped = not alone and step is None and bool(before & self.never)
        functions: dict[str, Partial] = {
            "always": True,
            "success": False if skipped else _EITHER,
            "failure": _EITHER if before or step else False,
            "cancelled": _EITHER,
        }
        return truth(foresee(node, self.contexts(job, step), functions))

    def contexts(self, job: Job, step: Step | None) -> Contexts:
        """The contexts that a condition sees."""
        needs: dict[str, Partial] = {}
        for name in self._needs[job.id]:
            if name in self.workflow.jobs:
                needs[name] = self._needed(self.workflow.jobs[name])
        found: dict[str, Partial] = {**self._contexts, "needs": Closed(needs)}
        if step is not None:
            found["steps"] = Closed({each.id: _STEP for each in earlier(job, step) if each.id})
        return found

    def _needed(self, job: Job) -> Partial:
        declared = self._outputs(job)
        outputs: Partial = Open({}, TEXT) if declared is None else Closed(dict.fromkeys(declared, TEXT))
        return Closed({"result": "skipped" if job.id in self.never else _ENDED, "outputs": outputs})


_STEP: Final = Closed({"outcome": _ENDED, "conclusion": _ENDED, "outputs": Open({}, TEXT)})


def earlier(job: Job, step: Step) -> Sequence[Step]:
    """The steps that begin before another one of the job."""
    steps = job.all_steps
    place = next((place for place, each in enumerate(steps) if each.number == step.number), len(steps))
    return steps[:place]


def bare(condition: Condition) -> Node:
    """A condition without the `success() && (...)` that GitHub puts around it."""
    root = condition.expression.root
    match root:
        case Logical(operator="&&", operands=(Call(name="success", arguments=()), inner)):
            return inner
        case _:
            return root


def _contexts(start: Start) -> dict[str, Partial]:
    return {
        **dict.fromkeys(("vars", "secrets", "env"), Open({}, TEXT)),
        **dict.fromkeys(("matrix", "strategy"), Open({})),
        "github": Closed(_github(start.caller or start)),
        "inputs": _inputs(start),
        "job": Open({"status": Unknown(among=RESULTS[:3])}),
        "runner": Open({"os": Unknown(among=("Linux", "Windows", "macOS")), "name": TEXT, "temp": TEXT, "arch": TEXT}),
    }


def _github(start: Start) -> dict[str, Partial]:
    trigger = start.trigger
    known: dict[str, Partial] = {
        **dict.fromkeys(properties("github"), TEXT),
        "ref_protected": _EITHER,
        "ref_type": Unknown(among=("tag", "branch")),
        "event": UNKNOWN,
        "event_name": Unknown(is_text=True, may_be=lambda name: name.lower() in events()),
    }
    if trigger.event == "workflow_call":
        return known
    known |= {"event_name": trigger.event, "event": _payload(start)}
    if trigger.event not in {"pull_request", "pull_request_target", "pull_request_review", "merge_group"}:
        known |= {"base_ref": "", "head_ref": ""}
    if trigger.event == "pull_request":
        known |= {"ref": Unknown(is_text=True, start="refs/pull/")}
    if start.ref_type is None:
        return known
    folder = "refs/tags/" if start.ref_type == "tag" else "refs/heads/"

    def may_be(name: str) -> bool:
        return _may_start(start, name)

    return {
        **known,
        "ref_type": start.ref_type,
        "ref_name": Unknown(is_text=True, may_be=may_be),
        "ref": Unknown(is_text=True, start=folder, may_be=lambda ref: may_be(ref[len(folder) :])),
    }


def _may_start(start: Start, name: str) -> bool:
    """Whether a tag or a branch of that name can start the workflow; as GitHub compares, without letter case."""
    trigger = start.trigger
    if start.ref_type == "tag":
        return name.lower() not in _BRANCHES and _passes(trigger.tags, trigger.tags_ignore, name)
    return _passes(trigger.branches, trigger.branches_ignore, name) if trigger.event == "push" else True


def _passes(taken: Sequence[Located[str]] | None, ignored: Sequence[Located[str]] | None, name: str) -> bool:
    try:
        if taken is not None:
            patterns = [pattern.value for pattern in taken]
            return takes(patterns, name) or takes([pattern.lower() for pattern in patterns], name.lower())
        return all(deciding([pattern.value], name) is None for pattern in ignored or ())
    except PatternError:
        return True


def _payload(start: Start) -> Partial:
    trigger = start.trigger
    if trigger.event == "push":
        folder = "refs/tags/" if start.ref_type == "tag" else "refs/heads/"
        return Open({**_OF_OTHERS, "action": None, "ref": Unknown(is_text=True, start=folder)})
    if trigger.event == "release":
        types = trigger.types or events()["release"].types or ()
        release = Open({"prerelease": _EITHER, "tag_name": TEXT})
        return Open({**_OF_OTHERS, "release": release, "ref": None, "action": Unknown(among=tuple(types))})
    if trigger.event == "workflow_dispatch":
        declared = {name: _text_of(each) for name, each in trigger.inputs.items()}
        return Open({**_OF_OTHERS, "inputs": Closed(declared), "action": None})
    if trigger.event == "schedule":
        crons = tuple(each.value for each in trigger.crons)
        return Open({**_OF_OTHERS, "schedule": Unknown(among=crons), "action": None, "ref": None})
    return UNKNOWN


def _inputs(start: Start) -> Partial:
    if start.trigger.event not in {"workflow_dispatch", "workflow_call"}:
        return Closed({})
    return Closed({name: _input(each) for name, each in start.trigger.inputs.items()})


def _input(declared: DispatchInput) -> Partial:
    if declared.type == "boolean":
        return _EITHER
    if declared.type == "choice":
        return Unknown(among=("", *declared.options))
    return Unknown() if declared.type == "number" else TEXT


def _text_of(declared: DispatchInput) -> Partial:
    """An input as the payload of a dispatch has it: text."""
    if declared.type == "boolean":
        return Unknown(among=("true", "false"))
    return _input(declared) if declared.type == "choice" else TEXT
