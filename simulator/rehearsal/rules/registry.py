"""The release rules by code, and their application to a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.diagnostics import Diagnostic, Severity
from simulator.rehearsal.rule import Rule, rule
from simulator.rehearsal.rules import artifacts, circumstances, handover, publishers, tags, tokens, versions
from simulator.rehearsal.rules.model import Problem, Subject

RULES: Final[Mapping[str, Rule[Subject, Problem]]] = {
    "tag-pattern": rule(
        Severity.ERROR,
        "The tag filter of a publishing workflow takes no tag that names a version.",
        "Filters are GitHub's patterns, not regular expressions, and match the whole name: no tag starts the release.",
        tags.tag_pattern,
    ),
    "tag-never-starts": rule(
        Severity.ERROR,
        "A publishing job asks for a tag, and no event of the workflow brings one.",
        "With a filter for branches alone, pushes of tags start nothing, and the condition is never true.",
        tags.tag_never_starts,
    ),
    "missing-id-token": rule(
        Severity.ERROR,
        "A job publishes without a credential and has no `id-token: write`.",
        "Trusted publishing needs an ID token, which GitHub never grants by default.",
        tokens.missing_id_token,
    ),
    "dropped-id-token": rule(
        Severity.ERROR,
        "The workflow grants `id-token: write`, and the publishing job's own `permissions` drop it.",
        "A job's block replaces the workflow's wholly.",
        tokens.dropped_id_token,
    ),
    "artifact-name": rule(
        Severity.ERROR,
        "A job downloads an artifact that no job uploads.",
        "download-artifact fails with `Artifact not found`.",
        artifacts.artifact_name,
    ),
    "artifact-not-needed": rule(
        Severity.ERROR,
        "A job downloads an artifact without needing the job that uploads it (a warning where only some may be late).",
        "Jobs start as soon as their needs are done: the download runs first and finds nothing.",
        artifacts.artifact_not_needed,
    ),
    "artifact-twice": rule(
        Severity.ERROR,
        "Two jobs, or the jobs of a matrix, upload artifacts of one name.",
        "Since version 4 an artifact cannot be added to: the second upload fails.",
        artifacts.artifact_twice,
    ),
    "nested-download": rule(
        Severity.ERROR,
        "A download puts folders where the publishing step takes files.",
        "Without a name, each artifact lands in a folder of its own, and the upload fails on a folder in dist/.",
        artifacts.nested_download,
    ),
    "download-elsewhere": rule(
        Severity.ERROR,
        "A download puts the files beside the folder that the publishing step takes.",
        "An artifact of `path: dist/` holds the files, not the folder; the publishing step finds no dist/.",
        artifacts.download_elsewhere,
    ),
    "publisher-mismatch": rule(
        Severity.ERROR,
        "No declared publisher has the file name and the environment of a job that publishes (a warning where none "
        "names an environment).",
        "PyPI compares both, and refuses the token of a job that differs.",
        publishers.publisher_mismatch,
    ),
    "reusable-publish": rule(
        Severity.ERROR,
        "A trusted publishing job lies in a workflow that others call (a warning where it also starts by itself, or "
        "without attestations).",
        "PyPI does not support trusted publishing from reusable workflows; attestations of one are refused.",
        publishers.reusable_publish,
    ),
    "pull-request-publish": rule(
        Severity.ERROR,
        "Pull requests start a trusted publishing job, and no condition leaves it out (a warning for `pull_request`).",
        "PyPI refuses tokens of `pull_request_target`, and GitHub gives none to pull requests of forks.",
        circumstances.pull_request_publish,
    ),
    "publish-off-linux": rule(
        Severity.ERROR,
        "pypa/gh-action-pypi-publish runs on macOS or Windows.",
        "The action ends at once: it is made for Linux.",
        circumstances.publish_off_linux,
    ),
    "shallow-checkout": rule(
        Severity.ERROR,
        "The version comes from git, and the checkout that is built is shallow (a warning where only some events lack "
        "the tag, a notice where all bring it).",
        "Without the tag the tool makes up a version, and PyPI refuses it or users get it.",
        versions.shallow_checkout,
    ),
    "retired-action": rule(
        Severity.ERROR,
        "A version of an action that GitHub fails or does not find (a warning for one written for Node 12 or 16).",
        "GitHub fails such a job at its start, whatever else is right.",
        versions.retired_action,
    ),
    "retired-runner": rule(
        Severity.ERROR,
        "A job runs on an image that GitHub has removed.",
        "The job waits for a runner that never comes.",
        versions.retired_runner,
    ),
    "token-starts-nothing": rule(
        Severity.WARNING,
        "A step makes a release or a tag with GITHUB_TOKEN, and a publishing workflow waits for it.",
        "GitHub starts no run for events that are made with that token.",
        handover.token_starts_nothing,
    ),
    "missing-contents-write": rule(
        Severity.ERROR,
        "A step makes a release or a tag with GITHUB_TOKEN without `contents: write` (a warning where no file says).",
        "GitHub answers `Resource not accessible by integration`, often when the upload is done already.",
        handover.missing_contents_write,
    ),
    "unpinned-action": rule(
        Severity.WARNING,
        "An action in a publishing job that may fetch ID tokens is not pinned to a commit (a notice for tags).",
        "Whoever moves the branch or the tag can publish in your name.",
        tokens.unpinned_action,
    ),
    "build-and-publish": rule(
        Severity.WARNING,
        "Distributions are built in the job that publishes them with an ID token.",
        "Every build dependency runs where tokens can be fetched.",
        tokens.build_and_publish,
    ),
}


def check(subject: Subject) -> tuple[Diagnostic, ...]:
    """What all rules find, in the order of the places."""
    found = [
        Diagnostic(
            code=code,
            severity=problem.severity or each.severity,
            message=problem.message,
            span=problem.span,
            hint=problem.hint,
        )
        for code, each in RULES.items()
        for problem in each.check(subject)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.span.line, each.span.column)))
