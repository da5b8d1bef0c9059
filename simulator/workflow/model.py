"""A workflow file as frozen dataclasses. Made by `workflow.loader`; nothing is ever written into it.

Names are GitHub's. A `Template` is text with `${{ }}` in it, an `Expression` an `if:` in its effective form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeAlias, TypeVar, Union

from simulator.expressions.language import Expression, Template
from simulator.positions import Located, Span

Access = Literal["read", "write", "none"]
Permissions = Mapping[str, Access]  # scope -> access; scopes that are not named are "none"
Plain = bool | int | float | str | None
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A scalar that may hold expressions, and its place; `value` is what it is without them, typed as YAML has it."""

    template: Template
    span: Span
    value: Plain = None

    @property
    def source(self) -> str:
        """The text as written."""
        return self.template.source


@dataclass(frozen=True, slots=True, eq=False)
class Entries(Mapping[str, Item], Generic[Item]):
    """A mapping with free keys, such as `env`: its plain entries in the order of the file.

    `whole` is one expression that stands for all of it; `computed` are the entries whose key is an expression,
    `${{ insert }}` among them. pysim reads both and does not carry them out.
    """

    plain: Mapping[str, Item] = field(default_factory=dict)
    whole: Text | None = None
    computed: Sequence[tuple[str, Item]] = ()

    def __getitem__(self, key: str) -> Item:
        return self.plain[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """An `if:`; `source` is as written, "" when absent."""

    expression: Expression
    source: str
    span: Span


InputType = Literal["string", "boolean", "number", "choice", "environment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchInput:
    """An input of `workflow_dispatch` or `workflow_call`; `required` is None when nothing is said, which means no.

    A `computed` default holds an expression, `default` is then what is written.
    """

    name: str
    type: InputType
    required: bool | None
    default: str | bool | float | None
    options: Sequence[str]
    description: str
    span: Span
    computed: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSecret:
    """A secret of `workflow_call`; `required` is None when nothing is said, which means no."""

    required: bool | None
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOutput:
    """An output of `workflow_call`."""

    value: Text
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """One event of `on:` with its filters; a filter that is None is absent, an empty one matches nothing.

    `secrets` and `outputs` are those of `workflow_call`; `timezones` has one for each of the `crons`, None for UTC;
    `names` and `versions` are those of `image_version`.
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
    timezones: Sequence[Located[str] | None] = ()
    workflows: Sequence[str] = ()
    names: Sequence[str] | None = None
    versions: Sequence[str] | None = None
    secrets: Mapping[str, CallSecret] = field(default_factory=dict)
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
    `run` nor `uses` but `control`: `targets` are the ids that it waits for or cancels, `parallel` the steps that it
    starts together, which are numbered after all others.
    """

    number: int
    span: Span
    id: str | None
    name: Text | None
    condition: Condition
    env: Entries[Text]
    continue_on_error: Text | None
    timeout_minutes: Text | None
    run: Text | None = None
    shell: Text | None = None
    working_directory: Text | None = None
    uses: Located[str] | None = None
    with_: Entries[Text] = field(default_factory=Entries)
    background: bool | None = None
    control: StepControl | None = None
    targets: Sequence[Located[str]] = ()
    parallel: Sequence[Step] = ()


MatrixValue: TypeAlias = Union[  # noqa: UP007 - the names in it are forward references
    bool, int, float, str, Text, Sequence["MatrixValue"], Mapping[str, "MatrixValue"], None
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """`strategy.matrix`, or one `expression` for all of it.

    Values are plain, a scalar with expressions is a `Text`. A vector, `include` and `exclude` are tuples, or one `Text`
    that gives the whole; a mapping in them is a dict in the order of the file. `numbers` are the numbers with a point
    that jobs can get, each with the name of its vector or its key.
    """

    vectors: Entries[MatrixValue]
    include: MatrixValue
    exclude: MatrixValue
    expression: Text | None
    span: Span
    numbers: Sequence[tuple[str, Located[float]]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """`strategy:` of a job, or one `expression` for all of it."""

    matrix: Matrix | None = None
    fail_fast: Text | None = None
    max_parallel: Text | None = None
    expression: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """`environment:` of a job; `deployment` false makes none of it."""

    name: Text
    url: Text | None
    span: Span
    deployment: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a container registry is logged in to with."""

    username: Text | None
    password: Text | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """`container:` of a job or one of its `services:`; `span` is that of `image` when nothing else is given."""

    image: Text | None
    span: Span
    env: Entries[Text] = field(default_factory=Entries)
    ports: Sequence[Text] = ()
    volumes: Sequence[Text] = ()
    options: Text | None = None
    entrypoint: Text | None = None
    command: Text | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """`snapshot:` of a job; `condition` is None when there is no `if:`."""

    image_name: Located[str]
    span: Span
    version: Located[str] | None = None
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job that runs steps, or calls a workflow (`uses`).

    `runs_on` are the labels: with `one_label` a single value was written, whose expression may give a list.
    """

    id: str
    span: Span
    name: Text | None
    needs: Sequence[Located[str]]
    condition: Condition
    runs_on: Sequence[Text]
    permissions: Permissions | None
    environment: Environment | None
    outputs: Entries[Text]
    env: Entries[Text]
    defaults: RunDefaults
    strategy: Strategy | None
    continue_on_error: Text | None
    timeout_minutes: Text | None
    steps: Sequence[Step]
    uses: Located[str] | None = None
    with_: Entries[Text] = field(default_factory=Entries)
    secrets: Entries[Text] | Literal["inherit"] = field(default_factory=Entries)
    concurrency: Concurrency | None = None
    one_label: bool = False
    runner_group: Text | None = None
    container: Container | None = None
    services: Entries[Container] = field(default_factory=Entries)
    snapshot: Snapshot | None = None
    cancel_timeout_minutes: Text | None = None
    unsupported: Sequence[Located[str]] = ()  # keys that are valid and that pysim does not carry out (container, ...)

    @property
    def all_steps(self) -> Sequence[Step]:
        """The steps as they begin: those of a `parallel` group as background steps, before the step that has it."""
        return tuple(
            each
            for step in self.steps
            for each in (*(replace(inner, background=True) for inner in step.parallel), step)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A workflow file; `path` is relative to the repository's root, such as .github/workflows/pypi.yml."""

    path: str
    name: str | None
    triggers: Mapping[str, Trigger]
    permissions: Permissions | None
    env: Entries[Text]
    defaults: RunDefaults
    jobs: Mapping[str, Job]
    span: Span
    run_name: Text | None = None
    concurrency: Concurrency | None = None
    unsupported: Sequence[Located[str]] = ()
