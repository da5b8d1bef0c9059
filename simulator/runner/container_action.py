"""What a Docker action does: the image that it is, and the container that one of its parts runs in.

Source of the rules: actions/runner, ActionManager and ContainerActionHandler.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from simulator.actions.model import ContainerRuns, LocalReference, RepositoryReference, ResolvedAction
from simulator.engines.base import Command, ContainerError, ContainerImage, ContainerSpec, Exit, LineSink
from simulator.expressions.language import Scope, render
from simulator.run_events import Conclusion
from simulator.runner.container_paths import ACTION_HOME, ACTION_WORKSPACE, action_paths, translate
from simulator.runner.shells import split
from simulator.runner.state import JobState
from simulator.runner.step import StepError, StepRun

_PREFIX: Final = "docker://"


@dataclass(kw_only=True, slots=True)
class ActionImages:
    """The images of a job's Docker actions: each is pulled or built once."""

    job: JobState
    _known: dict[str, ContainerImage] = field(default_factory=dict)

    def have(self, action: ResolvedAction, folder: PurePosixPath, say: LineSink) -> ContainerImage:
        """The image of an action whose files lie in `folder` of the sandbox. Raises StepError."""
        runs = action.manifest.runs
        assert isinstance(runs, ContainerRuns)
        key = runs.image if runs.image.startswith(_PREFIX) else str(action.reference)
        local = isinstance(action.reference, LocalReference) and key != runs.image
        if key not in self._known or local:
            try:
                self._known[key] = self._make(action, runs, folder, say)
            except ContainerError as error:
                raise StepError(str(error)) from error
        return self._known[key]

    def _make(
        self, action: ResolvedAction, runs: ContainerRuns, folder: PurePosixPath, say: LineSink
    ) -> ContainerImage:
        containers = self.job.sandbox.containers
        if runs.image.startswith(_PREFIX):
            return containers.image(runs.image.removeprefix(_PREFIX), on_line=say)
        source: Path | PurePosixPath = folder
        at = action.reference
        if isinstance(at, RepositoryReference):
            source = action.folder / at.path
        file = PurePosixPath(posixpath.normpath(runs.image))
        if file.is_absolute() or ".." in file.parts:
            raise StepError(f"'{runs.image}' is no Dockerfile in the folder of {at}")
        name = str(at) if isinstance(at, RepositoryReference) else f"{self.job.github['repository']} {at}"
        context = source / file.parent
        if isinstance(context, Path) and not context.resolve().is_relative_to(action.folder.resolve()):
            raise StepError(f"'{runs.image}' leads out of the repository of {at}")
        return containers.build(context, file.name, name=name, on_line=say)


def image_step_name(action: ResolvedAction) -> str | None:
    """What the step is called that gets the image of an action before any step runs; None where there is none."""
    runs = action.manifest.runs
    if not isinstance(runs, ContainerRuns) or isinstance(action.reference, LocalReference):
        return None
    built = not runs.image.startswith(_PREFIX)
    return f"Build {action.reference}" if built else f"Pull {runs.image.removeprefix(_PREFIX)}"


def run_container(
    run: StepRun,
    runs: ContainerRuns,
    image: ContainerImage,
    inputs: Mapping[str, str],
    given: Mapping[str, str],
    services: Mapping[str, str],
) -> Conclusion:
    """Run the part of a Docker action that the stage of `run` says; `given` and `services` as in `StepRun.command`."""
    job = run.job
    scope = run.scope()
    within = Scope(contexts={**scope.contexts, "inputs": dict(inputs)}, functions=scope.functions)
    for name, template in runs.env.items():
        run.env.setdefault(name, render(template, within))
    paths = run.log.container_paths = action_paths(job.folder)
    env = {name: translate(value, paths) for name, value in _environment(run, given, services).items()}
    entrypoint = _entrypoint(run, runs, inputs)
    spec = ContainerSpec(
        name=re.sub(r"[^A-Za-z0-9]", "", f"{job.github['repository']}_{run.name}")[:30],
        image=image.id,
        env={**env, "HOME": str(ACTION_HOME)},
        folders=paths,
        entrypoint=(entrypoint,) if entrypoint else None,
        command=tuple(_arguments(runs, inputs, within)),
        cwd=ACTION_WORKSPACE,
    )
    outcome = run.limited(lambda seconds: _work(run, spec, seconds))
    if outcome is not Conclusion.SUCCESS:
        run.log.error(f"Docker run failed with exit code {run.exit_code}.")
    return outcome


def _environment(run: StepRun, given: Mapping[str, str], services: Mapping[str, str]) -> Mapping[str, str]:
    """That of the step alone: neither the runner's own variables nor GITHUB_PATH reach a container."""
    return run.job.process_env(run.env, run.fields, given, services, base={}, search=False)


def _entrypoint(run: StepRun, runs: ContainerRuns, inputs: Mapping[str, str]) -> str | None:
    match run.stage:
        case "pre":
            return runs.pre_entrypoint
        case "main":
            return runs.entrypoint or _input(inputs, "entrypoint")
        case "post":
            return runs.post_entrypoint


def _arguments(runs: ContainerRuns, inputs: Mapping[str, str], scope: Scope) -> Sequence[str]:
    if runs.args is None:
        return split(_input(inputs, "args"))
    return [render(template, scope) for template in runs.args]


def _input(inputs: Mapping[str, str], name: str) -> str:
    return next((value for key, value in inputs.items() if key.lower() == name), "")


def _work(run: StepRun, spec: ContainerSpec, seconds: float | None) -> Exit:
    """Run the container with the step's command files, and give them back."""
    sandbox = run.job.sandbox
    files = run.new_files()
    folders = tuple(str(folder) for folder in spec.folders.values())
    sandbox.run(
        Command(argv=("mkdir", "-p", *folders), cwd=PurePosixPath("/"), env=sandbox.environment, files=files),
        run.log.write,
    )
    try:
        container = sandbox.containers.create(spec)
        for note in container.notes:
            run.log.write(note)
        run.log.write(_shown(spec), "command")
        try:
            done = container.run(run.log, timeout=seconds, stop=run.life.stop)
        finally:
            container.remove()
    except ContainerError as error:
        raise StepError(str(error)) from error
    kept: dict[PurePosixPath, bytes] = {}
    for path in files:
        try:
            kept[path] = sandbox.read(path)
        except FileNotFoundError:
            continue
    return replace(done, files=kept)


def _shown(spec: ContainerSpec) -> str:
    """The container as the docker command that would run it, without the values of variables."""
    words = ["docker", "run", "--rm", "--workdir", str(spec.cwd)]
    words += [word for name in spec.env for word in ("-e", f'"{name}"')]
    words += ["--entrypoint", f'"{spec.entrypoint[0]}"'] if spec.entrypoint else []
    words += [word for place, folder in spec.folders.items() for word in ("-v", f'"{folder}":"{place}"')]
    return " ".join([*words, spec.image.removeprefix("sha256:")[:12], *(f'"{word}"' for word in spec.command or ())])
