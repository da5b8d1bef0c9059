"""Runs a script of a built-in action as the runner does: its manifest's defaults, GitHub's variables, file commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from simulator.actions.model import ResolvedAction, ScriptRuns
from simulator.actions.reference import parse_reference
from simulator.actions.resolve import resolve
from simulator.actions.scripts import BUILTIN_FOLDER, builtin_folder, script_argv
from simulator.engines.base import LAYOUT, Command, Sandbox
from simulator.twins.base import JobAccess
from tests.twins.driving import Job

FILES = ("ENV", "OUTPUT", "PATH", "STATE", "STEP_SUMMARY")
DEFAULTS = {
    "github.repository": "octo/demo",
    "github.token": "ghs_job",
    "github.run_id": "77",
    "github.workspace": ".",
    "github.server_url == 'https://github.com' && github.token || ''": "ghs_job",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a script ended and what it left in the step's files; `lines` are without colours."""

    code: int
    lines: Sequence[str]
    outputs: Mapping[str, str]
    variables: Mapping[str, str]
    paths: Sequence[str]
    state: Mapping[str, str]
    summary: str

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def said(self, command: str) -> list[str]:
        """What was said with a workflow command, without its properties, unescaped."""
        found = [re.match(rf"::{command}(?: [^:]*)?::(.*)", line) for line in self.lines]
        texts = [match[1] for match in found if match]
        return [text.replace("%0A", "\n").replace("%3A", ":").replace("%25", "%") for text in texts]


@dataclass(kw_only=True)
class Driver:
    """A job's folders, and how its actions are run."""

    root: Path
    base: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = True

    def __post_init__(self) -> None:
        self.workspace.mkdir(parents=True, exist_ok=True)
        for folder in ("temp", "tools", "home"):
            (self.root / folder).mkdir(exist_ok=True)

    @property
    def workspace(self) -> Path:
        return self.root / "work" / "demo"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def tools(self) -> Path:
        return self.root / "tools"

    def run(
        self,
        uses: str,
        inputs: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        *,
        script: str | None = None,
        state: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run the main script of an action, or another one."""
        reference = parse_reference(uses)
        action = resolve(reference, workspace_read=None)
        assert isinstance(action.manifest.runs, ScriptRuns)
        argv = self._argv(script_argv(action, script or action.manifest.runs.main, **self._places()))
        variables = {
            **input_variables(action, inputs or {}),
            **{f"STATE_{name}": value for name, value in (state or {}).items()},
            "GITHUB_ACTION_REF": uses.partition("@")[2],
            **(env or {}),
        }
        return self.program(argv, variables)

    def program(self, argv: Sequence[str], variables: Mapping[str, str]) -> Outcome:
        """Run a program as a step of the job."""
        done = subprocess.run(
            argv,
            cwd=self.workspace,
            env={**self._environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        return self._outcome(done.returncode, done.stdout.decode())

    def _places(self) -> dict[str, PurePosixPath]:
        """The sandbox's paths of this machine: `_pysim` is a link to the shipped folder."""
        actions = self.root / "actions"
        actions.mkdir(exist_ok=True)
        if not (actions / "_pysim").exists():
            (actions / "_pysim").symlink_to(BUILTIN_FOLDER)
        return {"python": PurePosixPath(sys.executable), "actions": PurePosixPath(actions)}

    def _argv(self, argv: tuple[str, ...]) -> list[str]:
        return [word for word in argv if self.isolated or word != "-I"]

    def _environment(self) -> dict[str, str]:
        files = {f"GITHUB_{name}": str(self.root / name) for name in FILES}
        for file in files.values():
            Path(file).write_text("")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            **github_variables(str(self.workspace), str(self.temp), str(self.tools)),
            **files,
            **self.base,
        }

    def _outcome(self, code: int, text: str) -> Outcome:
        return outcome(code, text.splitlines(), {name: (self.root / name).read_text() for name in FILES})


@dataclass(kw_only=True)
class SandboxDriver:
    """A job in a real sandbox: what actions export holds for the later ones."""

    sandbox: Sandbox
    access: JobAccess
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        workspace = LAYOUT.work / "demo/demo"
        self.environment = {
            **self.sandbox.environment,
            **github_variables(str(workspace), str(LAYOUT.temp), str(LAYOUT.tool_cache)),
            **self.access.run_env,
            **{f"GITHUB_{name}": str(LAYOUT.temp / name) for name in FILES},
            **self.environment,
        }
        self.sandbox.copy_in(BUILTIN_FOLDER, builtin_folder(LAYOUT.actions))
        self.sandbox.write(workspace / ".keep", b"")
        self.sandbox.write(LAYOUT.temp / ".keep", b"")

    def run(self, uses: str, inputs: Mapping[str, str] | None = None) -> Outcome:
        """Run the main script of an action."""
        action = resolve(parse_reference(uses), workspace_read=None)
        assert isinstance(action.manifest.runs, ScriptRuns)
        argv = script_argv(action, action.manifest.runs.main, python=LAYOUT.python, actions=LAYOUT.actions)
        more = {**input_variables(action, inputs or {}), **self.access.action_env, **self.access.script_env}
        return self.command(argv, {**more, "GITHUB_ACTION_REF": uses.partition("@")[2]})

    def command(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command as a step; what it exports is there for the next one."""
        files = {name: LAYOUT.temp / name for name in FILES}
        for file in files.values():
            self.sandbox.write(file, b"")
        lines: list[str] = []
        cwd = PurePosixPath(self.environment["GITHUB_WORKSPACE"])
        command = Command(argv=tuple(argv), cwd=cwd, env={**self.environment, **(env or {})}, timeout=120)
        done = self.sandbox.run(command, lines.append)
        result = outcome(done.code, lines, {name: self.sandbox.read(file).decode() for name, file in files.items()})
        path = ":".join([*reversed(result.paths), self.environment["PATH"]])
        self.environment |= {**result.variables, "PATH": path}
        return result


def outcome(code: int, lines: Sequence[str], files: Mapping[str, str]) -> Outcome:
    """What a script's lines and the content of its files say."""
    return Outcome(
        code=code,
        lines=[re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in lines],
        outputs=_assignments(files["OUTPUT"]),
        variables=_assignments(files["ENV"]),
        paths=files["PATH"].splitlines(),
        state=_assignments(files["STATE"]),
        summary=files["STEP_SUMMARY"],
    )


def input_variables(action: ResolvedAction, inputs: Mapping[str, str]) -> dict[str, str]:
    """INPUT_* of a step: what it gives, else the defaults of the manifest."""
    declared = action.manifest.inputs
    given = {key: _default(each.default.source if each.default else "") for key, each in declared.items()}
    given |= {key.lower(): value for key, value in inputs.items()}
    return {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in given.items()}


def github_variables(workspace: str, temp: str, tools: str) -> dict[str, str]:
    """The variables of a job of octo/demo."""
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": workspace,
        "GITHUB_REPOSITORY": "octo/demo",
        "GITHUB_REPOSITORY_OWNER": "octo",
        "GITHUB_RUN_ID": "77",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_WORKFLOW_REF": "octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0",
        "GITHUB_EVENT_NAME": "push",
        "RUNNER_TEMP": temp,
        "RUNNER_TOOL_CACHE": tools,
    }


def _default(source: str) -> str:
    expression = re.fullmatch(r"\$\{\{\s*(.*?)\s*\}\}", source)
    return DEFAULTS[expression[1]] if expression else source


def _assignments(text: str) -> dict[str, str]:
    return {m[1]: m[3] for m in re.finditer(r"^(.+?)<<(.+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)}


JobDriver = Callable[[str], Driver]


def job_environment(job: Job) -> dict[str, str]:
    """What the job's actions see beside GitHub's variables.

    No git setting may name /dev/null: root who writes global settings there replaces the device by a file.
    """
    own = {"HOME": str(job.folder), "GIT_CONFIG_GLOBAL": str(job.folder / "gitconfig")}
    return {**job.env, **job.access.action_env, **job.access.script_env, **own}
