"""Steps that make a release or push a tag with GITHUB_TOKEN, and the workflows that do not start for that.

GitHub starts no run for an event made with that token, workflow_dispatch and repository_dispatch apart. Pure; silent
where the token cannot be told from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.actions.facts import Maker, release_maker, tag_maker
from simulator.planning.tools import CHECKOUT, action_name, code_of, given_inputs
from simulator.positions import Span
from simulator.workflow.model import Job, Step, Text, Trigger, Workflow

Made = Literal["release", "tag"]

_DEFAULT = re.compile(r"\$\{\{\s*(?:github\.token|secrets\.GITHUB_TOKEN)\s*\}\}", re.IGNORECASE)
_RELEASE = re.compile(r"(?<![\w-])gh\s+release\s+(create\b[^\n]*|edit\b[^\n]*--draft=false[^\n]*)")
_DRAFT = re.compile(r"(?<!\S)(?:--draft|-d)(?!=false)(?![\w-])")
_TAGGED = re.compile(r"(?<![\w-])git\s+tag\s+(?!-l\b|--list\b|-d\b|--delete\b)([^\n;&|]+)")
_PUSHED = re.compile(r"(?<![\w-])git\s+push\b([^\n;&|]*)")
_OWN_CREDENTIALS = re.compile(r"https?://|remote\s+set-url|extraheader|GIT_SSH|git@")
_PERHAPS = re.compile(r"gh\s+release\s+(?:view|list)\b|\|\||(?<![\w-])(?:if|case|for|while)\s|set\s+\+e")
_CREATING = frozenset(
    {
        "actions/create-release",
        "marvinpinto/action-automatic-releases",
        "ncipollo/release-action",
        "softprops/action-gh-release",
    }
)
_PUBLISHED = frozenset({"published", "released", "prereleased", "created"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """A step that makes a release or a tag with GITHUB_TOKEN; `what` is like "runs gh release create".

    `creates` says that it makes a release, and that nothing in it is for one that is there already.
    """

    job: Job
    step: Step
    made: Made
    what: str
    creates: bool = False

    @property
    def span(self) -> Span:
        """The step's `uses`, else the step."""
        return self.step.uses.span if self.step.uses else self.step.span


def handovers(workflow: Workflow) -> Iterator[Handover]:
    """Every step of a workflow that makes a release or a tag with GITHUB_TOKEN.

    A release that is made where no tag started the workflow brings its tag with it.
    """
    for job in workflow.jobs.values():
        for step in job.all_steps:
            for made, what in _made(workflow, job, step):
                yield Handover(job=job, step=step, made=made, what=what, creates=made == "release" and _creates(step))
                needs_tag = step.run is not None and "--verify-tag" in step.run.source
                if made == "release" and not takes_tags(workflow) and not needs_tag:
                    yield Handover(job=job, step=step, made="tag", what=what)


def listens(workflow: Workflow, made: Made) -> str | None:
    """The event by which a workflow waits for a release or a tag, or None."""
    if made == "release":
        trigger = workflow.triggers.get("release")
        return "release" if trigger and (not trigger.types or _PUBLISHED & set(trigger.types)) else None
    if takes_tags(workflow):
        return "push"
    return "create" if "create" in workflow.triggers else None


def takes_tags(workflow: Workflow) -> bool:
    """Whether the push of a tag can start the workflow."""
    trigger = workflow.triggers.get("push")
    return trigger is not None and _by_tags(trigger)


def _by_tags(trigger: Trigger) -> bool:
    branches_alone = trigger.branches is not None or trigger.branches_ignore is not None
    return trigger.tags is not None or trigger.tags_ignore is not None or not branches_alone


def unheard(workflow: Workflow, others: Iterable[Workflow]) -> Iterator[tuple[Handover, Workflow, str]]:
    """What a workflow hands over with GITHUB_TOKEN, with each other workflow that waits for it, and by which event.

    One that the same tag starts anyway is not waiting.
    """
    listeners = [each for each in others if each.path != workflow.path]
    for handover in handovers(workflow):
        for other in listeners:
            event = listens(other, handover.made)
            if event and not (handover.made == "release" and takes_tags(workflow) and takes_tags(other)):
                yield handover, other, event


def _made(workflow: Workflow, job: Job, step: Step) -> Iterator[tuple[Made, str]]:
    env = {**workflow.env, **job.env, **step.env}
    if step.uses is not None:
        name = action_name(step.uses.value)
        release, tag = release_maker(name), tag_maker(name)
        if release is not None and _has_default(release, step, env) and not _stays_draft(release, step):
            yield "release", f"uses {step.uses.value}"
        if tag is not None and _has_default(tag, step, env):
            yield "tag", f"uses {step.uses.value}"
    elif step.run is not None:
        code = code_of(step.run.source)
        if _publishes_release(code) and _default_of(env, "GH_TOKEN", "GITHUB_TOKEN"):
            yield "release", "runs gh release"
        if _pushes_tag(code) and _default_push(job, step, code):
            yield "tag", "runs git push"


def _creates(step: Step) -> bool:
    """Whether nothing in a step that makes a release is for one that a person has made for the tag before."""
    if step.uses is not None:
        name = action_name(step.uses.value)
        updates = given_inputs(step).get("allowupdates", "false") != "false"
        return name in _CREATING and not updates
    code = code_of(step.run.source if step.run else "")
    return _RELEASE.search(code) is not None and not _PERHAPS.search(code)


def _has_default(maker: Maker, step: Step, env: Mapping[str, Text]) -> bool:
    given = given_inputs(step).get(maker.input) if maker.input else None
    if given:
        return _DEFAULT.fullmatch(given) is not None
    return "GITHUB_TOKEN" not in env if maker.input and "GITHUB_TOKEN" not in env else _default_of(env, "GITHUB_TOKEN")


def _stays_draft(maker: Maker, step: Step) -> bool:
    return bool(maker.draft) and given_inputs(step).get(str(maker.draft), "false") != "false"


def _default_of(env: Mapping[str, Text], *names: str) -> bool:
    """Whether the first of the variables that is there holds GITHUB_TOKEN."""
    found = next((env[name].source for name in names if name in env), "")
    return _DEFAULT.fullmatch(found.strip()) is not None


def _publishes_release(code: str) -> bool:
    return any(words.startswith("edit") or not _DRAFT.search(words) for words in _RELEASE.findall(code))


def _pushes_tag(code: str) -> bool:
    tagged = {
        word.strip("\"'") for words in _TAGGED.findall(code) for word in words.split() if not word.startswith("-")
    }
    for words in _PUSHED.findall(code):
        pushed = [word.strip("\"'") for word in words.split()]
        if {"--tags", "--follow-tags"} & set(pushed) or any(word.startswith("refs/tags/") for word in pushed):
            return True
        if tagged & set(pushed[1:]):
            return True
    return False


def _default_push(job: Job, step: Step, code: str) -> bool:
    """Whether git pushes with what actions/checkout left: GITHUB_TOKEN unless it was given another."""
    scripts = "\n".join([code, *(code_of(each.run.source) for each in job.steps[: step.number] if each.run)])
    if _OWN_CREDENTIALS.search(scripts):
        return False
    checkouts = [
        given_inputs(each)
        for each in job.steps[: step.number]
        if each.uses and action_name(each.uses.value) == CHECKOUT
    ]
    if not checkouts:
        return False
    inputs = checkouts[-1]
    token = inputs.get("token", "")
    kept = inputs.get("persist-credentials", "true") != "false" and not inputs.get("ssh-key")
    return kept and (not token or _DEFAULT.fullmatch(token) is not None)
