"""What is known before the first job: of the jobs that the event runs, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.configuration.values import Configuration
from simulator.findings import Finding
from simulator.operations.actions import read_actions
from simulator.operations.known import known_findings
from simulator.operations.problems import ReleaseRules
from simulator.operations.request import EventName, Request, unheard
from simulator.operations.starting import start_workflows
from simulator.operations.trees import CommitTree
from tests.operations.reading import read

PUBLISH = """\
on: {{push: {{tags: ['v*']}}, workflow_dispatch: }}
jobs:
  publish:
    if: {condition}
    runs-on: ubuntu-latest
    steps: [{{uses: pypa/gh-action-pypi-publish@release/v1}}]
"""
USES = "{uses: ./.github/workflows/called.yml, permissions: {id-token: write}}"
CALLER = f"on: {{push: {{tags: ['v*']}}}}\njobs: {{a: {USES}}}\n"
CALLED = """\
on: workflow_call
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]
"""


SKIPPED = """\
on: {push: {tags: ['v*']}, workflow_dispatch: }
jobs:
  validate:
    if: github.event_name == 'workflow_dispatch'
    runs-on: ubuntu-latest
    steps: [{run: ls}]
  build:
    needs: validate
    if: always()
    runs-on: ubuntu-latest
    steps: [{run: ls}]
  publish:
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps: [{uses: pypa/gh-action-pypi-publish@cef221092ed1bacb1cc03d23a2d87d1d172e277b}]
"""


def known(root: Path, *, event: EventName = "push", **files: str) -> list[Finding]:
    folder = root / "project/.github/workflows"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    request = Request(repository=root / "project", tag="v1", event=event)
    repository, found = read(request, root / "clone.git")
    started = start_workflows(request, repository, found.valid())
    actions = read_actions(Configuration(), unheard, offline=True)
    rules = ReleaseRules(CommitTree(repository.source), Configuration(), actions, now=0.0)
    return list(known_findings(request, repository, started, rules, found))


@pytest.mark.parametrize(
    ("condition", "severity", "said"),
    [
        ("github.event_name == 'push'", "error", "GitHub never grants id-token by default"),
        ("github.event_name == 'workflow_dispatch'", "warning", "(this event does not run the job publish)"),
    ],
)
def test_an_error_counts_where_its_job_runs(tmp_path: Path, condition: str, severity: str, said: str) -> None:
    (finding,) = known(tmp_path, release=PUBLISH.format(condition=condition))
    assert (finding.code, finding.severity) == ("missing-id-token", severity)
    assert finding.message.endswith(said)


def test_files_that_jobs_call_are_judged_too(tmp_path: Path) -> None:
    (finding,) = known(tmp_path, release=CALLER, called=CALLED)
    assert (finding.code, finding.severity) == ("reusable-publish", "error")
    assert str(finding.where).startswith(".github/workflows/called.yml:6:")


def test_a_job_that_calls_a_workflow_runs_as_well(tmp_path: Path) -> None:
    called = """\
on: workflow_call
jobs:
  publish:
    runs-on: ubuntu-latest
    steps: [{run: twine upload dist/*, env: {TWINE_PASSWORD: "${{ secrets.PYPI_TOKEN }}"}}]
"""
    (finding,) = known(tmp_path, release=CALLER, called=called)
    assert (finding.code, finding.severity) == ("secrets-not-passed", "error")


def test_a_called_job_that_calls_a_workflow_runs_as_well(tmp_path: Path) -> None:
    caller = "on: {push: {tags: ['v*']}}\njobs: {a: {uses: ./.github/workflows/middle.yml, secrets: inherit}}\n"
    middle = "on: workflow_call\njobs: {b: {uses: ./.github/workflows/inner.yml}}\n"
    inner = """\
on: workflow_call
jobs:
  publish:
    runs-on: ubuntu-latest
    steps: [{run: twine upload dist/*, env: {TWINE_PASSWORD: "${{ secrets.PYPI_TOKEN }}"}}]
"""
    (finding,) = known(tmp_path, release=caller, middle=middle, inner=inner)
    assert (finding.code, finding.severity) == ("secrets-not-passed", "error")
    assert str(finding.where).startswith(".github/workflows/middle.yml:2:")


def test_a_called_job_of_another_system_runs_as_well(tmp_path: Path) -> None:
    caller = """\
on: {push: {tags: ['v*']}}
jobs:
  look:
    runs-on: ubuntu-latest
    outputs: {name: "${{ steps.a.outputs.name }}"}
    steps: [{id: a, run: "echo name=dist >> $GITHUB_OUTPUT"}]
  a: {needs: look, uses: ./.github/workflows/called.yml, with: {name: "${{ needs.look.outputs.name }}"}}
"""
    called = """\
on: {workflow_call: {inputs: {name: {type: string}}}}
jobs:
  mac:
    runs-on: macos-latest
    steps: [{uses: actions/upload-artifact@v99, with: {name: "${{ inputs.name }}", path: dist}}]
"""
    (finding,) = known(tmp_path, release=caller, called=called)
    assert (finding.code, finding.severity) == ("missing-version", "error")


@pytest.mark.parametrize(
    ("event", "severity", "said"),
    [("push", "error", "looks at that, too"), ("workflow_dispatch", "warning", "(not for this event)")],
)
def test_a_job_that_never_runs_counts_for_its_event(tmp_path: Path, event: EventName, severity: str, said: str) -> None:
    (finding,) = known(tmp_path, event=event, release=SKIPPED)
    assert (finding.code, finding.severity) == ("skipped-ancestor", severity)
    assert finding.message.endswith(said)
