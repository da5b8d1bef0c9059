"""One action, several implementations: pysim's own, and the code of its repository where there is a clone of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from simulator.actions.choice import ActionChoice
from simulator.actions.errors import UnknownActionError
from simulator.actions.model import JavaScriptRuns, ResolvedAction
from simulator.actions.reference import parse_reference
from simulator.actions.repositories import LocalRepository, Repositories
from simulator.actions.resolve import resolve
from simulator.engines.nodes import find_nodes, serving
from simulator.runner.nodes import NEWEST
from tests.actions.driving import Driver, Outcome, input_variables

REAL = ActionChoice(default="real")
Part = Literal["main", "post"]


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """An action at a version, and how its parts are run; `cache` is where clones are laid out."""

    kind: str
    action: str
    version: str
    cache: Path

    def run(
        self,
        driver: Driver,
        inputs: Mapping[str, str],
        *,
        part: Part = "main",
        state: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        inside: str = "",
    ) -> Outcome:
        """Run a part of the action, or of the one that lies `inside` of its repository."""
        uses = f"{self.action}{inside}@{self.version}"
        if self.kind == "builtin":
            script = "post.py" if part == "post" else None
            return driver.run(uses, inputs, env, script=script, state=state)
        action = self._real(uses)
        runs = action.manifest.runs
        assert isinstance(runs, JavaScriptRuns)
        script = runs.main if part == "main" else runs.post
        node = serving(NEWEST, find_nodes()) or serving(20, find_nodes())
        if node is None or script is None:
            pytest.skip("there is no Node")
        variables = {
            **input_variables(action, inputs),
            **{f"STATE_{name}": value for name, value in (state or {}).items()},
            **(env or {}),
        }
        program = action.folder / inside.lstrip("/") / script
        return driver.program([str(node.executable), os.path.normpath(program)], variables)

    def _real(self, uses: str) -> ResolvedAction:
        pattern = os.environ.get("PYSIM_CLONES")
        owner, _, name = self.action.partition("/")
        clone = Path(pattern.format(owner=owner, name=name)) if pattern else None
        if clone is None or not clone.is_dir():
            pytest.skip(f"there is no clone of {self.action} (PYSIM_CLONES)")
        copy = LocalRepository(owner=owner, repo=name, ref=None, path=clone)
        repositories = Repositories(self.cache, local=[copy], offline=True)
        try:
            return resolve(parse_reference(uses), workspace_read=None, choice=REAL, repositories=repositories)
        except UnknownActionError as error:
            pytest.skip(f"the clone is not whole: {error}")


def implementations(action: str, builtin: tuple[str, ...], real: tuple[str, ...]) -> pytest.MarkDecorator:
    """Parametrize a test with `implementation`: (kind, action, version)."""
    kinds = [("builtin", version) for version in builtin] + [("real", version) for version in real]
    return pytest.mark.parametrize(
        "implementation",
        [(kind, action, version) for kind, version in kinds],
        indirect=True,
        ids=[f"{kind}-{version}" for kind, version in kinds],
    )
