"""What a `uses:` step does: the inputs of its action, and the action's pre, main and post parts.

A composite action's steps run as a job's own do, and so do the pre and post parts of the actions that it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, Protocol, assert_never

from simulator.actions.errors import ActionManifestError, UnavailableActionError, UnknownActionError
from simulator.actions.model import (
    CompositeRuns,
    ContainerRuns,
    DockerReference,
    JavaScriptRuns,
    LocalReference,
    OutsideRuns,
    RepositoryReference,
    ResolvedAction,
    ScriptRuns,
    UnavailableRuns,
)
from simulator.actions.reference import ReferenceSyntaxError, is_local, parse_reference
from simulator.actions.scripts import BUILTIN_FOLDER, action_folder, builtin_folder, preparation_argv, script_argv
from simulator.actions.survey import DEEPEST
from simulator.engines.base import LAYOUT, Command, ContainerImage, LineSink
from simulator.expressions.language import Expression, Value, Vocabulary, parse, render
from simulator.planning.outside import action_writes_outside
from simulator.planning.uploads import destinations_of_action
from simulator.remedies import Act, remedy
from simulator.run_events import Conclusion
from simulator.runner.container_action import ActionImages, image_step_name, run_container
from simulator.runner.nodes import Nodes
from simulator.runner.not_rehearsed import (
    DOCKER_HINT,
    action_not_rehearsed,
    unavailable,
)
from simulator.runner.real_writes import hold_writes, reader, take_uploads
from simulator.runner.script import run_script, write_variables
from simulator.runner.state import Frame, JobState, StepHost
from simulator.runner.step import (
    StepError,
    StepNotRehearsedError,
    StepRun,
    begin_inside,
    begin_part,
    display_name,
    perform,
)
from simulator.workflow.model import Step

_ALWAYS: Final = parse("always()", Vocabulary(frozenset(), {"always": (0, 0)}))
_TOO_DEEP: Final = f"Composite action depth exceeded max depth {DEEPEST}"


class Resolver(Protocol):
    """Finds the action of a step; a local one is read from the job's sandbox when the step runs.

    Raises UnknownActionError, ActionManifestError or ReferenceSyntaxError when there is none, UnavailableActionError
    when there may be one that pysim does not run.
    """

    def __call__(self, job: JobState, step: Step, /) -> ResolvedAction: ...


@dataclass(kw_only=True, slots=True, eq=False)
class ActionUse:
    """One use of an action in a job: what its pre, main and post part share.

    `folder` is in the sandbox, `name` is what the step is called. Of a composite action, `inner` are the uses that its
    steps are, by the step's number, as far as they are known, and `inside` is where its steps ran. `image` is that of a
    Docker action, once it is there.
    """

    step: Step
    action: ResolvedAction
    folder: PurePosixPath
    frame: Frame
    name: str
    state: dict[str, str] = field(default_factory=dict)
    began: bool = False
    inner: dict[int, ActionUse] = field(default_factory=dict)
    inside: Frame | None = None
    image: ContainerImage | None = None

    @property
    def is_local(self) -> bool:
        """Whether the action lies in the workspace."""
        return isinstance(self.action.reference, LocalReference)

    @property
    def pre(self) -> Expression | None:
        """The condition of its pre part, if it has one; a composite action's is those of the actions inside."""
        match self.action.manifest.runs:
            case ScriptRuns() | JavaScriptRuns() as runs:
                return runs.pre_if if runs.pre is not None else None
            case ContainerRuns() as runs:
                return runs.pre_if if runs.pre_entrypoint is not None else None
            case OutsideRuns() | UnavailableRuns():
                return None
            case CompositeRuns():
                return _ALWAYS if any(use.pre for use in self.inner.values() if not use.is_local) else None
            case runs:
                assert_never(runs)

    @property
    def post(self) -> Expression | None:
        """The condition of its post part, if it has one; a local action inside may have one."""
        match self.action.manifest.runs:
            case ScriptRuns() | JavaScriptRuns() as runs:
                return runs.post_if if runs.post is not None else None
            case ContainerRuns() as runs:
                return runs.post_if if runs.post_entrypoint is not None else None
            case OutsideRuns() | UnavailableRuns():
                return None
            case CompositeRuns() as runs:
                local = any(step.uses is not None and is_local(step.uses.value) for step in runs.steps)
                return _ALWAYS if local or any(use.post for use in self.inner.values()) else None
            case runs:
                assert_never(runs)


class Uses:
    """The actions that a job uses, and whose post parts are to come, in the order in which they began."""

    def __init__(self, job: JobState, resolve: Resolver) -> None:
        self.posts: list[ActionUse] = []
        self.nodes = Nodes(job)
        self.images = ActionImages(job=job)
        self._job = job
        self._resolve = resolve
        self._prepared: dict[int, ActionUse] = {}  # by the number of the job's step
        self._copied: set[PurePosixPath] = set()
        self._prepared_by: set[tuple[str, ...]] = set()

    def prepare(self, step: Step, say: Callable[[str], None]) -> None:
        """Resolve the action of a job's step before any step runs, and the actions inside. Raises StepError."""
        name = display_name(step, self._job.scope())
        self._prepared[step.number] = self._use(step, self._job.frame, name, say)

    def find(self, run: StepRun, within: ActionUse | None) -> ActionUse:
        """The use that a step under way is; `within` is that of the composite action around it. Raises StepError."""
        known = self._prepared if within is None else within.inner
        use = known.get(run.step.number)
        if use is None:
            use = known[run.step.number] = self._use(run.step, run.frame, run.name, run.log.write, run.depth)
        use.frame, use.name = run.frame, run.name
        return use

    def image_steps(self) -> Iterator[tuple[str, Callable[[LineSink], object]]]:
        """What gets the images of the Docker actions before any step runs: what each step is called, and does."""
        told: set[str] = set()
        waiting = list(self._prepared.values())
        while waiting:
            use = waiting.pop(0)
            waiting[:0] = use.inner.values()
            name = image_step_name(use.action)
            if name is not None and name not in told:
                told.add(name)
                yield name, partial(self.images.have, use.action, use.folder)

    def begin_pre_parts(self) -> Iterator[tuple[ActionUse, StepRun]]:
        """Begin the pre part of each action that has one, in the order of the job's steps."""
        for use in [use for use in self._prepared.values() if not use.is_local]:
            if use.pre is not None:
                yield use, begin_part(self._job, use.frame, use.step, "pre", use.pre, f"Pre {use.name}")

    def begin_post_parts(self) -> Iterator[tuple[ActionUse, StepRun]]:
        """Begin the post part of each action that began, the last one first."""
        for use in reversed(self.posts):
            assert use.post is not None
            yield use, begin_part(self._job, use.frame, use.step, "post", use.post, f"Post {use.name}")

    def began(self, use: ActionUse, run: StepRun) -> None:
        """The action began, so its post part is to come: once for a use."""
        if not use.began and run.outer is None:
            self.posts.append(use)
        use.began = True

    def _use(self, step: Step, frame: Frame, name: str, say: Callable[[str], None], depth: int = 0) -> ActionUse:
        if depth > DEEPEST:
            raise StepError(_TOO_DEEP)
        action = self._found(step)
        folder = folder_in_sandbox(self._job, action)
        if action.builtin:
            self._copy(BUILTIN_FOLDER, builtin_folder(LAYOUT.actions))
        elif isinstance(action.reference, RepositoryReference):
            say(f"Download action repository '{action.reference}'{_version(action)}")
            self._copy(action.folder, repository_folder(action.reference))
            self._make_ready(action.reference, say)
        use = ActionUse(step=step, action=action, folder=folder, frame=frame, name=name)
        runs = action.manifest.runs
        for inner in runs.steps if isinstance(runs, CompositeRuns) else ():
            if inner.uses is not None and not is_local(inner.uses.value):
                inner_name = display_name(inner, self._job.scope())
                use.inner[inner.number] = self._use(inner, frame, inner_name, say, depth + 1)
        return use

    def _found(self, step: Step) -> ResolvedAction:
        """The action of a step; of one that pysim does not run, one that says so when its step runs."""
        try:
            action = self._resolve(self._job, step)
        except UnavailableActionError as error:
            assert step.uses is not None
            runs = UnavailableRuns(why=str(error), hint=error.hint, remedies=error.remedies)
            return unavailable(parse_reference(step.uses.value), runs)
        except (UnknownActionError, ActionManifestError) as error:
            text = str(error)
            if isinstance(error, ActionManifestError) and error.is_of_pysim:
                assert step.uses is not None
                return unavailable(parse_reference(step.uses.value), UnavailableRuns(why=text, hint=error.hint))
            raise StepError(f"{text}{'' if text.endswith(('.', '?')) else '.'} {error.hint}") from error
        except ReferenceSyntaxError as error:
            raise StepError(str(error)) from error
        why = self._hindrance(action)
        if why is None:
            return action
        runs = UnavailableRuns(why=why, hint=DOCKER_HINT, remedies=(remedy(Act.USE_ENGINE, "docker"),))
        return unavailable(action.reference, runs)

    def _hindrance(self, action: ResolvedAction) -> str | None:
        """Why the engine cannot run an action; None where it can."""
        engine = self._job.settings.engine
        match action.manifest.runs:
            case ContainerRuns() if (reason := engine.no_containers) is not None:
                return f"{action.reference} is a Docker action, and {reason}"
            case JavaScriptRuns() if (reason := engine.no_node(lambda _: None)) is not None:
                return f"{action.reference} is a JavaScript action, and {reason}"
            case _:
                return None

    def _make_ready(self, at: RepositoryReference, say: Callable[[str], None]) -> None:
        argv = preparation_argv(at, python=LAYOUT.python, actions=LAYOUT.actions)
        if argv is None or argv in self._prepared_by:
            return
        self._prepared_by.add(argv)
        self._copy(BUILTIN_FOLDER, builtin_folder(LAYOUT.actions))
        sandbox = self._job.sandbox
        env = {**sandbox.environment, "RUNNER_TOOL_CACHE": str(LAYOUT.tool_cache)}
        sandbox.run(Command(argv=argv, cwd=LAYOUT.work, env=env), say)

    def _copy(self, source: Path, target: PurePosixPath) -> None:
        if target not in self._copied:
            self._job.sandbox.copy_in(source, target)
            self._copied.add(target)


def _version(action: ResolvedAction) -> str:
    return f" (SHA:{action.commit})" if action.commit else f" (the files of {action.origin})"


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
        case DockerReference():
            return job.folder
        case _:
            assert_never(action.reference)


def carry_out(run: StepRun, uses: Uses, within: ActionUse | None = None) -> Conclusion:
    """The body of a step of a job or of a composite action: its script, or the main part of its action."""
    run.fields.update(action_repository=None, action_ref=None)
    return run_script(run) if run.step.uses is None else run_part(run, uses.find(run, within), uses)


def run_part(run: StepRun, use: ActionUse, uses: Uses) -> Conclusion:
    """The part of an action that the stage of `run` says."""
    at, runs = use.action.reference, use.action.manifest.runs
    if use.pre is not None and isinstance(at, LocalReference) and run.stage == "main":
        run.log.annotate("warning", f"`pre` execution is not supported for local action from '{at}'")
    if use.post is not None and run.stage != "post":
        uses.began(use, run)
    run.fields.update(action_repository=None, action_ref=None)
    if isinstance(at, RepositoryReference):
        run.fields.update(action_repository=f"{at.owner}/{at.repo}", action_ref=at.ref)
    inputs = _inputs(use, run)
    _header(use, run, inputs)
    _refuse_what_is_real(run, str(at), {name.lower(): value for name, value in inputs.items()})
    match runs:
        case OutsideRuns():
            run.log.annotate("notice", f"Not rehearsed: {at} would have {runs.done}.")
            return Conclusion.SUCCESS
        case UnavailableRuns():
            raise StepNotRehearsedError(action_not_rehearsed(at, runs))
        case ScriptRuns() | JavaScriptRuns():
            return _process(use, run, runs, inputs, uses)
        case ContainerRuns():
            return _container(use, run, runs, inputs, uses)
        case CompositeRuns():
            return _composite(use, run, runs, inputs, uses)
        case _:
            assert_never(runs)


def _refuse_what_is_real(run: StepRun, uses: str, inputs: Mapping[str, str]) -> None:
    """Pass over an action that would write for real with its inputs; stand-ins take its uploads."""
    said = action_writes_outside(uses, inputs)
    hold_writes([] if said is None else [said])
    take_uploads(run, destinations_of_action(uses, inputs, run.env, reader(run, run.job.folder)))


def _inputs(use: ActionUse, run: StepRun) -> dict[str, str]:
    """Every input by its name: those of `with`, undeclared ones too, then the defaults of the others, else empty."""
    scope, declared = run.scope(), use.action.manifest.inputs
    given = {name: render(text.template, scope) for name, text in use.step.with_.items()}
    for name in given:
        known = declared.get(name.lower())
        if known is not None and known.deprecation is not None:
            message = f"Input '{name}' has been deprecated with message: {known.deprecation}"
            run.log.annotate("warning", message)
    names = use.action.manifest.input_names
    known_names = {name.lower() for name in names or ()}
    unknown = "', '".join(name for name in given if name.lower() not in known_names)
    if unknown and names is not None:
        valid = "', '".join(names)
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
    if isinstance(use.action.reference, RepositoryReference) and not use.action.builtin:
        log.write(f"The action's own code runs{_version(use.action)}")
    if use.action.models is not None:
        log.write(f"pysim runs its own action for this one, made after {use.action.models}:")
        for sentence in use.action.differs:
            log.write(f"  {sentence}")
    log.write("", "endgroup")


def _process(
    use: ActionUse, run: StepRun, runs: ScriptRuns | JavaScriptRuns, inputs: Mapping[str, str], uses: Uses
) -> Conclusion:
    """The script of a part. GitHub says nothing of its exit code: a failing action prints its errors itself."""
    script = {"pre": runs.pre, "main": runs.main, "post": runs.post}[run.stage]
    assert script is not None
    host: StepHost | None = None
    if isinstance(runs, ScriptRuns):
        argv = script_argv(use.action, script, python=LAYOUT.python, actions=LAYOUT.actions)
        host = run.job.runner_host
    else:
        argv = (uses.nodes.executable(runs.node, run), str(use.folder / script))
        run.env.pop("NODE_ICU_DATA", None)  # of another Node than the runner's (actions/runner#795)
    access = run.job.access
    services = {**access.action_env, **access.script_env}
    try:
        return run.command(argv, run.job.folder, given=_variables(use, inputs), services=services, host=host)
    finally:
        _save(use.state, run.log.state)


def _container(use: ActionUse, run: StepRun, runs: ContainerRuns, inputs: Mapping[str, str], uses: Uses) -> Conclusion:
    """The container of a part."""
    if use.image is None:
        use.image = uses.images.have(use.action, use.folder, run.log.write)
    try:
        return run_container(run, runs, use.image, inputs, _variables(use, inputs), run.job.access.action_env)
    finally:
        _save(use.state, run.log.state)


def _variables(use: ActionUse, inputs: Mapping[str, str]) -> dict[str, str]:
    """The state and the inputs of an action."""
    state = {f"STATE_{name}": value for name, value in use.state.items()}
    return state | {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}


def _save(state: dict[str, str], new: Mapping[str, str]) -> None:
    """State is kept by name, whatever the case."""
    names = {name.lower(): name for name in state}
    for name, value in new.items():
        state[names.setdefault(name.lower(), name)] = value


def _composite(
    use: ActionUse, run: StepRun, runs: CompositeRuns, inputs: Mapping[str, Value], uses: Uses
) -> Conclusion:
    if run.depth > DEEPEST:
        raise StepError(_TOO_DEEP)
    # The steps of a nested action, too, have the github context of the job's step, but for the action's own folder.
    outside = run.frame.fields if run.outer else {key: run.fields[key] for key in _OF_THE_STEP}
    inner = Frame(inputs=inputs, fields={**outside, "action_path": str(use.folder)}, overrides=run.overrides)
    if run.stage != "main":
        return _parts_inside(use, run, inner, uses)
    use.inside = inner
    for step in runs.steps:
        part = begin_inside(run, inner, step)
        inner.record(step, perform(part, partial(carry_out, uses=uses, within=use)))
    scope = run.job.scope(inner, env=run.env, fields=run.fields)
    for name, template in use.action.manifest.outputs.items():
        if template is not None:
            run.log.outputs[name] = render(template, scope)
    return inner.status


def _parts_inside(use: ActionUse, run: StepRun, frame: Frame, uses: Uses) -> Conclusion:
    """The pre parts of the actions that a composite one uses; or the post parts of those that began, backwards."""
    parts = [use.inner[number] for number in sorted(use.inner, reverse=run.stage == "post")]
    if run.stage == "post" and use.inside is not None:
        frame.steps = use.inside.steps
    for inner in parts:
        condition = inner.post if run.stage == "post" else inner.pre
        if condition is None or (run.stage == "post" and not inner.began) or (run.stage == "pre" and inner.is_local):
            continue
        inner.frame = frame
        part = begin_inside(run, frame, inner.step, stage=run.stage, condition=condition)
        frame.merge(perform(part, partial(run_part, use=inner, uses=uses)).conclusion)
    return frame.status


_OF_THE_STEP: Final = ("action", "action_repository", "action_ref")
