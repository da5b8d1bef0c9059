"""Which artifacts the jobs of a run may take up again."""

from __future__ import annotations

import pytest

from simulator.expressions.language import Value
from simulator.planning.downloads import may_be_downloaded
from simulator.planning.plan import plan
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow


@pytest.mark.parametrize(
    ("step", "taken", "left"),
    [
        ("{uses: actions/download-artifact@v4}", ["wheels", "coverage-*"], []),
        ("{uses: actions/download-artifact@v4, with: {name: wheels}}", ["wheels"], ["coverage-x", "wheels-x"]),
        ("{uses: actions/download-artifact@v4, with: {pattern: wheels-*}}", ["wheels-x", "wheels-*"], ["coverage-*"]),
        ("{uses: actions/download-artifact@v4, with: {name: 'w-${{ matrix.os }}'}}", ["w-macos", "*"], ["coverage"]),
        ("{uses: actions/download-artifact@v4, with: {artifact-ids: '1'}}", ["wheels"], []),
        ("{run: gh run download}", ["wheels"], []),
        ("{uses: actions/upload-artifact/merge@v4}", ["wheels"], []),
        ("{run: twine upload dist/*}", [], ["wheels"]),
        ("{uses: actions/checkout@v4}", [], ["wheels"]),
        ("{uses: dawidd6/action-download-artifact@v6}", ["wheels"], []),
        ("{uses: ./own}", ["wheels"], []),
    ],
)
def test_a_job_takes_up_artifacts(step: str, taken: list[str], left: list[str]) -> None:
    text = f"on: push\njobs:\n  publish: {{runs-on: ubuntu-latest, steps: [{step}]}}\n"
    loaded = load_workflow(text, ".github/workflows/w.yml")
    assert loaded.workflow is not None, loaded.diagnostics
    event = Event(name="push", ref="refs/tags/v1", sha="a" * 40, payload={}, inputs={})
    contexts: dict[str, Value] = {"github": {"ref": event.ref}, "vars": {}, "inputs": {}}
    made = plan(loaded.workflow, event, contexts=contexts)
    assert [name for name in (*taken, *left) if may_be_downloaded(made, name)] == taken
