"""What a step uses to build or to publish: actions by name, programs by the words of their command.

The names are in resources/publishing.json; a step that runs a script of the repository is not seen through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from simulator.dated_facts import read_facts
from simulator.workflow.model import Step, Text

CHECKOUT: Final = "actions/checkout"
SETUP_PYTHON: Final = "actions/setup-python"
UPLOAD_ARTIFACT: Final = "actions/upload-artifact"
DOWNLOAD_ARTIFACT: Final = "actions/download-artifact"
PUBLISH: Final = "pypa/gh-action-pypi-publish"


def publishing_facts() -> Mapping[str, Any]:
    """The data file."""
    return read_facts("publishing")


def action_name(uses: str) -> str:
    """`owner/repo` of `owner/repo/path@ref`, in lower case; of a local action and of an image, all of it."""
    name = uses.partition("@")[0].lower()
    return name if name.startswith((".", "docker:")) else "/".join(name.split("/")[:2])


def given_input(step: Step, name: str) -> Text | None:
    """An input of an action as it is written, by its name in lower case."""
    return next((text for key, text in step.with_.items() if key.lower() == name), None)


def given_inputs(step: Step) -> Mapping[str, str]:
    """The inputs of an action as written, by their names in lower case."""
    return {key.lower(): text.source.strip() for key, text in step.with_.items()}


def publishing_step(step: Step) -> str | None:
    """What says that a step publishes, such as "runs twine upload", or None."""
    facts = publishing_facts()
    if step.uses is not None:
        name = action_name(step.uses.value)
        if name in {known.lower() for known in facts["actions"]} or _asked_to(step, name, facts["actions_with"]):
            return f"uses {step.uses.value}"
        return None
    return _first_command(step, facts["commands"])


def skips_existing(step: Step) -> bool:
    """Whether a publishing step says that it passes over files which the index has."""
    inputs = given_inputs(step)
    given = inputs.get("skip-existing", inputs.get("skip_existing", ""))
    return given.lower() == "true" or (step.run is not None and "--skip-existing" in code_of(step.run.source))


def building_step(step: Step) -> str | None:
    """What says that a step builds distributions, such as "runs uv build", or None."""
    facts = publishing_facts()["builds"]
    if step.uses is not None:
        known = {each.lower() for each in facts["actions"]}
        return f"uses {step.uses.value}" if action_name(step.uses.value) in known else None
    return _first_command(step, facts["commands"])


def commands(script: str, table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Those of the programs and verbs of `table` that a script runs."""
    code = code_of(script)
    for program, verb in table:
        # Options may stand between the program and its verb: uv --quiet publish.
        words = rf"(?:\s+-\S+)*\s+{re.escape(verb)}" if verb else ""
        if re.search(rf"(?<![\w.-]){re.escape(program)}{words}(?![\w-])", code):
            yield f"{program} {verb}".rstrip()


def code_of(script: str) -> str:
    """A script without the lines that are comments, continued lines joined."""
    lines = (line for line in script.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(lines).replace("\\\n", " ")


def _asked_to(step: Step, name: str, table: Mapping[str, Mapping[str, Sequence[str]]]) -> bool:
    inputs = given_inputs(step)
    return any(
        name == known.lower() and any(inputs.get(key) in values for key, values in wanted.items())
        for known, wanted in table.items()
    )


def _first_command(step: Step, table: Sequence[Sequence[str]]) -> str | None:
    found = commands(step.run.source, table) if step.run is not None else iter(())
    return next((f"runs {words}" for words in found), None)
