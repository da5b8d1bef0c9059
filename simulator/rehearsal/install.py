"""The install check: what was published is installed with pip and pipx, by a job like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from simulator.errors import InvalidWorkflowError
from simulator.findings import Finding, Severity
from simulator.indexes import IndexName, indexes
from simulator.rehearsal.distributions import Distribution
from simulator.run_events import EventSink, FindingRaised, Installed
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

JOB: Final = "install"
PATH: Final = "pysim:install.yml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One way to install: the tool, the kind of file it must take, the step's id."""

    tool: Literal["pip", "pipx"]
    dist: Literal["wheel", "sdist"]
    step: str


ATTEMPTS: Final = (
    Attempt(tool="pip", dist="wheel", step="pip-wheel"),
    Attempt(tool="pip", dist="sdist", step="pip-sdist"),
    Attempt(tool="pipx", dist="wheel", step="pipx"),
)
Outcomes = Mapping[str, tuple[bool, float]]  # step id -> succeeded, seconds

# The project's own name comes from the local index alone: it is the only index, and fetches other names for us.
_HEAD: Final = """\
name: install check
on: workflow_dispatch
jobs:
  install:
    runs-on: ubuntu-latest
    env:
      PIP_CONFIG_FILE: /dev/null
      PIP_INDEX_URL: {index}
      PIP_EXTRA_INDEX_URL: ''
      PIP_DISABLE_PIP_VERSION_CHECK: '1'
      PIP_NO_CACHE_DIR: '1'
      UV_DEFAULT_INDEX: {index}
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: '{python}'
"""
_PIP: Final = """\
      - name: pip installs the {dist} of {project} {version}
        id: pip-{dist}
        if: always()
        run: |
          python -m venv --without-pip "$RUNNER_TEMP/{dist}"
          python -m pip --python "$RUNNER_TEMP/{dist}/bin/python" install {only} "{project}=={version}"
"""
_PIPX: Final = """\
      - name: pipx installs {project} {version}
        id: pipx
        if: always()
        env:
          PIPX_HOME: ${{{{ runner.temp }}}}/pipx
          PIPX_BIN_DIR: ${{{{ runner.temp }}}}/pipx-bin
        run: |
          /opt/pysim/bin/python -m pipx install --python "$(command -v python)" "{project}=={version}"
"""
_START: Final = """\
          set +e; said=$(timeout 60 "{folder}/{script}" --help 2>&1 </dev/null); code=$?; set -e
          echo "$said" | head -n 40
          case "$said" in *"Traceback (most recent call last)"*) echo "::error::{script} does not start"; exit 1;; esac
          if [ "$code" -gt 2 ]; then echo "::error::{script} --help ended with $code"; exit 1; fi
"""


def install_workflow(
    project: str, version: str, *, index: IndexName, python: str, kinds: Sequence[str], scripts: Sequence[str]
) -> Workflow:
    """The bundled workflow that tries every way to install a release; `kinds` are the kinds of file it has."""
    text = _HEAD.format(index=indexes()[index].simple_url, python=python)
    only = {"wheel": f"--only-binary {project}", "sdist": f"--no-binary {project}"}
    for attempt in ATTEMPTS:
        if attempt.tool == "pip" and attempt.dist not in kinds:
            continue
        form = _PIP if attempt.tool == "pip" else _PIPX
        text += form.format(dist=attempt.dist, project=project, version=version, only=only[attempt.dist])
        folder = "$PIPX_BIN_DIR" if attempt.tool == "pipx" else f"$RUNNER_TEMP/{attempt.dist}/bin"
        text += "".join(_START.format(folder=folder, script=script) for script in scripts)
    loaded = load_workflow(text, PATH)
    if loaded.workflow is None:
        said = "; ".join(str(item) for item in loaded.diagnostics)
        raise InvalidWorkflowError(f"pysim's own install check is not valid: {said}", hint="Please report this.")
    return loaded.workflow


def check_install(
    release: Sequence[Distribution],
    *,
    index: IndexName,
    python: str,
    run_workflow: Callable[[Workflow], Outcomes],
    emit: EventSink,
) -> None:
    """Install one release (its files share project and version) and report each attempt."""
    first = release[0]
    kinds = {found.kind for found in release}
    scripts = tuple(dict.fromkeys(script for found in release for script in found.scripts))
    workflow = install_workflow(
        first.project, first.version, index=index, python=python, kinds=sorted(kinds), scripts=scripts
    )
    outcomes = run_workflow(workflow)
    for attempt in ATTEMPTS:
        if attempt.step not in outcomes:
            continue
        ok, seconds = outcomes[attempt.step]
        dist = attempt.dist if attempt.dist in kinds else "sdist"
        emit(
            Installed(
                tool=attempt.tool,
                dist=dist,
                project=first.project,
                version=first.version,
                ok=ok,
                seconds=seconds,
                detail=f"starts: {', '.join(scripts)}" if scripts and ok else "",
            )
        )
        if not ok:
            emit(FindingRaised(finding=_failed(attempt, first)))


def _failed(attempt: Attempt, release: Distribution) -> Finding:
    return Finding(
        code="install-failed",
        severity=Severity.ERROR,
        message=f"{attempt.tool} could not install or start {release.project} {release.version} ({attempt.dist})",
        where=f"install check, step {attempt.step}",
        would_show=f"Users who install {release.project} {release.version} would see the same failure.",
        hint="Read the log of the install check above: a missing file, dependency or entry point is in it.",
    )
