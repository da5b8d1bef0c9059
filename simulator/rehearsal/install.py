"""The install check: what was published is installed with pip and pipx, by a job like any other.

A project's own name comes from the local index alone: it is the only index, and hands on what other names the real one
has. TestPyPI lacks most of them, so from there the files are installed by their addresses, and the rest from PyPI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Final, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from simulator.errors import InvalidWorkflowError
from simulator.findings import Finding, Severity
from simulator.indexes import IndexName, indexes
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.imports import KINDS, not_imported
from simulator.remedies import Act, remedy
from simulator.run_events import EventSink, FindingRaised, Installed
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

JOB: Final = "install"
PATH: Final = "pysim:install.yml"
_ERROR: Final = re.compile(r"(?:[\w.]+(?:Error|Exception)|ERROR|error): \S")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NO_RELEASE: Final = "No matching distribution"
_NOTHING_FITS: Final = "Mend `requires-python`, or the tags of the wheel: no Python takes what was published."
_FRAME: Final = "Traceback (most recent call last)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One way to install: the tool, the kind of file it must take, the step's id."""

    tool: Literal["pip", "pipx"]
    dist: Literal["wheel", "sdist"]
    step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of an attempt: whether it succeeded, and the lines of its log."""

    ok: bool
    seconds: float
    lines: Sequence[str] = ()

    @property
    def reason(self) -> str:
        """The line that says why it failed: the last of a traceback, else pip's first error, else the last line."""
        lines = [line.strip() for line in self.lines if line.strip() and not line.startswith("Process completed")]
        traceback = next((number for number, line in enumerate(lines) if line.startswith(_FRAME)), None)
        if traceback is not None:
            return next((line for line in lines[traceback:] if _ERROR.match(line)), lines[traceback])
        errors = [line for line in lines if _ERROR.match(line)]
        told = next((line for line in errors if _NO_RELEASE in line), None)
        return told or (errors[0] if errors else lines[-1] if lines else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What an index took of one version of a project; `jobs` are the keys of those that published it."""

    index: IndexName
    distributions: Sequence[Distribution]
    jobs: Sequence[str] = ()

    @property
    def by_kind(self) -> Mapping[str, Distribution]:
        """A file of each kind that there is, the first of several wheels."""
        return {found.kind: found for found in reversed(self.distributions)}

    @property
    def project(self) -> str:
        """Its normalised name."""
        return self.distributions[0].project

    @property
    def version(self) -> str:
        """As its metadata has it."""
        return self.distributions[0].version

    @property
    def scripts(self) -> Sequence[str]:
        """The console scripts that it installs."""
        return tuple(dict.fromkeys(script for found in self.distributions for script in found.scripts))

    def kind(self, attempt: Attempt) -> Literal["wheel", "sdist"] | None:
        """The kind of file that an attempt takes; None for an attempt that makes no sense.

        pipx is for applications, and takes the sdist where there is no wheel.
        """
        if attempt.tool == "pipx":
            return None if not self.scripts else "wheel" if "wheel" in self.by_kind else "sdist"
        return attempt.dist if attempt.dist in self.by_kind else None

    def requirement(self, kind: Literal["wheel", "sdist"]) -> str:
        """What the tool is asked to install."""
        if self.index == "pypi":
            return f"{self.project}=={self.version}"
        return f"{self.project} @ {indexes()[self.index].readable_file_url(self.project, self.by_kind[kind].filename)}"


ATTEMPTS: Final = (
    Attempt(tool="pip", dist="wheel", step="pip-wheel"),
    Attempt(tool="pip", dist="sdist", step="pip-sdist"),
    Attempt(tool="pipx", dist="wheel", step="pipx"),
)
Outcomes = Mapping[str, Outcome]  # by step id

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
          python -m pip --python "$RUNNER_TEMP/{dist}/bin/python" install {only} "{requirement}"
"""
_PIPX: Final = """\
      - name: pipx installs {project} {version}
        id: pipx
        if: always()
        env:
          PIPX_HOME: ${{{{ runner.temp }}}}/pipx
          PIPX_BIN_DIR: ${{{{ runner.temp }}}}/pipx-bin
          PIPX_DEFAULT_BACKEND: pip
          PIPX_DISABLE_SHARED_LIBS_AUTO_UPGRADE: '1'
        run: |
          export PIPX_DEFAULT_PYTHON="$(command -v python)"
          /opt/pysim/bin/python -m pipx install --python "$PIPX_DEFAULT_PYTHON" "{requirement}"
"""
_START: Final = """\
          set +e; said=$(timeout 60 "{folder}/{script}" --help 2>&1 </dev/null); code=$?; set -e
          echo "$said" | head -n 40
{extras}\
          case "$said" in *"Traceback (most recent call last)"*) echo "::error::{script} does not start"; exit 1;; esac
          if [ "$code" -eq 124 ]; then echo "::error::{script} --help did not end within a minute"; exit 1; fi
          if [ "$code" -gt 2 ]; then echo "::error::{script} --help ended with $code"; exit 1; fi
"""

_EXTRAS: Final = """\
          if echo "$said" | grep -qiE '{asked}'; then
            echo "::notice::{script} asks for an extra of {project}, and was not started without it"; said=; code=0
          fi
"""
_IMPORT: Final = """\
      - name: the modules of {project} {version} from the {dist} are imported
        id: import-{dist}
        if: always() && steps.pip-{dist}.outcome == 'success'
        working-directory: ${{{{ runner.temp }}}}
        run: |
          cat > import_modules.py <<'END OF SCRIPT'
{script}
          END OF SCRIPT
          "$RUNNER_TEMP/{dist}/bin/python" -I import_modules.py {project}
"""
_CHECK: Final = """\
      - name: {project} {version} from the {dist} passes the check of pysim.toml
        id: check-{dist}
        if: always() && steps.pip-{dist}.outcome == 'success'
        env:
          VIRTUAL_ENV: ${{{{ runner.temp }}}}/{dist}
        run: {command}
"""
_SCRIPT: Final = Path(__file__).with_name("inside") / "import_modules.py"
_LAST_LINES: Final = 5
_LATEST: Final = 40  # more than any minor or patch version of CPython 3


def install_workflow(release: Release, *, python: str, check: str | None = None) -> Workflow:
    """The bundled workflow: every way to install a release, its modules imported, and the user's check."""
    text = _HEAD.format(index=indexes()["pypi"].simple_url, python=python)
    only = {"wheel": f"--only-binary {release.project}", "sdist": f"--no-binary {release.project}"}
    for attempt in ATTEMPTS:
        kind = release.kind(attempt)
        if kind is None:
            continue
        form = _PIP if attempt.tool == "pip" else _PIPX
        text += form.format(
            dist=kind,
            project=release.project,
            version=release.version,
            only=only[kind] if release.index == "pypi" else "",
            requirement=release.requirement(kind),
        )
        folder = "$PIPX_BIN_DIR" if attempt.tool == "pipx" else f"$RUNNER_TEMP/{attempt.dist}/bin"
        text += "".join(
            _START.format(folder=folder, script=script, extras=_without_extra(release, script))
            for script in release.scripts
        )
    for kind in KINDS:
        if kind in release.by_kind:
            named = {"dist": kind, "project": release.project, "version": release.version}
            text += _IMPORT.format(script=indent(_SCRIPT.read_text(encoding="utf-8"), " " * 10), **named)
            text += _CHECK.format(command=_command(kind, check), **named) if check else ""
    loaded = load_workflow(text, PATH)
    if loaded.workflow is None:
        said = "; ".join(str(item) for item in loaded.diagnostics)
        raise InvalidWorkflowError(f"pysim's own install check is not valid: {said}", hint="Please report this.")
    return loaded.workflow


def _without_extra(release: Release, script: str) -> str:
    """What lets a console script go that says it needs an extra of its own project: an optional dependency."""
    named = {extra for each in release.distributions for extra in each.metadata.get("provides_extra", ())}
    extras = "|".join(sorted(map(_in_any_spelling, filter(_NAME.fullmatch, named))))
    if not extras:
        return ""
    asked = rf"(^|[^[:alnum:]]){_in_any_spelling(release.project)}\[([^]]*,)?({extras})[],]"
    return _EXTRAS.format(asked=asked, script=script, project=release.project)


def _in_any_spelling(name: str) -> str:
    """A name as an extended regular expression, whose dashes, dots and underscores are one."""
    return re.sub(r"[-_.]+", "[-_.]+", name)


def _command(kind: str, check: str) -> str:
    """The user's command as a value of YAML, after the environment's programs are found first; no expression in it."""
    plain = check.replace("${{", "${{ '${{' }}")
    return json.dumps(f'export PATH="$RUNNER_TEMP/{kind}/bin:$PATH"\n{plain}')


def check_install(
    release: Release,
    *,
    python: str,
    run_workflow: Callable[[Workflow], Outcomes],
    emit: EventSink,
    offline: bool = False,
    check: str | None = None,
    sources: Collection[str] = (),
) -> None:
    """Install a release, report each attempt, and raise one finding when any of them failed.

    What is installed is imported, and `check` run, a command of the user's. `sources` are the names of the top-level
    packages in the repository. A run that is `offline` cannot tell a requirement that nobody has from one that it did
    not look for.
    """
    outcomes = run_workflow(install_workflow(release, python=python, check=check))
    started = f"starts: {', '.join(release.scripts)}" if release.scripts else "it has no console script to start"
    failed: dict[str, Outcome] = {}
    unfit: dict[str, Outcome] = {}
    for attempt in ATTEMPTS:
        outcome, kind = outcomes.get(attempt.step), release.kind(attempt)
        if outcome is None or kind is None:
            continue
        emit(
            Installed(
                tool=attempt.tool,
                dist=kind,
                project=release.project,
                version=release.version,
                index=release.index,
                ok=outcome.ok,
                seconds=outcome.seconds,
                detail=started if outcome.ok else outcome.reason,
            )
        )
        if not outcome.ok:
            (unfit if is_unfit(release, outcome.lines) else failed)[f"{attempt.tool} ({kind})"] = outcome
    if failed:
        emit(FindingRaised(finding=_failed(release, failed, offline=offline)))
    if unfit and not failed:
        emit(FindingRaised(finding=_not_for_this_machine(release, unfit, outcomes)))
    logs = {kind: outcomes[f"import-{kind}"].lines for kind in KINDS if f"import-{kind}" in outcomes}
    for finding in (*not_imported(release.distributions, logs, sources), *_not_passed(release, outcomes)):
        emit(FindingRaised(finding=finding))


def _not_passed(release: Release, outcomes: Outcomes) -> Iterator[Finding]:
    """That the user's own check failed, once."""
    failed = [(kind, outcomes[f"check-{kind}"]) for kind in KINDS if f"check-{kind}" in outcomes]
    for kind, outcome in [(kind, outcome) for kind, outcome in failed if not outcome.ok][:1]:
        lines = [line for line in outcome.lines if line.strip() and not line.startswith("Process completed")]
        yield Finding(
            code="install-check-failed",
            severity=Severity.ERROR,
            message=f"{release.project} {release.version}, installed from the {kind}, fails the check that pysim.toml "
            f"names: {' / '.join(lines[-_LAST_LINES:]) or 'it says nothing'}",
            where="install check",
            hint="Users of the release would meet the same; if the check wants more than is installed, mend it under "
            "[install] check.",
        )


def _failed(release: Release, failed: Mapping[str, Outcome], *, offline: bool) -> Finding:
    reasons = {how: outcome.reason for how, outcome in failed.items()}
    first = next(iter(reasons.values()))
    same = all(_alike(reason, first) for reason in reasons.values())
    own = f"{_NO_RELEASE} found for {release.project}==" in first
    return Finding(
        code="install-failed",
        severity=Severity.ERROR,
        message=f"{release.project} {release.version} cannot be installed or started with {_listed(reasons)}: {first}",
        where="install check",
        would_show=None if same else "\n".join(f"{how}: {reason}" for how, reason in reasons.items()),
        hint=_NOTHING_FITS if own else _hint(first, offline=offline),
        remedies=(remedy(Act.GO_ONLINE),) if offline and _NO_RELEASE in first and not own else (),
    )


def is_unfit(release: Release, lines: Sequence[str]) -> bool:
    """Whether pip found no file of the release for its Python and its system, and others may find one."""
    text = "\n".join(lines)
    named = rf"{_NO_RELEASE} found for {re.escape(release.project)}(?:==|$)"
    missed = re.search(named, text, re.MULTILINE) is not None or any(
        f"{found.filename} is not a supported wheel on this platform" in text
        or f"'{found.metadata.get('name', found.project)}' requires a different Python" in text
        for found in release.distributions
    )
    if missed and _is_by_python(lines):
        return _has_python(_wanted(release))
    return missed and not all(map(_is_for_python_2, release.distributions))


def _is_by_python(lines: Sequence[str]) -> bool:
    return any("Requires-Python" in line or "requires a different Python" in line for line in lines)


def _wanted(release: Release) -> str:
    """What the release says of the Pythons that it takes."""
    return next((text for each in release.distributions if (text := each.metadata.get("requires_python"))), "")


def _is_for_python_2(found: Distribution) -> bool:
    return found.kind == "wheel" and re.search(r"-(?:py2|cp2|pp2)[^-]*-[^-]+-[^-]+\.whl$", found.filename) is not None


def _not_for_this_machine(release: Release, unfit: Mapping[str, Outcome], outcomes: Outcomes) -> Finding:
    """That it is not known how the release installs; what hangs on it, unless another file of it was installed."""
    by_python = any(_is_by_python(outcome.lines) for outcome in unfit.values())
    why = (
        f"it wants Python {_wanted(release)}, which is not here"
        if by_python
        else "it has no such file for this machine"
    )
    installed = any(outcome.ok for step, outcome in outcomes.items() if step.startswith("pip-"))
    return Finding(
        code="install-not-rehearsed",
        severity=Severity.WARNING,
        message=f"{release.project} {release.version} is not installed with {_listed(dict.fromkeys(unfit, ''))}: {why}",
        where="install check",
        hint=("Put such a Python on this machine" if by_python else "Try it where its files are for")
        + ", or accept that this is not rehearsed.",
        remedies=(remedy(Act.ACCEPT_FINDING, "install-not-rehearsed"),),
        unrehearsed=() if installed else tuple(dict.fromkeys(release.jobs)),
    )


def _has_python(wanted: str) -> bool:
    """Whether some CPython 3, of today or to come, is taken."""
    try:
        specifiers = SpecifierSet(wanted)
    except InvalidSpecifier:
        return True
    return any(f"3.{minor}.{patch}" in specifiers for minor in range(_LATEST) for patch in range(_LATEST))


def _alike(reason: str, other: str) -> bool:
    """Whether one is the other with more words at its end."""
    return reason.startswith(other) or other.startswith(reason)


def _listed(names: Mapping[str, str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _hint(reason: str, *, offline: bool) -> str:
    if reason.startswith(("ModuleNotFoundError", "ImportError")):
        return "Put the module into the distribution, or the project that has it into `dependencies`."
    if _NO_RELEASE in reason and offline:
        return "This run was offline, so requirements were looked for nowhere: rehearse it online."
    if _NO_RELEASE in reason:
        return "Mend the requirement in `dependencies`: no index has a release of that name and version."
    return "Mend what the log of the install check complains of; users would see the same."
