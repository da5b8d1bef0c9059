"""Rules of what starts a release: tag filters, and conditions on a tag that no event gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from simulator.diagnostics import Severity
from simulator.positions import Located
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import called_by, publishing, reached
from simulator.triggers.globs import PatternError, deciding
from simulator.workflow.model import Condition, Job, Trigger

_VERSIONS = ("1.2.3", "1.2", "1", "10.20.30", "0.1.0", "2026.1.15", "26.1", "1.2.3.4", "1.2.3rc1", "1.2.3-rc.1",
             "1.2.3a1", "1.2.3b2", "1.2.3.post1", "1.2.3.dev4", "1.2.3-beta.1", "1.2.3-alpha", "1.2.3-rc1")  # fmt: skip
_PREFIXES = ("", "v", "V", "v.", "release-", "release/", "release-v", "release/v", "ver", "version-", "project-v",
             "project-", "project/v", "project/", "project@", "project@v", "py-v", "python-v")  # fmt: skip
_SPECIAL = re.compile(r"[*?+\[\]\\!]")
_NOT_IN_TAGS = re.compile(r"[\s~^:?*\[\\\x00-\x1f\x7f]|\.\.|//|@\{|^/|/$|\.$|^-|^refs/")
_NOT_OF_DRAFTS = frozenset({"created", "prereleased"})  # docs.github.com: events that trigger workflows, release
_OF_DRAFTS = frozenset({"published", "released"})
_WITHOUT_TAGS = frozenset({"push", "pull_request", "pull_request_target", "schedule", "merge_group"})


@rule(
    "tag-pattern",
    Severity.ERROR,
    summary="The tag filter of a publishing workflow takes no tag that names a version.",
    why="Filters are GitHub's patterns, not regular expressions, and match the whole name: no tag starts the release.",
)
def tag_pattern(subject: Subject) -> Iterator[Problem]:
    trigger = subject.workflow.triggers.get("push")
    if trigger is None or not any(any(publishing(each)) for each in reached(subject.workflow, subject.others)):
        return
    patterns = trigger.tags if trigger.tags is not None else trigger.tags_ignore
    if not patterns:
        return
    try:
        taken = [tag for tag in _candidates(patterns) if _takes(trigger, tag)]
    except PatternError:
        return  # GitHub refuses the file for it
    if not taken:
        words = ", ".join(pattern.value for pattern in patterns)
        key = "tags" if trigger.tags is not None else "tags-ignore"
        yield Problem(
            span=patterns[0].span,
            message=f"No version tag passes `{key}: {words}`: neither v1.2.3 nor 1.2.3 starts the workflow",
            hint="These are GitHub's filter patterns, not regular expressions, and they match the whole name of "
            "the tag, without refs/tags/: write v*, or v[0-9]+.[0-9]+.[0-9]+.",
        )


def _candidates(patterns: Sequence[Located[str]]) -> Iterator[str]:
    """Tags that name a version: the usual forms, and those that begin as a pattern does."""
    heads = [_SPECIAL.split(pattern.value.removeprefix("!"), maxsplit=1)[0] for pattern in patterns]
    own = [head.rstrip("0123456789.") for head in heads]
    for prefix in (*_PREFIXES, *heads, *own):
        for version in _VERSIONS:
            if not _NOT_IN_TAGS.search(prefix + version):
                yield prefix + version


def _takes(trigger: Trigger, tag: str) -> bool:
    if trigger.tags is not None:
        patterns = [pattern.value for pattern in trigger.tags]
        index = deciding(patterns, tag)
        return index is not None and not patterns[index].startswith("!")
    return all(deciding([pattern.value], tag) is None for pattern in trigger.tags_ignore or ())


@rule(
    "tag-never-starts",
    Severity.ERROR,
    summary="A publishing job asks for a tag, and no event of the workflow brings one.",
    why="With a filter for branches alone, pushes of tags start nothing, and the condition is never true.",
)
def tag_never_starts(subject: Subject) -> Iterator[Problem]:
    triggers = subject.workflow.triggers
    push = triggers.get("push")
    if not triggers.keys() <= _WITHOUT_TAGS or push is None or not _branches_alone(push):
        return
    for job, conditions in _publishing_conditions(subject):
        for condition in conditions:
            if re.search(r"startsWith\(\s*github\.ref\s*,\s*'refs/tags|ref_type\s*==\s*'tag'", condition.source):
                yield Problem(
                    span=condition.span,
                    message=f"Job {job.id} publishes for tags alone, and no tag starts this workflow: "
                    "its push has a filter for branches and none for tags",
                    hint="Add `tags:` beside `branches:` below `push:`.",
                )
                break


def _publishing_conditions(subject: Subject) -> Iterator[tuple[Job, Sequence[Condition]]]:
    """The conditions of the steps that publish, and of the jobs that call a workflow with one."""
    for found in publishing(subject.workflow):
        yield found.job, (found.job.condition, found.step.condition)
    for job in subject.workflow.jobs.values():
        called = called_by(job, subject.others)
        if called is not None and any(any(publishing(each)) for each in reached(called, subject.others)):
            yield job, (job.condition,)


def _branches_alone(push: Trigger) -> bool:
    has_tags = push.tags is not None or push.tags_ignore is not None
    return not has_tags and (push.branches is not None or push.branches_ignore is not None)


@rule(
    "release-saved-as-draft",
    Severity.WARNING,
    summary="A publishing workflow waits for a release by `created` or `prereleased` alone.",
    why="GitHub starts neither for a release that was saved as a draft first: it is published, and nothing runs.",
)
def release_saved_as_draft(subject: Subject) -> Iterator[Problem]:
    trigger = subject.workflow.triggers.get("release")
    types = set(trigger.types or ()) if trigger is not None else set()
    if trigger is None or not types & _NOT_OF_DRAFTS or types & _OF_DRAFTS:
        return
    if any(any(publishing(each)) for each in reached(subject.workflow, subject.others)):
        waited = " and ".join(each for each in trigger.types or () if each in _NOT_OF_DRAFTS)
        yield Problem(
            span=trigger.span,
            message=f"A release that is saved as a draft first starts nothing here when it is published: GitHub starts "
            f"no run of {waited} for it",
            hint="Write types: [published], which every release has, a draft's and a prerelease's too.",
        )
