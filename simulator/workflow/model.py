"""A workflow file as frozen dataclasses. Made by `workflow.loader`; nothing is ever written into it.

Names are GitHub's. A `Template` is text with `${{ }}` in it, an `Expression` an `if:` in its effective form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, Union

from simulator.expressions.language import Expression, Template
from simulator.positions import Located, Span

Access = Literal["read", "write", "none"]
Permissions = Mapping[str, Access]  # scope -> access; scopes that are not named are "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A scalar that may hold expressions, and its place."""

    template: Template
    span: Span

    @property
    def source(self) -> str:
        """The text as written."""
        return self.template.source


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """An `if:`; `source` is as written, "" when absent."""

    expression: Expression
    source: str
    span: Span


InputType = Literal["string", "boolean", "number", "choice", "environment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchInput:
    """An input of `workflow_dispatch` or `workflow_call`."""

    name: str
    type: InputType
    required: bool
    default: str | bool | float | None
    options: Sequence[str]
    description: str
    span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOutput:
    """An output of `workflow_call`."""

    value: Text
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """One event of `on:` with its filters; a filter that is None is absent, an empty one matches nothing.

    `secrets` and `outputs` are those of `workflow_call`; a secret maps to whether it is required.
    """

    event: str
    span: Span
    types: Sequence[str] | None = None
    branches: Sequence[Located[str]] | None = None
    branches_ignore: Sequence[Located[str]] | None = None
    tags: Sequence[Located[str]] | None = None
    tags_ignore: Sequence[Located[str]] | None = None
    paths: Sequence[Located[str]] | None = None
    paths_ignore: Sequence[Located[str]] | None = None
    inputs: Mapping[str, DispatchInput] = field(default_factory=dict)
    crons: Sequence[Located[str]] = ()
    workflows: Sequence[str] = ()
    secrets: Mapping[str, bool] = field(default_factory=dict)
    outputs: Mapping[str, CallOutput] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDefaults:
    """`defaults.run` of a workflow or a job."""

    shell: Text | None = None
    working_directory: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Concurrency:
    """`concurrency:` of a workflow or a job."""

    group: Text
    cancel_in_progress: Text | None
    queue: Literal["single", "max"]
    span: Span


StepControl = Literal["wait", "wait-all", "cancel", "parallel"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A step: `run` or `uses`, never both. `number` counts from 0 in the file; `id` is None when not given.

    `continue_on_error` and `timeout_minutes` are None when absent. A step that steers background steps has neither
    `run` nor `uses` but `control`, and is among the `unsupported` of its job.
    """

    number: int
    span: Span
    id: str | None
    name: Text | None
    condition: Condition
    env: Mapping[str, Text]
    continue_on_error: Text | None
    timeout_minutes: Text | None
    run: Text | None = None
    shell: Text | None = None
    working_directory: Text | None = None
    uses: Located[str] | None = None
    with_: Mapping[str, Text] = field(default_factory=dict)
    control: StepControl | None = None


MatrixValue: TypeAlias = Union[  # noqa: UP007 - the names in it are forward references
    bool, int, float, str, Text, Sequence["MatrixValue"], Mapping[str, "MatrixValue"], None
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """`strategy.matrix`, or one `expression` for all of it.

    Values are plain, a scalar with expressions is a `Text`. A vector, `include` and `exclude` are tuples, or one `Text`
    that gives the whole; a mapping in them is a dict in the order of the file.
    """

    vectors: Mapping[str, MatrixValue]
    include: MatrixValue
    exclude: MatrixValue
    expression: Text | None
    span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """`strategy:` of a job."""

    matrix: Matrix | None
    fail_fast: Text | None
    max_parallel: Text | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """`environment:` of a job."""

    name: Text
    url: Text | None
    span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job that runs steps, or calls a workflow (`uses`)."""

    id: str
    span: Span
    name: Text | None
    needs: Sequence[Located[str]]
    condition: Condition
    runs_on: Sequence[Text]
    permissions: Permissions | None
    environment: Environment | None
    outputs: Mapping[str, Text]
    env: Mapping[str, Text]
    defaults: RunDefaults
    strategy: Strategy | None
    continue_on_error: Text | None
    timeout_minutes: Text | None
    steps: Sequence[Step]
    uses: Located[str] | None = None
    with_: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, Text] | Literal["inherit"] = field(default_factory=dict)
    concurrency: Concurrency | None = None
    unsupported: Sequence[Located[str]] = ()  # keys that are valid and that pysim does not carry out (container, ...)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A workflow file; `path` is relative to the repository's root, such as .github/workflows/pypi.yml."""

    path: str
    name: str | None
    triggers: Mapping[str, Trigger]
    permissions: Permissions | None
    env: Mapping[str, Text]
    defaults: RunDefaults
    jobs: Mapping[str, Job]
    span: Span
    run_name: Text | None = None
    concurrency: Concurrency | None = None
    unsupported: Sequence[Located[str]] = ()
