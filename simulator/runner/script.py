"""What a `run:` step does: its shell, its folder, and the script that the shell is given."""

from __future__ import annotations

import uuid

from simulator.engines.base import LAYOUT, NewFile
from simulator.expressions.language import Scope, render
from simulator.planning.outside import script_writes_outside
from simulator.planning.uploads import destinations_of_script
from simulator.run_events import Conclusion
from simulator.runner.log import StepLog
from simulator.runner.real_writes import hold_writes, reader, take_uploads
from simulator.runner.shells import Shell, find_shell
from simulator.runner.step import StepError, StepRun
from simulator.workflow.model import Text


def run_script(run: StepRun) -> Conclusion:
    """Run the script of a step. Raises what `runner.step.perform` takes for a failed step."""
    job, step, scope = run.job, run.step, run.scope()
    if step.run is None:
        raise StepError(f"pysim does not carry out `{step.control}:` yet")
    text = render(step.run.template, scope)
    inside = run.outer is not None  # the job's defaults do not count in a composite action
    shell = _shell(run, _rendered(step.shell, scope) or (None if inside else job.shell))
    folder = _rendered(step.working_directory, scope)
    if folder is None and not inside:
        folder = job.working_directory
    place = job.folder / (folder or "")
    hold_writes(script_writes_outside(text))
    take_uploads(run, destinations_of_script(text, run.env, reader(run, place)))
    file = LAYOUT.temp / f"{uuid.uuid4()}{shell.extension}"
    script = NewFile(content=shell.script(text).encode("utf-8", "replace"), mode=0o755)
    _header(run, text, shell)
    outcome = run.command(shell.argv(str(file)), place, files={file: script})
    if outcome is not Conclusion.SUCCESS:
        run.log.error(f"Process completed with exit code {run.exit_code}.")
    return outcome


def write_variables(log: StepLog, run: StepRun) -> None:
    """The `env:` part of the head of a step's log."""
    if run.env:
        log.write("env:")
    for name, value in run.env.items():
        log.write(f"  {name}: {value}")
    log.variables(run.origins())


def _rendered(text: Text | None, scope: Scope) -> str | None:
    return None if text is None else render(text.template, scope)


def _shell(run: StepRun, name: str | None) -> Shell:
    if run.job.runner_host is not None:  # GitHub looks nothing up in a container
        return find_shell(name or "sh", lambda program: program)
    sandbox = run.job.sandbox
    search = run.job.search_path(sandbox.environment.get("PATH", ""))
    return find_shell(name, lambda program: sandbox.which(program, search))


def _header(run: StepRun, text: str, shell: Shell) -> None:
    log = run.log
    first = next(iter(text.strip().splitlines()), "")
    log.write(f"Run {first}", "group")
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        log.write(line, "command")
    log.write(f"shell: {shell.display}")
    write_variables(log, run)
    log.write("", "endgroup")
