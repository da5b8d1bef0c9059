"""What a `uses:` step does: the inputs of its action, and the action's pre, main and post parts.

A composite action's steps run as a job's own do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, Protocol, assert_never

from simulator.actions.faults import ActionManifestError, UnknownActionError
from simulator.actions.model import (
    CompositeRuns,
    ContainerRuns,
    DockerReference,
    JavaScriptRuns,
    LocalReference,
    RepositoryReference,
    ResolvedAction,
    ScriptRuns,
)
from simulator.actions.reference import ReferenceSyntaxError
from simulator.actions.scripts import BUILTIN_FOLDER, action_folder, builtin_folder, script_argv
from simulator.actions.survey import DEEPEST
from simulator.engines.base import LAYOUT
from simulator.expressions.language import Value, render
from simulator.run_events import Conclusion
from simulator.runner.script import run_script, write_variables
from simulator.runner.state import Frame, JobState
from simulator.runner.step import StepError, StepRun, begin_inside, begin_part, display_name, perform
from simulator.workflow.model import Step

OLDEST_NODE: Final = 20  # runs the actions of older ones too


class Resolver(Protocol):
    """Finds the action of a step; a local one is read from the job's sandbox when the step runs.

    Raises UnknownActionError, ActionManifestError or ReferenceSyntaxError when there is none that can run.
    """

    def __call__(self, job: JobState, step: Step, /) -> ResolvedAction: ...


@dataclass(kw_only=True, slots=True)
class ActionUse:
    """One use of an action in a job: what its pre, main and post part share.

    `folder` is in the sandbox, `name` is what the step is called.
    """

    step: Step
    action: ResolvedAction
    folder: PurePosixPath
    frame: Frame
    name: str
    state: dict[str, str] = field(default_factory=dict)


class Uses:
    """The actions that a job uses, and whose post parts are to come, in the order in which they began."""

    def __init__(self, job: JobState, resolve: Resolver) -> None:
        self.posts: list[ActionUse] = []
        self._job = job
        self._resolve = resolve
        self._prepared: dict[int, ActionUse] = {}  # by the number of the job's step
        self._copied: set[PurePosixPath] = set()

    def prepare(self, step: Step) -> None:
        """Resolve the action of a job's step before any step runs. Raises StepError."""
        self._prepared[step.number] = self._use(step, self._job.frame, display_name(step, self._job.scope()))

    def find(self, run: StepRun) -> ActionUse:
        """The use that a step under way is. Raises StepError."""
        use = None if run.outer else self._prepared.get(run.step.number)
        if use is None:
            return self._use(run.step, run.frame, run.name)
        use.name = run.name
        return use

    def begin_pre_parts(self) -> Iterator[tuple[ActionUse, StepRun]]:
        """Begin the pre part of each action that has one, in the order of the job's steps."""
        for use in self._prepared.values():
            runs = use.action.manifest.runs
            if isinstance(runs, ScriptRuns | JavaScriptRuns) and runs.pre is not None:
                name = f"Pre {use.name}"
                yield use, begin_part(self._job, use.frame, use.step, "pre", runs.pre_if, name)

    def begin_post_parts(self) -> Iterator[tuple[ActionUse, StepRun]]:
        """Begin the post part of each action that began, the last one first."""
        for use in reversed(self.posts):
            runs = use.action.manifest.runs
            assert isinstance(runs, ScriptRuns | JavaScriptRuns)
            name = f"Post {use.name}"
            yield use, begin_part(self._job, use.frame, use.step, "post", runs.post_if, name)

    def began(self, use: ActionUse) -> None:
        """The action began, so its post part is to come: once for a use."""
        if all(use is not other for other in self.posts):
            self.posts.append(use)

    def _use(self, step: Step, frame: Frame, name: str) -> ActionUse:
        try:
            action = self._resolve(self._job, step)
        except (UnknownActionError, ActionManifestError) as error:
            text = str(error)
            raise StepError(f"{text}{'' if text.endswith(('.', '?')) else '.'} {error.hint}") from error
        except ReferenceSyntaxError as error:
            raise StepError(str(error)) from error
        folder = folder_in_sandbox(self._job, action)
        if action.builtin:
            self._copy(BUILTIN_FOLDER, builtin_folder(LAYOUT.actions))
        elif isinstance(action.reference, RepositoryReference):
            self._copy(action.folder, repository_folder(action.reference))
        return ActionUse(step=step, action=action, folder=folder, frame=frame, name=name)

    def _copy(self, source: Path, target: PurePosixPath) -> None:
        if target not in self._copied:
            self._job.sandbox.copy_in(source, target)
            self._copied.add(target)


def hindrance(action: ResolvedAction) -> str | None:
    """Why pysim cannot run an action that is there, or None."""
    return "Docker actions are not supported yet" if isinstance(action.manifest.runs, ContainerRuns) else None


def repository_folder(at: RepositoryReference) -> PurePosixPath:
    """Where the files of an action's repository lie for the job."""
    return LAYOUT.actions / at.owner / at.repo / at.ref


def folder_in_sandbox(job: JobState, action: ResolvedAction) -> PurePosixPath:
    """Where an action's files lie for the job: GitHub's own places, but for what pysim ships."""
    if action.builtin:
        return action_folder(action, LAYOUT.actions)
    match action.reference:
        case RepositoryReference() as at:
            return repository_folder(at) / at.path
        case LocalReference() as at:
            return job.folder / at.path
        case DockerReference() as image:
            raise StepError(f"pysim cannot run {image} yet: steps that are container images are not supported")
        case _:
            assert_never(action.reference)


def carry_out(run: StepRun, uses: Uses) -> Conclusion:
    """The body of a step of a job or of a composite action: its script, or the main part of its action."""
    run.fields.update(action_repository=None, action_ref=None)
    return run_script(run) if run.step.uses is None else run_part(run, uses.find(run), uses)


def run_part(run: StepRun, use: ActionUse, uses: Uses) -> Conclusion:
    """The part of an action that the stage of `run` says."""
    at, runs = use.action.reference, use.action.manifest.runs
    if isinstance(at, RepositoryReference):
        run.fields.update(action_repository=f"{at.owner}/{at.repo}", action_ref=at.ref)
    if isinstance(runs, ContainerRuns):
        raise StepError(f"pysim cannot run {at}: {hindrance(use.action)}")
    if isinstance(runs, ScriptRuns | JavaScriptRuns):
        if runs.pre is not None and isinstance(at, LocalReference):
            run.log.annotate("warning", f"`pre` execution is not supported for local action from '{at}'")
        if runs.post is not None and run.stage != "post":
            uses.began(use)
    inputs = _inputs(use, run)
    _header(use, run, inputs)
    match runs:
        case ScriptRuns() | JavaScriptRuns():
            return _process(use, run, runs, inputs)
        case CompositeRuns():
            return _composite(use, run, runs, inputs, uses)
        case _:
            assert_never(runs)


def _inputs(use: ActionUse, run: StepRun) -> dict[str, str]:
    """Every input by its name: those of `with`, undeclared ones too, then the defaults of the others, else empty."""
    scope, declared = run.scope(), use.action.manifest.inputs
    given = {name: render(text.template, scope) for name, text in use.step.with_.items()}
    for name in given:
        known = declared.get(name.lower())
        if known is not None and known.deprecation is not None:
            message = f"Input '{name}' has been deprecated with message: {known.deprecation}"
            run.log.annotate("warning", message)
    unknown = "', '".join(name for name in given if name.lower() not in declared)
    if unknown:
        valid = "', '".join(each.name for each in declared.values())
        run.log.annotate("warning", f"Unexpected input(s) '{unknown}', valid inputs are ['{valid}']")
    there = {name.lower() for name in given}
    defaults = {
        each.name: render(each.default, scope) if each.default is not None else ""
        for key, each in declared.items()
        if key not in there
    }
    return given | defaults


def _header(use: ActionUse, run: StepRun, inputs: Mapping[str, str]) -> None:
    log = run.log
    if run.stage == "post":
        log.write("Post job cleanup.")
        return
    log.write(f"Run {use.action.reference}", "group")
    given = {name: value for name, value in inputs.items() if value}
    if given:
        log.write("with:")
    for name, value in given.items():
        log.write(f"  {name}: {value}")
    write_variables(log, run)
    if use.action.commit is not None:
        log.write(f"The code of {use.action.reference} itself runs: commit {use.action.commit}")
    if use.action.builtin:
        log.write(f"pysim runs its own action for this one, made after {use.action.models}:")
        for sentence in use.action.differs:
            log.write(f"  {sentence}")
    log.write("", "endgroup")


def _process(use: ActionUse, run: StepRun, runs: ScriptRuns | JavaScriptRuns, inputs: Mapping[str, str]) -> Conclusion:
    """The script of a part. GitHub says nothing of its exit code: a failing action prints its errors itself."""
    script = {"pre": runs.pre, "main": runs.main, "post": runs.post}[run.stage]
    assert script is not None
    if isinstance(runs, ScriptRuns):
        argv = script_argv(use.action, script, python=LAYOUT.python, actions=LAYOUT.actions)
    else:
        node = LAYOUT.externals / f"node{max(runs.node, OLDEST_NODE)}/bin/node"
        argv = (str(node), str(use.folder / script))
    variables = {f"STATE_{name}": value for name, value in use.state.items()}
    variables |= {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}
    access = run.job.access
    try:
        return run.command(argv, run.job.folder, given=variables, services={**access.action_env, **access.script_env})
    finally:
        use.state.update(run.log.state)


def _composite(
    use: ActionUse, run: StepRun, runs: CompositeRuns, inputs: Mapping[str, Value], uses: Uses
) -> Conclusion:
    if run.depth > DEEPEST:
        raise StepError(f"Composite action depth exceeded max depth {DEEPEST}")
    # The steps of a nested action, too, have the github context of the job's step, but for the action's own folder.
    outside = run.frame.fields if run.outer else {key: run.fields[key] for key in _OF_THE_STEP}
    fields = {**outside, "action_path": str(use.folder)}
    inner = Frame(inputs=inputs, fields=fields, overrides=run.overrides)
    for step in runs.steps:
        part = begin_inside(run, inner, step)
        inner.book(step, perform(part, partial(carry_out, uses=uses)))
    scope = run.job.scope(inner, env=run.env, fields=run.fields)
    for name, template in use.action.manifest.outputs.items():
        if template is not None:
            run.log.outputs[name] = render(template, scope)
    return inner.status


_OF_THE_STEP: Final = ("action", "action_repository", "action_ref")
