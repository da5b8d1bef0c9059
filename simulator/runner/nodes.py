"""Which Node runs a JavaScript action: one of those beside the runner, never the one on PATH."""

from __future__ import annotations

from typing import Final

from simulator.engines.base import LAYOUT, Command
from simulator.runner.state import JobState
from simulator.runner.step import StepError, StepRun

MAJORS: Final = (20, 24)  # that may lie beside a runner
NEWEST: Final = 24
_KEEP: Final = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"
_FORCE: Final = "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24"


class Nodes:
    """The Nodes of a job's sandbox."""

    def __init__(self, job: JobState) -> None:
        self._job = job
        self._versions: dict[int, str | None] = {}

    def executable(self, declared: int, run: StepRun) -> str:
        """The Node for an action that declares a major version; what there is to say of it goes to the step's log.

        Where the right one is missing it is the nearest newer one, else the newest. Raises StepError without any.
        """
        wanted = wanted_major(declared, run)
        for major in sorted(MAJORS, key=lambda major: (major < wanted, abs(major - wanted))):
            version = self._version(major)
            if version is None:
                continue
            if not version.startswith(f"v{wanted}."):
                run.log.write(f"Node {wanted} is not here: Node {version} runs the action instead.")
            return str(_path(major))
        raise StepError("There is no Node for JavaScript actions here. Install Node 24, or use the docker engine.")

    def _version(self, major: int) -> str | None:
        if major not in self._versions:
            lines: list[str] = []
            sandbox = self._job.sandbox
            argv = (str(_path(major)), "--version")
            done = sandbox.run(Command(argv=argv, cwd=LAYOUT.work, env=sandbox.environment), lines.append)
            self._versions[major] = lines[0] if done.ok and lines else None
        return self._versions[major]


def wanted_major(declared: int, run: StepRun) -> int:
    """GitHub runs actions that declare an older Node on its newest one, unless a variable asks to keep the older."""
    if declared >= NEWEST:
        return declared
    keep, force = (run.env.get(name, "").strip().lower() == "true" for name in (_KEEP, _FORCE))
    if keep and force:
        run.log.annotate(
            "warning",
            f"Both {_FORCE} and {_KEEP} environment variables are set to true in the workflow environment. This is "
            f"likely a configuration error. Using the default Node version: node{NEWEST}.",
        )
    elif keep:
        run.log.annotate("warning", f"GitHub's runners have no Node 20 since 16 September 2026, whatever {_KEEP} says.")
        return MAJORS[0]
    return NEWEST


def _path(major: int) -> str:
    return str(LAYOUT.externals / f"node{major}/bin/node")
