"""How the command line spells what pysim can be asked for: as options, and as commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from simulator.remedies import Act, Remedy
from simulator.run_events import FindingRaised, Notice, RunEvent, Setting, SettingsRead

if TYPE_CHECKING:
    from simulator.diagnostics import Diagnostic
    from simulator.errors import SimulatorError
    from simulator.report.registry import Renderer

FORMS: Final[Mapping[Act, tuple[str, str]]] = {
    Act.USE_ENGINE: ("--engine {}", "NAME"),
    Act.USE_COPY: ("--local-repository {}=PATH", "OWNER/REPO@REF"),
    Act.SKIP_ACTION: ("--actions {}=skip", "OWNER/REPO"),
    Act.USE_IMAGE: ("--image {}=LOCAL", "REF"),
    Act.CHOOSE_EVENT: ("--event {}", "NAME"),
    Act.CHOOSE_TAG: ("--tag {}", "TAG"),
    Act.CHOOSE_BRANCH: ("--branch {}", "BRANCH"),
    Act.CHOOSE_WORKFLOW: ("-W {}", "FILE"),
    Act.GIVE_INPUT: ("--input {}=VALUE", "NAME"),
    Act.GIVE_SECRETS: ("--secret-file {}", "FILE"),
    Act.ASK_SECRETS: ("--ask-secrets", ""),
    Act.SUPPLY_ARTIFACT: ("--artifact {}=DIR", "NAME"),
    Act.ANSWER_REVIEW: ("--approve {0}, or --reject {0}", "ENVIRONMENT"),
    Act.ACCEPT_FINDING: ("--accept {}", "CODE"),
    Act.USE_WORKTREE: ("--source worktree", ""),
    Act.NAME_REPOSITORY: ("-C {}", "DIRECTORY"),
    Act.GO_ONLINE: ("without --offline", ""),
    Act.REHEARSE: ("pysim run", ""),
    Act.DRILL: ("pysim drill", ""),
    Act.SHOW_PLAN: ("pysim plan", ""),
    Act.LIST_WORKFLOWS: ("pysim plan --list", ""),
    Act.EXPLAIN_TOKENS: ("pysim oidc explain", ""),
    Act.IMPORT_ENVIRONMENTS: ("pysim environment import FILE", ""),
    Act.ADD_PUBLISHER: ("pysim publisher add", ""),
    Act.NAME_PUBLISHING_WORKFLOW: ("--workflow FILE", ""),
    Act.NAME_PUBLISHING_REPOSITORY: ("--repository OWNER/NAME", ""),
    Act.LIST_PUBLISHERS: ("pysim publisher list", ""),
    Act.IMPORT_PROJECT: ("pysim index import {}", "NAME"),
    Act.ADD_PROJECT: ("pysim index add {}", "NAME"),
    Act.SHOW_PROJECT: ("pysim index show {}", "NAME"),
    Act.DELETE_FILES: ("pysim index delete {}", "NAME VERSION"),
    Act.CLEAN: ("pysim clean", ""),
    Act.CLEAN_IMAGES: ("pysim clean --images", ""),
    Act.CLEAN_INDEX: ("pysim clean --index", ""),
    Act.ADOPT_STATE: ("pysim clean --adopt", ""),
}
"""How each act is typed; {} stands for what it is of, or for the word behind it where it is of nothing."""
_JOINED: Final = frozenset({Act.CHOOSE_EVENT, Act.CHOOSE_TAG, Act.CHOOSE_BRANCH, Act.CHOOSE_WORKFLOW, Act.GIVE_INPUT})
"""What belongs to the command of the rehearsal before it."""


_SOURCES: Final = {"request": "command line", "answer": "terminal"}


def spelled(remedies: Iterable[Remedy]) -> str:
    """Remedies as a person types them: `--engine local, or pysim index import orchay`; empty where there is none."""
    return ", or ".join(_phrases(remedies))


def _phrases(remedies: Iterable[Remedy]) -> Iterator[str]:
    command: list[str] = []
    for each in remedies:
        if command and each.do in _JOINED:
            command.append(_one(each))
            continue
        if command:
            yield " ".join(command)
        command = [_one(each)] if each.do is Act.REHEARSE else []
        if not command:
            yield _one(each)
    if command:
        yield " ".join(command)


def _one(remedy: Remedy) -> str:
    form, placeholder = FORMS[remedy.do]
    of = " ".join(map(shlex.quote, remedy.of.split(" "))) if remedy.of else placeholder
    return form.format(of) + (f" --index {remedy.index}" if remedy.index else "")


def with_remedies(hint: str | None, remedies: Sequence[Remedy]) -> str:
    """A hint with what to type for it behind it."""
    typed = f"({spelled(remedies)})" if remedies else ""
    return " ".join(part for part in (hint, typed) if part)


def hint_of(error: SimulatorError) -> str:
    """The hint of an error."""
    return with_remedies(error.hint, error.remedies)


def spelled_out(problem: Diagnostic) -> Diagnostic:
    """A problem whose hint says what to type."""
    return replace(problem, hint=with_remedies(problem.hint, problem.remedies)) if problem.remedies else problem


def _as_option(setting: Setting) -> Setting:
    """What was asked for was asked for here."""
    return replace(setting, source=_SOURCES.get(setting.source, setting.source))


class Spelled:
    """A renderer for people: what it shows says what to type."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, event: RunEvent, /) -> None:
        """Show an event."""
        if isinstance(event, FindingRaised) and event.finding.remedies:
            finding = event.finding
            event = FindingRaised(finding=replace(finding, hint=with_remedies(finding.hint, finding.remedies)))
        elif isinstance(event, SettingsRead):
            event = SettingsRead(settings=tuple(map(_as_option, event.settings)))
        elif isinstance(event, Notice) and event.remedies:
            event = replace(event, hint=with_remedies(event.hint, event.remedies))
        self._renderer(event)

    def close(self) -> None:
        """End it."""
        self._renderer.close()
