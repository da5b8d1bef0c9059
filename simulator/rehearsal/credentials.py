"""The secrets that publishing steps hand to an index as its token; a rehearsal has no use for the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from simulator.indexes import IndexName, indexes
from simulator.planning.tools import publishing_step
from simulator.positions import Span
from simulator.workflow.model import Job, Step, Text, Workflow

TOKEN_PREFIX: Final = "pypi-"  # noqa: S105 - what the tokens of both indexes begin with
_INPUTS: Final = frozenset({"password"})
# What the publishing tools read their token from: twine, uv, flit, hatch, pdm, poetry, maturin.
_VARIABLES: Final = frozenset({
    "TWINE_PASSWORD", "UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "FLIT_PASSWORD", "HATCH_INDEX_AUTH",
    "PDM_PUBLISH_PASSWORD", "POETRY_PYPI_TOKEN_PYPI", "POETRY_PYPI_TOKEN_TESTPYPI", "POETRY_HTTP_BASIC_PYPI_PASSWORD",
    "MATURIN_PYPI_TOKEN", "MATURIN_PASSWORD",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSecret:
    """A secret that a step uses as the token of an index."""

    name: str
    index: IndexName
    span: Span


def token_secrets(workflow: Workflow, job: Job) -> tuple[TokenSecret, ...]:
    """The secrets that the steps of a publishing job use so, each once."""
    found: dict[str, TokenSecret] = {}
    for step in job.all_steps:
        for text in _credentials(workflow, job, step):
            for name in _secrets(text):
                secret = TokenSecret(name=name, index=index_of(workflow, job, step), span=text.span)
                found.setdefault(name, secret)
    return tuple(found.values())


def indexes_of(workflow: Workflow, job: Job) -> tuple[IndexName, ...]:
    """The indexes that the publishing steps of a job upload to, as far as its file says; empty when none is known."""
    steps = (step for step in job.all_steps if publishing_step(step))
    return tuple(dict.fromkeys(index_of(workflow, job, step) for step in steps))


def passed_as(job: Job, name: str) -> tuple[str, ...]:
    """The secrets that a job hands to the workflow it calls under this name."""
    if job.secrets == "inherit":
        return (name,)
    return tuple(each for given, text in job.secrets.items() if given.upper() == name for each in _secrets(text))


def _environment(workflow: Workflow, job: Job, step: Step) -> Mapping[str, Text]:
    return {**workflow.env, **job.env, **step.env}


def _credentials(workflow: Workflow, job: Job, step: Step) -> Iterator[Text]:
    yield from (text for name, text in step.with_.items() if name in _INPUTS)
    yield from (text for name, text in _environment(workflow, job, step).items() if name in _VARIABLES)


def _secrets(text: Text) -> Iterator[str]:
    for expression in text.template.expressions:
        yield from (parts[1].upper() for parts in expression.references() if parts[0] == "secrets" and len(parts) == 2)


def index_of(workflow: Workflow, job: Job, step: Step) -> IndexName:
    """TestPyPI when anything of the step names it."""
    environment = _environment(workflow, job, step)
    texts = [*step.with_.values(), *environment.values(), *([step.run] if step.run else [])]
    words = ("testpypi", "test-pypi", indexes()["testpypi"].main_host)
    said = " ".join([*(text.source for text in texts), *environment]).lower()
    return "testpypi" if any(word in said for word in words) else "pypi"
