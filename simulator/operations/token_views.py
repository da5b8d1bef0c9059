"""What each index would say to the claims of jobs beside the declared publishers, and what mends it.

Asks the lookup of the index's own stand-in, so that both say the same. Knows no plan beyond a job's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from simulator.indexes import TITLES, IndexName, indexes
from simulator.operations.kept_state import kept_state
from simulator.planning.model import PlannedJob
from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.rehearsal.publishers import implied_publishers
from simulator.report.explanations import Answer, PublisherView, TokenView
from simulator.triggers.repository import STAND_IN
from simulator.twins.base import Publisher
from simulator.twins.pypi.publisher_form import form_of
from simulator.twins.pypi.publishers import MISSING, NoPublisherError, compare, look_up, registration

_CALLED: Final = """\
This job stands in a workflow that another one calls, which PyPI does not support. Its token names both files:
  workflow_ref      {workflow_ref}
                    the file that the event started: the certificate that signs attestations names it
  job_workflow_ref  {job_workflow_ref}
                    the file of the job: PyPI looks for a publisher of this file, in the repository of the run
{result} Move the publishing job into the file that the event starts."""
_OTHER_REPOSITORY: Final = "The file lies in another repository, so PyPI gives no token, whatever is registered."
_SAME_REPOSITORY: Final = (
    "PyPI gives a token to a publisher of the called file, and then refuses uploads with attestations (the default), "
    "as their certificate names the calling file."
)
_SECURE: Final = (
    "{title} takes the token of every job of the file for {project}, whatever its environment, and mails its owners "
    "that the publisher can be made more secure: register it for the environment {environment}."
)
_EXPIRED: Final = "a pending publisher expires 30 days after it was registered"


@dataclass(frozen=True, kw_only=True, slots=True)
class Minter:
    """A job that may mint a token: its event in words, its claims, and the indexes that its steps upload to.

    The indexes are empty where no step is known to publish.
    """

    job: PlannedJob
    event: str
    claims: Mapping[str, str]
    indexes: Sequence[IndexName]
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What is known of the indexes: the names of their projects, and when it is that they are asked."""

    projects: Mapping[IndexName, frozenset[str]]
    now: float


def kept_projects(root: Path, folder: Path) -> Mapping[IndexName, frozenset[str]]:
    """The projects of the kept indexes by normalised name; `folder` is for copies. Raises TwinError."""
    from simulator.twins.pypi.baseline import open_copies

    kept = kept_state(root).index
    if not (kept / "current").exists():
        return {}
    found: dict[IndexName, frozenset[str]] = {}
    for index, store in open_copies(kept, folder).items():
        with store.reading() as catalogue:
            found[index] = frozenset(project.name for project in catalogue.projects())
    return found


def token_views(
    minters: Sequence[Minter], publishers: Sequence[Publisher], projects: Sequence[str], registered: Registered
) -> Sequence[TokenView]:
    """What the indexes say to each job. One that is not known to publish counts only where none is."""
    known = any(each.indexes or each.job.job.uses for each in minters)
    return [
        _View(minter=each, declared=publishers, projects=projects, registered=registered).made()
        if each.indexes or each.job.job.uses or not known
        else _bystander(each)
        for each in minters
    ]


def _bystander(minter: Minter) -> TokenView:
    """A job beside those that publish: what it wants its tokens for is not PyPI's affair."""
    return TokenView(
        job=minter.job.key,
        file=_file(minter),
        event=minter.event,
        claims=minter.claims,
        notes=["No step of it is known to publish, so no publisher is looked for."],
    )


def _file(minter: Minter) -> str:
    return minter.job.workflow.path.partition("@")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """One job before the indexes."""

    minter: Minter
    declared: Sequence[Publisher]
    projects: Sequence[str]
    registered: Registered

    def made(self) -> TokenView:
        answers = {index: self._answer(index) for index in self._asked()}
        return TokenView(
            job=self.minter.job.key,
            file=_file(self.minter),
            event=self.minter.event,
            claims=self.minter.claims,
            publishers=[self._beside(each) for each in self.declared if each.index in self._asked()],
            answers=list(answers.values()),
            notes=[*self.minter.notes, *self._notes()],
            forms=[(index, form) for index in answers if not answers[index].ok for form in self._forms(index)],
            refused=self._is_refused(answers.values()),
        )

    def _asked(self) -> Sequence[IndexName]:
        """The indexes that the job publishes to; those that publishers are declared for when that is not known."""
        declared = tuple(dict.fromkeys(publisher.index for publisher in self.declared))
        return tuple(self.minter.indexes) or declared or ("pypi",)

    def _is_refused(self, answers: Iterable[Answer]) -> bool:
        """Whether an index refuses; where it is not known which one is meant, whether all do."""
        refusals = [answer.ok is False for answer in answers]
        return any(refusals) if self.minter.indexes else all(refusals)

    # ---- one index

    def _answer(self, index: IndexName) -> Answer:
        if not self.declared:
            return Answer(index=index, ok=None, words="No publisher is declared, so a run assumes the one of this job.")
        alive = [each for each in self.declared if each.index == index and not self._is_expired(each)]
        try:
            row = look_up([registration(each) for each in alive], {**self.minter.claims, "jti": "new"})
        except NoPublisherError as error:
            words = f"{TITLES[index]} refuses: valid token, but no corresponding publisher ({error})"
            return Answer(index=index, ok=False, words=words)
        names = tuple(dict.fromkeys(each.project for each in alive if registration(each).id == row.id))
        return self._given(index, names)

    def _given(self, index: IndexName, names: Sequence[str]) -> Answer:
        """A token, which is of use when it is for a project of this repository."""
        words = f"{TITLES[index]} gives a token for {', '.join(names)}"
        if any(map(self._is_own, names)):
            return Answer(index=index, ok=True, words=words, projects=names)
        other = self.projects[0]
        words += (
            f", and refuses the upload, as this repository builds {', '.join(self.projects)}: 403 Invalid API Token: "
            f"OIDC scoped token is not valid for project {other!r}"
        )
        return Answer(index=index, ok=False, words=words, projects=names)

    def _is_own(self, project: str) -> bool:
        """Whether the repository builds a project, as far as its files say."""
        return not self.projects or canonicalize_name(project) in self.projects

    def _is_expired(self, publisher: Publisher) -> bool:
        return registration(publisher).is_expired(self.registered.now)

    def _beside(self, publisher: Publisher) -> PublisherView:
        row = registration(publisher)
        checks = compare(row, self.minter.claims)
        refusal = _EXPIRED if self._is_expired(publisher) else None
        if refusal is None:
            try:
                look_up([row], {**self.minter.claims, "jti": "new"})
            except NoPublisherError as error:
                refusal = str(error)
        return PublisherView(
            index=publisher.index,
            project=publisher.project,
            pending=publisher.pending,
            words=str(row),
            checks=checks,
            refusal=refusal,
            fixes=list(_fixes(checks)),
        )

    def _forms(self, index: IndexName) -> Iterator[PublisherForm]:
        """What to register for this job as it is: for the declared projects, else for those of the repository."""
        claims = self.minter.claims
        if claims["workflow_ref"] != claims["job_workflow_ref"] or claims["event_name"] == "pull_request_target":
            return  # nothing that could be registered would mend it
        names = [each.project for each in self.declared if each.index == index and self._is_own(each.project)]
        names = names or list(self.projects) or [each.project for each in self.declared] or ["PROJECT"]
        implied = implied_publishers(
            dict.fromkeys(names),
            repository=claims["repository"],
            workflow_path=_file(self.minter),
            environment=claims.get("environment"),
        )
        known = self.registered.projects.get(index, frozenset())
        pending = {each.project for each in self.declared if each.index == index and each.pending}
        for each in implied:
            if each.index == index:
                ordinary = any(d.project == each.project and d.index == index and not d.pending for d in self.declared)
                new = each.project in pending or not (ordinary or canonicalize_name(each.project) in known)
                named = not claims["repository"].startswith(f"{STAND_IN}/")
                yield form_of(indexes()[index], registration(each), each.project, pending=new, named=named)

    # ---- what else decides

    def _notes(self) -> Iterator[str]:
        claims = self.minter.claims
        if claims["workflow_ref"] != claims["job_workflow_ref"]:
            own = claims["job_workflow_ref"].startswith(f"{claims['repository']}/")
            yield _CALLED.format(**claims, result=_SAME_REPOSITORY if own else _OTHER_REPOSITORY)
        if claims["event_name"] == "pull_request_target":
            yield "PyPI takes no token of a workflow that pull_request_target started."
        rows = [registration(each) for each in self.declared if each.index in self._asked()]
        for each, row in zip((d for d in self.declared if d.index in self._asked()), rows, strict=True):
            fits = all(check.ok for check in compare(row, claims))
            if fits and not row.environment and claims.get("environment") and not self._is_expired(each):
                yield _SECURE.format(title=TITLES[each.index], project=each.project, environment=claims["environment"])


def _fixes(checks: Sequence[ClaimCheck]) -> Iterator[str]:
    wrong = {check.claim: check for check in checks if not check.ok}
    if found := wrong.get("repository"):
        case = found.value.lower() == found.expected.lower()
        exact = " PyPI compares the case of letters, too." if case else ""
        yield (
            f"the publisher says {found.expected}, this repository is {found.value}: register {found.value}, or set "
            f"owner and name under [repository] when GitHub knows it as {found.expected}.{exact}"
        )
    if found := wrong.get("workflow"):
        yield (
            f"the publisher says {found.expected}, this file is {found.value}: register {found.value}, or rename "
            f"the file to {found.expected}."
        )
    if found := wrong.get("environment"):
        has = "has none" if found.value == MISSING else f"has {found.value}"
        yield (
            f"the publisher says the environment {found.expected}, this job {has}: write `environment: "
            f"{found.expected}` in the job, or change the publisher."
        )
