"""What an action is. Frozen; `actions.resolve` makes them and `runner` carries them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.expressions.language import Expression, Template
from simulator.remedies import Remedy
from simulator.workflow.model import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryReference:
    """`owner/repo/path@ref`."""

    owner: str
    repo: str
    path: str  # "" for the repository's root
    ref: str

    def __str__(self) -> str:
        folder = f"/{self.path}" if self.path else ""
        return f"{self.owner}/{self.repo}{folder}@{self.ref}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalReference:
    """`./path` in the workspace, read when the step runs."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerReference:
    """`docker://image`."""

    image: str

    def __str__(self) -> str:
        return f"docker://{self.image}"


Reference = RepositoryReference | LocalReference | DockerReference


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """An input of an action; `default` is None when the manifest gives none."""

    name: str
    required: bool
    default: Template | None
    deprecation: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptRuns:
    """A built-in action: Python scripts of the action's folder, run as `scripts.script_argv` says."""

    main: str
    pre: str | None
    pre_if: Expression
    post: str | None
    post_if: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaScriptRuns:
    """A JavaScript action."""

    node: int
    main: str
    pre: str | None
    pre_if: Expression
    post: str | None
    post_if: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeRuns:
    """A composite action."""

    steps: Sequence[Step]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRuns:
    """A Docker action; `image` is a Dockerfile's path below the action's folder, or `docker://image`.

    Where `entrypoint` is None the image's own one runs, or that of the input `entrypoint`; where `args` is None the
    text of the input `args` takes their place.
    """

    image: str
    entrypoint: str | None
    args: Sequence[Template] | None
    env: Mapping[str, Template]
    pre_entrypoint: str | None
    pre_if: Expression
    post_entrypoint: str | None
    post_if: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideRuns:
    """An action whose only effect is outside, so it is not run but recorded; it "would have" `done`.

    Or one that the user wants passed over (`asked`), whatever it does.
    """

    done: str
    asked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UnavailableRuns:
    """An action that pysim does not run here: why, in a sentence, and what would let it, in words and as remedies."""

    why: str
    hint: str
    remedies: Sequence[Remedy] = ()


Runs = ScriptRuns | JavaScriptRuns | CompositeRuns | ContainerRuns | OutsideRuns | UnavailableRuns


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """An `action.yml`."""

    name: str
    inputs: Mapping[str, Input]  # by lower-cased id
    outputs: Mapping[str, Template | None]
    runs: Runs

    @property
    def input_names(self) -> tuple[str, ...] | None:
        """The inputs that a step may give; None for an action that pysim does not run, as it knows none of its."""
        if isinstance(self.runs, OutsideRuns | UnavailableRuns):
            return None
        more = ("entryPoint", "args") if isinstance(self.runs, ContainerRuns) else ()
        return (*(each.name for each in self.inputs.values()), *more)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedAction:
    """An action ready to run; `folder` on the host is a built-in one's own, of any other its whole repository's.

    `models` says which versions a built-in one stands for, `differs` in sentences how it departs from them. `origin` is
    where a repository's files are from, and `commit` which they are (None for those of a plain folder).
    """

    reference: Reference
    manifest: Manifest
    folder: Path
    builtin: bool
    models: str | None = None
    differs: Sequence[str] = ()
    commit: str | None = None
    origin: str | None = None
