"""`uses:` steps: inputs, main and post scripts, and composite actions, whose steps run as a job's own do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, assert_never

from simulator.actions.model import (
    CompositeRuns,
    ContainerRuns,
    DockerReference,
    Input,
    JavaScriptRuns,
    LocalReference,
    RepositoryReference,
    ResolvedAction,
    ScriptRuns,
)
from simulator.actions.scripts import BUILTIN_FOLDER, action_folder, builtin_folder, script_argv
from simulator.engines.base import LAYOUT
from simulator.errors import SimulatorError
from simulator.expressions.language import Expression, ExpressionError, Scope, Value, evaluate, render, truthy
from simulator.run_events import Conclusion
from simulator.runner.model import StepResult
from simulator.runner.state import Frame, JobState, step_ids
from simulator.runner.step import StepError, StepRun, condition_holds, perform, run_script
from simulator.workflow.model import Step

DEEPEST = 10  # nesting of composite actions that GitHub allows


class Resolver(Protocol):
    """Finds the action of a step; a local one is read from the job's sandbox when the step runs."""

    def __call__(self, job: JobState, step: Step, /) -> ResolvedAction: ...


@dataclass(kw_only=True, slots=True)
class ActionUse:
    """One use of an action in a job: what pre, main and post share."""

    step: Step
    action: ResolvedAction
    folder: PurePosixPath  # inside the sandbox
    frame: Frame
    state: dict[str, str]
    depth: int = 0


def folder_in_sandbox(job: JobState, action: ResolvedAction) -> PurePosixPath:
    """Where an action's files lie for the job: GitHub's own places, but for what pysim ships."""
    if action.builtin:
        return action_folder(action, LAYOUT.actions)
    match action.reference:
        case RepositoryReference() as at:
            return LAYOUT.actions / at.owner / at.repo / at.ref.replace("/", "_") / at.path
        case LocalReference() as at:
            return job.folder / at.path
        case DockerReference():
            raise StepError(
                f"pysim cannot run {action.reference} yet: steps that are container images are not supported"
            )
        case _:
            assert_never(action.reference)


def run_action(use: ActionUse, run: StepRun, uses: Uses) -> bool:
    """The main part of an action; warns of inputs that it does not have."""
    manifest = use.action.manifest
    unknown = [name for name in use.step.with_ if name.lower() not in manifest.inputs]
    if unknown and not isinstance(manifest.runs, ContainerRuns):
        names = ", ".join(f"'{name}'" for name in unknown)
        valid = ", ".join(f"'{given.name}'" for given in manifest.inputs.values())
        run.log.annotate("warning", f"Unexpected input(s) {names}, valid inputs are [{valid}]")
    _header(use, run)
    runs = manifest.runs
    match runs:
        case ScriptRuns() | JavaScriptRuns():
            if runs.post is not None:
                uses.register_post(use)
            return _process(use, run, runs, runs.main)
        case CompositeRuns():
            return _composite(use, run, runs, uses)
        case ContainerRuns():
            raise StepError(f"pysim cannot run {use.action.reference} yet: Docker actions are not supported")
        case _:
            assert_never(runs)


def run_post(use: ActionUse, run: StepRun) -> bool:
    """The post part of an action."""
    runs = use.action.manifest.runs
    assert isinstance(runs, ScriptRuns | JavaScriptRuns)
    assert runs.post is not None
    return _process(use, run, runs, runs.post)


def post_condition(use: ActionUse) -> Expression:
    """The `post-if` of an action that has a post part."""
    runs = use.action.manifest.runs
    assert isinstance(runs, ScriptRuns | JavaScriptRuns)
    return runs.post_if


class Uses:
    """The actions that a job uses: resolved once each, their post parts remembered in the order they began."""

    def __init__(self, job: JobState, resolve: Resolver) -> None:
        self.posts: list[ActionUse] = []
        self._job = job
        self._resolve = resolve
        self._copied: set[PurePosixPath] = set()

    def use(self, step: Step, frame: Frame, depth: int = 0) -> ActionUse:
        """Resolve a step's action and put its files into the sandbox. Raises StepError."""
        try:
            action = self._resolve(self._job, step)
        except SimulatorError as error:
            raise StepError(f"{error} {error.hint}") from error
        folder = folder_in_sandbox(self._job, action)
        if action.builtin:
            self._copy(BUILTIN_FOLDER, builtin_folder(LAYOUT.actions))
        elif not isinstance(action.reference, LocalReference):
            self._copy(action.folder, folder)
        return ActionUse(step=step, action=action, folder=folder, frame=frame, state={}, depth=depth)

    def _copy(self, source: Path, target: PurePosixPath) -> None:
        if target not in self._copied:
            self._job.sandbox.copy_in(source, target)
            self._copied.add(target)

    def register_post(self, use: ActionUse) -> None:
        """The action began, so its post part will run; once for a use."""
        if all(use is not other for other in self.posts):
            self.posts.append(use)


def _fields(use: ActionUse) -> dict[str, Value]:
    at = use.action.reference
    repository, ref = (f"{at.owner}/{at.repo}", at.ref) if isinstance(at, RepositoryReference) else ("", "")
    return {
        "action": use.frame.ids[use.step.number],
        "action_path": str(use.folder),
        "action_repository": repository,
        "action_ref": ref,
    }


def _given(use: ActionUse, run: StepRun) -> dict[str, str]:
    """Every input of the action by its own name: `with`, else the default, else empty; undeclared ones too."""
    job = run.job
    scope = run.scope()
    own = {name.lower(): text for name, text in use.step.with_.items()}
    declared = use.action.manifest.inputs
    default_scope = job.scope(Frame(inputs={}, fields=_fields(use)))
    values = {
        key: render(own[key].template, scope) if key in own else _default(given, default_scope)
        for key, given in declared.items()
    }
    return values | {key: render(text.template, scope) for key, text in own.items() if key not in declared}


def _default(given: Input, scope: Scope) -> str:
    return render(given.default, scope) if given.default is not None else ""


def _header(use: ActionUse, run: StepRun) -> None:
    log = run.log
    log.write(f"Run {use.action.reference}", "group")
    given = {name: value for name, value in _given(use, run).items() if value}
    for title, pairs in (("with:", given), ("env:", run.env)):
        if pairs:
            log.write(title)
        for name, value in pairs.items():
            log.write(f"  {name}: {value}")
    if use.action.builtin:
        log.write(f"pysim runs its own action for this one, made after {use.action.models}:")
        for sentence in use.action.differs:
            log.write(f"  {sentence}")
    log.write("", "endgroup")


def _variables(use: ActionUse, run: StepRun) -> dict[str, str]:
    fields = {f"GITHUB_{name.upper()}": str(value) for name, value in _fields(use).items()}
    inputs = {f"INPUT_{re.sub(' ', '_', name).upper()}": value for name, value in _given(use, run).items()}
    state = {f"STATE_{name}": value for name, value in use.state.items()}
    return {**inputs, **state, **fields, **run.job.access.action_env}


def _process(use: ActionUse, run: StepRun, runs: ScriptRuns | JavaScriptRuns, script: str) -> bool:
    if isinstance(runs, ScriptRuns):
        argv = script_argv(use.action, script, python=LAYOUT.python, actions=LAYOUT.actions)
    else:
        argv = (str(LAYOUT.externals / f"node{runs.node}/bin/node"), str(use.folder / script))
    done = run.command(argv, run.job.folder, _variables(use, run))
    use.state.update(run.log.state)
    return run.ended(done)


def _composite(use: ActionUse, run: StepRun, runs: CompositeRuns, uses: Uses) -> bool:
    if use.depth >= DEEPEST - 1:
        raise StepError(f"Composite actions are nested more than {DEEPEST} deep")
    inner = Frame(inputs=dict(_given(use, run)), fields=_fields(use), env=run.env, ids=step_ids(runs.steps))
    job = run.job
    for step in runs.steps:
        _inner_step(job, inner, step, run, uses, use.depth)
        if job.cancelled.is_set():
            break
    scope = job.scope(inner)
    for name, template in use.action.manifest.outputs.items():
        if template is not None:
            run.log.outputs[name] = render(template, scope)
    return inner.status is Conclusion.SUCCESS


def _inner_step(job: JobState, inner: Frame, step: Step, outer: StepRun, uses: Uses, depth: int) -> None:
    log = outer.log
    kept, log.outputs = log.outputs, {}
    try:
        if not condition_holds(job, inner, step):
            result = StepResult(outcome=Conclusion.SKIPPED, conclusion=Conclusion.SKIPPED)
        else:
            result = perform(job, inner, step, outer.number, log, lambda run: carry_out(run, uses, depth + 1))
    except ExpressionError as error:
        log.error(str(error))
        result = StepResult(outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE)
    log.failed = False
    log.outputs = kept
    if step.id:
        inner.steps[step.id] = result
    if result.conclusion is Conclusion.FAILURE:
        inner.status = Conclusion.FAILURE


def carry_out(run: StepRun, uses: Uses, depth: int = 0) -> bool:
    """The body of any step: a script or an action."""
    if run.step.uses is None:
        return run_script(run)
    use = uses.use(run.step, run.frame, depth)
    return run_action(use, run, uses)


def post_holds(job: JobState, use: ActionUse) -> bool:
    """Whether the post part of an action runs. Raises ExpressionError."""
    return truthy(evaluate(post_condition(use), job.scope(job.frame)))
