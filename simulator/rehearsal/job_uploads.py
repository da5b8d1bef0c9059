"""Where the steps of a job upload to, as far as its file and the commit tell before anything runs.

An expression that reads secrets alone stands as a mark in the texts, so that one can tell which secret a tool is given.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.expressions.language import Expression
from simulator.planning.index_settings import Read
from simulator.planning.publish_commands import PublishCommand, publish_commands
from simulator.planning.tools import action_name, publishing_facts
from simulator.planning.uploads import (
    Destination,
    destinations_of_action,
    destinations_of_script,
    nothing_read,
)
from simulator.workflow.model import Job, Step, Text, Workflow

_MARK: Final = re.compile(r"__secret_([A-Za-z0-9_]+?)__(?!_)")
_TO_LATER_STEPS: Final = re.compile(r"""["']?(\w+)=([^"'\n]*)["']?\s*>>\s*["']?\$\{?GITHUB_ENV""")


@dataclass(frozen=True, kw_only=True, slots=True)
class StepUploads:
    """A step of a job with what it sees: its script or its inputs (by names in lower case), and its variables.

    Texts have marks in the place of secrets. `destinations` is empty for a step that does not publish, and `commands`
    for one that is an action.
    """

    step: Step
    script: str
    inputs: Mapping[str, str]
    variables: Mapping[str, str]
    destinations: Sequence[Destination]
    commands: Sequence[PublishCommand]

    @property
    def credential_inputs(self) -> Mapping[str, Sequence[str]]:
        """The inputs of a publishing action that are a `credential`, and those that are a `user`."""
        name = action_name(self.step.uses.value) if self.step.uses else ""
        facts = publishing_facts()["action_inputs"].get(name, {})
        return {"credential": facts.get("credential", ()), "user": facts.get("user", ())}


def uploads_of(workflow: Workflow, job: Job, read: Read = nothing_read) -> Sequence[StepUploads]:
    """All steps of a job so; `read` reads files of the commit."""
    before: list[str] = []
    later: dict[str, str] = {}
    found: list[StepUploads] = []
    for step in job.all_steps:
        texts = {**workflow.env, **job.env}
        variables = {**{name: marked(text) for name, text in texts.items()}, **later}
        variables |= {name: marked(text) for name, text in step.env.items()}
        found.append(_step(workflow, job, step, variables, before, read))
        before.append(found[-1].script)
        later |= dict(_TO_LATER_STEPS.findall(found[-1].script))
    return found


def marked(text: Text) -> str:
    """A text with a mark in the place of each expression that reads secrets; other expressions as written."""
    return "".join(part if isinstance(part, str) else _mark(part) for part in text.template.parts)


def secrets_in(text: str) -> Sequence[str]:
    """The secrets whose marks are in a text, in capitals."""
    return tuple(dict.fromkeys(name.upper() for name in _MARK.findall(text)))


def secrets_of(expression: Expression) -> Iterator[str]:
    """The secrets that an expression names, in capitals."""
    yield from (parts[1].upper() for parts in expression.references() if parts[0] == "secrets" and len(parts) > 1)


def _mark(expression: Expression) -> str:
    names = "".join(f"__secret_{name}__" for name in secrets_of(expression))
    return names or f"${{{{ {expression.source} }}}}"


def _step(
    workflow: Workflow, job: Job, step: Step, variables: Mapping[str, str], before: Sequence[str], read: Read
) -> StepUploads:
    inputs = {name.lower(): marked(text) for name, text in step.with_.items()}
    folder = _folder(workflow, job, step)

    def read_here(name: str) -> bytes | None:
        absent = folder is None or name.startswith(("~", "/"))
        return None if absent else read(posixpath.normpath(posixpath.join(folder or "", name)))

    script = marked(step.run) if step.run else ""
    destinations = (
        destinations_of_action(step.uses.value, inputs, variables, read_here)
        if step.uses
        else destinations_of_script(script, variables, read_here, before)
    )
    commands = publish_commands(_as_command(step, inputs) or script, variables)
    return StepUploads(
        step=step,
        script=script,
        inputs=inputs,
        variables=variables,
        destinations=destinations,
        commands=commands,
    )


def _as_command(step: Step, inputs: Mapping[str, str]) -> str:
    """What an action that runs a publishing command with its inputs runs."""
    name = action_name(step.uses.value) if step.uses else ""
    known = {action.lower() for action in publishing_facts()["actions_with"]}
    return f"maturin {inputs.get('command', '')} {inputs.get('args', '')}" if name in known else ""


def _folder(workflow: Workflow, job: Job, step: Step) -> str | None:
    """The folder of a step below the root of the repository; None where an expression names it."""
    text = step.working_directory or job.defaults.working_directory or workflow.defaults.working_directory
    if text is None:
        return ""
    return text.source.removeprefix("./") if text.template.is_literal and not text.source.startswith("/") else None
