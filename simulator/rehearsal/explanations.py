"""What the words of an index, of the publishing action and of twine mean for their reader, and what mends it.

A hint may name locations in the repository, as `{checkout}` or `{version}`: see `hint_locations`. Knows no event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulator.positions import Span
from simulator.remedies import Act, Remedy, remedy


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What a regular expression in a text means; of a failed step also the finding's `code`.

    `says` is the cause in a short sentence, in the place of the text. What is only `here` is no failure of the release.
    """

    words: str
    hint: str
    remedies: tuple[Remedy, ...] = ()
    code: str = ""
    says: str | None = None
    here: bool = False


def explain(table: Sequence[Explanation], text: str) -> Explanation | None:
    """The first explanation of a text."""
    return next((each for each in table if re.search(each.words, text)), None)


def hint_for(known: Explanation, text: str) -> str:
    """The hint of an explanation, with what its words found in the text."""
    found = re.search(known.words, text)
    return found.expand(known.hint) if found and "\\g<" in known.hint else known.hint


def explain_upload(refusal: str) -> Explanation:
    """Why an index refused an upload; where nothing is known of it, what is always to be done."""
    return explain(UPLOADS, refusal) or _ANYTHING


def place_of(hint: str, locations: Mapping[str, str]) -> Span | None:
    """Where a hint says that something is to be mended: the first key of pyproject.toml that it names."""
    named = (locations.get(name) for name in re.findall(r"\{(\w+)\}", hint) if name in PROJECT_KEYS.values())
    file, _, line = next(filter(None, named), "").rpartition(":")
    return Span(file=file, line=int(line), column=1) if file else None


def with_locations(hint: str, locations: Mapping[str, str]) -> str:
    """A hint with the locations that it names, as `file:line`; one that is not known is left out."""
    return re.sub(r"\{(\w+)\}", lambda found: f" ({at})" if (at := locations.get(found[1])) else "", hint)


PROJECT_KEYS: Final = {
    f"project.{key}": key.replace("-", "_")
    for key in ("name", "version", "description", "readme", "classifiers", "dependencies", "urls", "license-files")
} | {"project.requires-python": "requires_python"}
"""The names that hints have for keys of pyproject.toml."""
_ANYTHING: Final = Explanation(
    words="",
    hint="Mend what the index names, in the package's metadata or in the workflow, and rehearse again.",
)
_AS_BUILT: Final = (
    "Upload the files as the build made them: renamed or packed anew they are no distributions. GitHub's "
    "source archive is no sdist; `python -m build --sdist` makes one."
)
_NAMES: Final = (
    Explanation(
        words=r"The name .* (isn't allowed|is too similar|conflicts with|is invalid)",
        hint="Choose another name{name}, which the publisher or the token must be for, too.",
    ),
)

EXCHANGES: Final = (
    Explanation(
        words="job_workflow_ref claim does not match",
        hint="Move the publishing job into the workflow that the tag starts: PyPI does not support reusable workflows.",
    ),
    Explanation(
        words="pull_request_target",
        hint="Publish from a workflow that a tag or a release starts: PyPI takes no token of `pull_request_target`.",
    ),
    Explanation(
        words="malformed or invalid token",
        hint="Ask GitHub for a token with the audience that the index names at /_/oidc/audience, and exchange "
        "it within five minutes. Each index has an audience of its own.",
    ),
    Explanation(
        words="already used",
        hint="Ask GitHub for a new ID token before each exchange: an index takes the same one only once.",
    ),
    Explanation(
        words="valid token, but project already exists",
        hint="Register an ordinary publisher in the settings of the project at the index, take `pending` out of "
        "pysim.toml, and re-run the job. If the project is somebody else's, choose another name{name}.",
    ),
    Explanation(
        words="functionality not enabled",
        hint="Wait until PyPI takes trusted publishers again (https://status.python.org/), and re-run the job.",
    ),
    *_NAMES,
)
"""Why an index gives no upload token."""

UPLOADS: Final = (
    Explanation(
        words="File already exists",
        hint="Raise the version{version}: an index never takes other bytes under a file name it has seen. To end a "
        "release that was cut off, re-run the publishing job alone, with the files of the first run.",
    ),
    Explanation(
        words="previously used by a file that has since been deleted",
        hint="Raise the version{version}: the names of deleted files are never free again.",
    ),
    Explanation(
        words="older than 14 days",
        hint="Make a post-release, such as 1.0.post1, or raise the version{version}.",
    ),
    Explanation(
        words="Only one sdist",
        hint="Build the sdist in one job, and in the others wheels alone.",
    ),
    Explanation(
        words="Invalid or non-existent authentication",
        hint="Hand the step a token of this index, whole, which begins with pypi-; one of the other index is unknown "
        "here. In a rehearsal, what begins so in .secrets is a token of the local index.",
    ),
    Explanation(
        words="Username/Password authentication",
        hint="Publish as a trusted publisher, or with the user `__token__` and a token for its password.",
    ),
    Explanation(
        words="token is expired",
        hint="Re-run the job: it gets a new token, which lasts 15 minutes from its exchange. Let what takes long run "
        "in a job before this one.",
    ),
    Explanation(
        words="(OIDC|project-)scoped token is not valid for project",
        hint="The token is for the projects of its own publisher alone, and the package has another name{name}. "
        "Correct the name, or register this workflow as a publisher of the project of that name, too.",
    ),
    Explanation(
        words="Non-user identities cannot create new projects",
        hint="Register the pending publisher with the name that the package has{name}: the exchange made a project of "
        "another name, or the publisher is another project's.",
    ),
    Explanation(
        words=r"The user .* isn't allowed to upload",
        hint="The project is somebody else's: choose another name{name}, or let an owner invite the token's user.",
    ),
    Explanation(
        words="The given token isn't allowed to upload",
        hint="The project is archived or in quarantine: take it out of the archive in its settings at the index.",
    ),
    Explanation(
        words="verified primary email|two-factor authentication enabled",
        hint="Set it up in the account settings of the user whose token this is.",
    ),
    Explanation(
        words="temporarily disabled|Read-only mode",
        hint="Wait until the index takes uploads again (https://status.python.org/), and re-run the publishing job "
        "alone: the index takes again what it has already, byte for byte.",
    ),
    Explanation(
        words="use of local versions",
        hint="Publish a version without the part after the +: let the checkout{checkout} have `fetch-depth: 0`, build "
        "from the tag itself, and change no tracked file before the build.",
    ),
    Explanation(
        words="is invalid for 'version'",
        hint="Write a version as PEP 440 has them{version}, such as 1.0, 1.0rc1 or 1.0.post1.",
    ),
    Explanation(
        words="description failed to render",
        hint="Mend the markup of the file that `readme` names{readme}; `twine check --strict dist/*` says in which "
        "line. If it is Markdown, give it the ending `.md`.",
    ),
    Explanation(
        words="'description-content-type'",
        hint="Write text/markdown, text/x-rst or text/plain as the content type of the `readme`{readme}.",
    ),
    Explanation(
        words="classifier .* has been deprecated",
        hint="Take the classifier that the message names{classifiers}, or leave the old one out.",
    ),
    Explanation(
        words="classifier",
        hint="Take a classifier of the index's list{classifiers}, https://github.com/pypa/trove-classifiers. `Private "
        ":: Do Not Upload` is refused on purpose.",
    ),
    Explanation(
        words="Can't have direct dependency",
        hint="Depend on a release of it{dependencies}; addresses may stand in dependency groups, which are no "
        "metadata.",
    ),
    Explanation(
        words="'summary'",
        hint="Make `description`{description} one line of at most 512 characters.",
    ),
    Explanation(
        words="is not a valid url|32 characters or less|Must have a (label|URL)",
        hint="Correct `[project.urls]`{urls}: whole addresses, with labels of at most 32 characters.",
    ),
    Explanation(
        words="for 'requires-python'",
        hint="Write a version specifier such as >=3.10 as `requires-python`{requires_python}.",
    ),
    Explanation(
        words="unsupported platform tag",
        hint="Build in a manylinux image: cibuildwheel, `auditwheel repair`, or `maturin build --compatibility pypi`.",
    ),
    Explanation(
        words="License-File .* does not exist",
        hint="Let the build include the file; where the repository has none of that name, correct "
        "`license-files`{license_files}.",
    ),
    Explanation(
        words="introduced in metadata version|is not a valid metadata version",
        hint="Update the build backend{build_system}, twine and the action, or pin the backend to a release "
        "that writes an older version of the metadata.",
    ),
    Explanation(
        words="File too large|Project size too large",
        hint="Leave out what users do not need, delete old releases, or ask for a higher limit in the "
        "project's settings.",
    ),
    Explanation(
        words="should be '|Start filename for|should contain the normalized|Version in filename",
        hint="Build with a current build backend{build_system}, which writes normalised names, and rename nothing.",
    ),
    Explanation(words="Invalid distribution file|Invalid (wheel|source distribution) filename", hint=_AS_BUILT),
    Explanation(
        words="Certificate's Build Config URI",
        hint="Move the publishing job into the workflow that the tag starts, and register that one as the publisher. "
        "An attestation names the workflow that calls, and this publisher the one that is called. Until then, "
        "`attestations: false` lets the upload through.",
    ),
    *_NAMES,
)
"""Why an index takes no file."""

STEPS: Final = (
    Explanation(
        words="tag_name was used by an immutable release",
        code="immutable-release",
        hint="Release under another tag: GitHub keeps the tag of an immutable release for ever.",
    ),
    Explanation(
        words="(?:to|of) an immutable release",
        code="immutable-release",
        hint="Make the release as a draft, upload its files, and publish it then: once it is published, GitHub takes "
        "no more of them.",
    ),
    Explanation(
        words="Repository rule violations found",
        code="repository-rules",
        hint="Let the job do what the rules of the repository allow, such as to open a pull request, or push with a "
        "token of somebody who may bypass them.",
    ),
    Explanation(
        words="ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset",
        code="id-token-permission",
        says="the job may not ask for an ID token, as it lacks `id-token: write`",
        hint="Give the job `permissions: id-token: write`, and with it all others that it needs, such as `contents: "
        "read`: a job's permissions replace the workflow's.",
    ),
    Explanation(
        words=r"(?s)' was not found for .* GitHub has CPython (?P<version>\d+\.\d+)\.",
        code="python-not-available",
        says="this machine lacks a CPython that GitHub has, and it could not be fetched",
        hint=r"Have one on this machine, which the local engine takes: uv python install \g<version>.",
        remedies=(remedy(Act.USE_ENGINE, "local"),),
        here=True,
    ),
    Explanation(
        words="sudo: the local engine has no root",
        code="missing-program",
        says="it is not rehearsed, as it needs sudo, which the local engine has not",
        hint="Use the Docker engine, whose image has it.",
        remedies=(remedy(Act.USE_ENGINE, "docker"),),
        here=True,
    ),
    Explanation(
        words="pysim has no (?:pypy|graalpy)",
        code="python-not-available",
        hint="GitHub may have it; pysim sets up CPython alone. Publish from a job with a CPython.",
        here=True,
    ),
    Explanation(
        words="' was not found for ",
        code="python-not-found",
        hint="GitHub's list of versions, as pysim knows it, has none such: name one that is there, in quotes.",
    ),
    Explanation(
        words="which sees the workspace but not",
        code="nothing-to-upload",
        says="the distributions lie outside of the workspace, which is all that the action sees",
        hint="Build into a folder of the workspace, and name it as `packages-dir`.",
    ),
    Explanation(
        words=r"Cannot find file \(or expand pattern\)",
        code="nothing-to-upload",
        says="there is nothing to upload",
        hint="Let the build, download-artifact{download} and `packages-dir` name the same folder.",
    ),
    Explanation(
        words="Unknown distribution format|Is a directory: '|are not actually files",
        code="invalid-distribution",
        says="there is something in the folder that is no distribution",
        hint="Leave nothing but distributions in the folder. Of several artifacts each lies in a folder of its own, "
        "unless download-artifact{download} has `merge-multiple: true`. The folders in an artifact stay: its root is "
        "what the uploaded paths have in common, so upload from one folder.",
    ),
    Explanation(
        words="syntax errors in markup",
        code="invalid-description",
        says="the README does not render",
        hint="Mend the markup of the file that `readme` names{readme}, at the line that the log has. If it is "
        "Markdown, give it the ending `.md`.",
    ),
    Explanation(
        words=r"Invalid distribution metadata: '(?P<version>2\.[45])' is not a valid metadata version",
        code="invalid-distribution",
        says="twine is older than the metadata that the build backend writes",
        hint=r"Use pypa/gh-action-pypi-publish v1.14.2 or later, or where the job installs twine itself, a newer twine "
        r"and packaging: they read metadata \g<version>, which these files have.",
    ),
    *(
        replace(each, code="invalid-distribution", words=f"Invalid distribution metadata: .*({each.words})")
        for each in UPLOADS
    ),
    Explanation(
        words="Invalid distribution metadata",
        code="invalid-distribution",
        hint="Update the build backend{build_system} and the action, so that both know the same version of the "
        "metadata.",
    ),
    Explanation(
        words="Metadata is missing required fields: Name, Version",
        code="invalid-distribution",
        says="twine is older than the metadata that the build backend writes",
        hint="Use pypa/gh-action-pypi-publish v1.14.2 or later, or where the job installs twine itself, twine 6.1 or "
        "later: older ones cannot read the metadata of these files.",
    ),
    Explanation(words="InvalidDistribution:", code="invalid-distribution", hint=_AS_BUILT),
    Explanation(
        words="already have publish attestations",
        code="attested-twice",
        says="an earlier step of the job has attested the same files",
        hint="Publish to each index in a job of its own.",
    ),
    Explanation(
        words="does not indicate trusted publishing support",
        code="repository-url",
        hint="Leave `repository-url` out for PyPI; an index without trusted publishing wants a user and a password.",
    ),
    Explanation(
        words="missing a trailing slash|attempted to redirect",
        code="repository-url",
        says="the address of the index redirects elsewhere",
        hint="End `repository-url` with /legacy/, slash included, or leave it out for PyPI.",
    ),
    Explanation(
        words="requires all users to enable Two-Factor Authentication",
        code="password-upload",
        says="PyPI takes no passwords",
        hint="Publish as a trusted publisher, or with the user `__token__` and a token for its password.",
    ),
    Explanation(
        words="has trusted publishing disabled|with unexpected 5|index (produced an unexpected|gave us an invalid)",
        code="index-unavailable",
        says="the index does not exchange tokens at present",
        hint="Wait (https://status.python.org/), and re-run the publishing job alone.",
    ),
    Explanation(
        words="SCT verify failed|Failed to refresh TUF metadata",
        code="attestations-not-rehearsed",
        says="a client signs that trusts Sigstore's public root alone, and pysim signs under a root of its own",
        hint="Leave publishing to pysim's built-in action, which is rehearsed with attestations; or set "
        "`attestations: false` for the rehearsal.",
        here=True,
    ),
)
"""Why a step failed, by what it says."""
