"""Situations of a step that publishes, and what comes of each: the table of test_publish_same_behaviour."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.indexes import indexes
from tests.actions.index import AUDIENCE, ID_TOKEN, MINT, UPLOAD, jwt
from tests.twins.distributions import sdist, wheel

MAIN = indexes()["pypi"].main_host
POSTED = f"POST {UPLOAD}"
EXCHANGED = (f"GET {AUDIENCE}", f"GET {ID_TOKEN}", f"POST {MINT}")
SOME = "(some)"
Edit = Callable[[Path], object]  # of the workspace


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A step and what comes of it. Of `says` each is part of a line, in this order; `PYPI` in an input is PyPI."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    edit: Edit = lambda _: None
    id_token: bool = True
    code: int = 1
    says: Sequence[str] = ()
    silent: Sequence[str] = ()
    summary: str = ""  # part of it; SOME for any
    requests: Sequence[str] = ()
    same: bool = True  # whether the real one says it in the same lines


def folder_in_dist(workspace: Path) -> None:
    (workspace / "dist/artifact").mkdir()


def bad_wheel(workspace: Path) -> None:
    (workspace / "dist/x-1.0.tar.gz").write_bytes(b"no archive")


def odd_name(workspace: Path) -> None:
    (workspace / "dist/demo.whl").write_bytes(wheel())
    (workspace / "dist/demo.tar.gz").write_bytes(sdist())


def without_dist(workspace: Path) -> None:
    shutil.rmtree(workspace / "dist")


def with_empty_dist(workspace: Path) -> None:
    without_dist(workspace)
    (workspace / "dist").mkdir()


def bad_readme(workspace: Path) -> None:
    broken = "Description-Content-Type: text/x-rst\n\nTitle\n===\n\n.. oops::"
    (workspace / "dist/demo-0.1.0.tar.gz").write_bytes(sdist("demo", "0.1.0", broken))


def of_fork(workspace: Path) -> None:
    (workspace / "event.json").write_text('{"pull_request": {"head": {"repo": {"fork": true}}}}')


FORK = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": "event.json"}
REFUSAL = {
    "message": "Token request failed",
    "errors": [{"code": "invalid-publisher", "description": "valid token, but no corresponding publisher (x)"}],
}
CALLED = jwt(job_workflow_ref="octo/demo/.github/workflows/called.yml@refs/tags/v0.1.0")
OWN = {"password": "pypi-own", "attestations": "false"}
TRUSTED = {"attestations": "false"}

SITUATIONS = {
    "a trusted publisher": Situation(
        inputs=TRUSTED,
        code=0,
        says=(
            "::debug::Authenticating to https://localhost:",
            "::debug::Selected Trusted Publishing Exchange Endpoint: Https://Localhost:",
            "::add-mask::pypi-minted",
            "Checking dist/demo-0.1.0-py3-none-any.whl: PASSED",
            "Showing hash values of files to be uploaded:",
            "/github/workspace/dist/demo-0.1.0.tar.gz",
            "SHA256: ",
            "Uploading distributions to",
            "INFO     username: __token__",
        ),
        requests=(*EXCHANGED, POSTED, POSTED),
    ),
    "no id-token": Situation(
        inputs=TRUSTED,
        id_token=False,
        says=(
            "::error::Trusted publishing exchange failure: %0AOpenID Connect token retrieval failed: GitHub: missing",
        ),
        summary="Make sure that your workflow has `id-token: write` configured",
        requests=EXCHANGED[:1],
    ),
    "a pull request of a fork": Situation(
        inputs=TRUSTED,
        env=FORK,
        id_token=False,
        edit=of_fork,
        says=("The workflow context indicates that this action was called from a%0Apull request on a fork.",),
        requests=EXCHANGED[:1],
        summary=SOME,
    ),
    "a pull request of one's own": Situation(
        inputs=TRUSTED,
        env=FORK,
        id_token=False,
        edit=lambda workspace: (workspace / "event.json").write_text('{"pull_request": {"head": {}}}'),
        says=("This generally indicates a workflow configuration error, such as insufficient%0Apermissions.",),
        requests=EXCHANGED[:1],
        summary=SOME,
    ),
    "an event that is no JSON": Situation(
        inputs=TRUSTED,
        env=FORK,
        id_token=False,
        edit=lambda workspace: (workspace / "event.json").write_text("no"),
        says=("::debug::Unexpected: Github_Event_Path Does Not Contain Valid Json", "::error::"),
        requests=EXCHANGED[:1],
        summary=SOME,
    ),
    "GitHub's token service is down": Situation(
        inputs=TRUSTED,
        answers={ID_TOKEN: (500, "no")},
        says=("retrieval failed: GitHub: OIDC token request failed (code=500, body='no')",),
        requests=EXCHANGED[:2],
        summary=SOME,
    ),
    "trusted publishing is disabled": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (403, "{}")},
        says=("audience retrieval failed: repository at localhost:",),
        summary="has trusted publishing disabled\n\nYou're seeing this because the action wasn't given",
        requests=EXCHANGED[:1],
    ),
    "an index without trusted publishing": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (404, "")},
        says=(" does not indicate trusted publishing support",),
        requests=EXCHANGED[:1],
        summary=SOME,
    ),
    "the index is down": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (503, "")},
        says=(" responded with unexpected 503: Service Unavailable",),
        requests=EXCHANGED[:1],
        summary=SOME,
    ),
    "an audience of no known status": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (520, "")},
        says=("Traceback: ValueError: 520 is not a valid HTTPStatus",),
        silent=("::error",),
        requests=EXCHANGED[:1],
    ),
    "an audience that is no JSON": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (200, "<html>")},
        says=("Traceback: requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",),
        silent=("::error",),
        requests=EXCHANGED[:1],
    ),
    "an audience without an audience": Situation(
        inputs=TRUSTED,
        answers={AUDIENCE: (200, "{}")},
        says=("Traceback: KeyError: 'audience'",),
        requests=EXCHANGED[:1],
    ),
    "no index there": Situation(
        inputs={**TRUSTED, "repository-url": "https://localhost:1/legacy/"},
        says=("Traceback: requests.exceptions.ConnectionError: HTTPSConnectionPool(host='localhost'",),
        silent=("::error",),
    ),
    "the token is refused": Situation(
        inputs=TRUSTED,
        answers={MINT: (422, json.dumps(REFUSAL))},
        says=(
            (
                "::error::Trusted publishing exchange failure: %0AToken request failed: the server refused the request "
                "for the following reasons:%0A%0A* `invalid-publisher`: valid token, but no corresponding publisher "
                "(x)%0A%0AThis generally indicates a trusted publisher configuration error, but could%0Aalso indicate "
                "an internal error on GitHub or PyPI's part.%0A%0A%0AThe claims rendered below are **for debugging "
                "purposes only**."
            ),
        ),
        silent=("MISSING DISTS",),
        summary="* `environment`: `MISSING`\n\nSee https://",
        requests=EXCHANGED,
    ),
    "a refusal without reasons": Situation(
        inputs=TRUSTED, answers={MINT: (404, "{}")}, says=("Traceback: KeyError: 'errors'",), requests=EXCHANGED
    ),
    "the index is down at mint": Situation(
        inputs=TRUSTED,
        answers={MINT: (503, "<html>")},
        says=("Token request failed: the index produced an unexpected%0A503 response.%0A%0AThis strongly suggests",),
        summary="You can monitor PyPI's status here: https://status.python.org/",
        requests=EXCHANGED,
    ),
    "no token in the answer": Situation(
        inputs=TRUSTED,
        answers={MINT: (200, "{}")},
        says=("Token response error: the index gave us an invalid response.",),
        requests=EXCHANGED,
        summary=SOME,
    ),
    "a reusable workflow": Situation(
        inputs=TRUSTED,
        answers={ID_TOKEN: (200, json.dumps({"value": CALLED}))},
        code=0,
        says=("::warning::Potential workflow misconfiguration: %0AThe claims in this token suggest that the calling",),
        summary="becomes official. Please, do not report bugs if this breaks.",
        requests=(*EXCHANGED, POSTED, POSTED),
    ),
    "a token of one's own": Situation(
        inputs=OWN,
        code=0,
        says=("::debug::Using a user-provided API token for authentication against https://localhost:",),
        silent=("::warning",),
        requests=(POSTED, POSTED),
    ),
    "a token of one's own for PyPI": Situation(
        inputs={**OWN, "repository-url": "PYPI"},
        code=0,
        says=(
            "::warning title=Upgrade to Trusted Publishing::Trusted Publishers allows publishing packages to PyPI",
            "::warning title=Create a Trusted Publisher::A new Trusted Publisher for the currently running",
            (
                f"- https://{MAIN}/manage/project/demo/settings/publishing/?provider=github&owner=octo&repository=demo"
                "&workflow_filename=pypi.yml"
            ),
        ),
        summary="as an owner of the package(s):\n- https://",
        requests=(POSTED, POSTED),
    ),
    "a token for PyPI and files of odd names": Situation(
        inputs={**OWN, "repository-url": "PYPI", "verify-metadata": "false"},
        edit=odd_name,
        code=0,
        says=("::debug::Invalid Wheel Filename: Demo.Whl", "- https://"),
        requests=(POSTED,) * 4,
        same=False,  # the order of the debug lines is that of the file system
        summary=SOME,
    ),
    "attestations with a token": Situation(
        inputs={"password": "pypi-own", "repository-url": "PYPI"},
        code=0,
        says=("::warning title=attestations input ignored::The workflow was run with the 'attestations: true' input",),
        requests=(POSTED, POSTED),
        summary=SOME,
    ),
    "attestations elsewhere": Situation(
        code=0,
        says=(
            "::warning title=attestations input ignored::The workflow was run with 'attestations: true' input, but the",
        ),
        requests=(*EXCHANGED, POSTED, POSTED),
    ),
    "attestations: False is another word at first": Situation(
        inputs={"attestations": "False"},
        code=0,
        says=("::warning title=attestations input ignored::",),
        requests=(*EXCHANGED, POSTED, POSTED),
    ),
    "a token without its prefix": Situation(
        inputs={**OWN, "password": "secret"},
        code=0,
        says=("::warning file=# >> PyPA publish to PyPI GHA: POTENTIALLY INVALID TOKEN << :: It looks like",),
        requests=(POSTED, POSTED),
    ),
    "user and password": Situation(
        inputs={"user": "octocat", "password": "pw", "attestations": "false"},
        code=0,
        says=("::debug::Using a username + password pair for authentication against", "INFO     username: octocat"),
        requests=(POSTED, POSTED),
    ),
    "user and password for PyPI": Situation(
        inputs={"user": "octocat", "password": "pw", "attestations": "false", "repository-url": "PYPI"},
        says=(
            "::error title=Password-based uploads disabled::As of 2024, PyPI requires all users to enable Two-Factor",
            "::warning title=Upgrade to Trusted Publishing::",
            "::warning title=Create a Trusted Publisher::",
        ),
        summary="A new Trusted Publisher for",
    ),
    "user and password for PyPI, and nothing to publish": Situation(
        inputs={"user": "octocat", "password": "pw", "attestations": "false", "repository-url": "PYPI"},
        edit=with_empty_dist,
        says=("::error title=Password-based uploads disabled::",),
        silent=("Create a Trusted Publisher",),
    ),
    "no dist": Situation(
        inputs=TRUSTED,
        edit=without_dist,
        says=(
            "Traceback: FileNotFoundError: [Errno 2] No such file or directory: '/github/workspace/dist'",
            "::debug::Authenticating to",
            (
                "MISSING DISTS << :: It looks like there are no Python distribution packages to publish in the "
                "directory 'dist/'. Please verify"
            ),
            "ERROR    InvalidDistribution: Cannot find file (or expand pattern): 'dist/*'",
        ),
        requests=EXCHANGED,
    ),
    "no dist, and it is not checked": Situation(
        inputs={**TRUSTED, "verify-metadata": "false"},
        edit=without_dist,
        says=("MISSING DISTS", "Showing hash values", "Traceback: FileNotFoundError: [Errno 2]"),
        requests=EXCHANGED,
    ),
    "an empty dist": Situation(
        inputs=TRUSTED,
        edit=with_empty_dist,
        says=("MISSING DISTS", "ERROR    InvalidDistribution: Cannot find file (or expand pattern): 'dist/*'"),
        silent=("Traceback",),
        requests=EXCHANGED,
    ),
    "an empty dist, and it is not checked": Situation(
        inputs={**TRUSTED, "verify-metadata": "false"},
        edit=with_empty_dist,
        says=("MISSING DISTS", "Showing hash values", "ERROR    InvalidDistribution: Cannot find file"),
        requests=EXCHANGED,
    ),
    "a folder in dist": Situation(
        inputs=TRUSTED,
        edit=folder_in_dist,
        says=("ERROR    InvalidDistribution: Unknown distribution format: 'artifact'",),
        requests=EXCHANGED,
    ),
    "a folder in dist, and it is not checked": Situation(
        inputs={**TRUSTED, "verify-metadata": "false"},
        edit=folder_in_dist,
        says=("Traceback: IsADirectoryError: [Errno 21] Is a directory: '/github/workspace/dist/artifact'",),
        requests=EXCHANGED,
        same=False,  # the order of the hash table is that of the file system
    ),
    "a folder in dist that nobody hashes": Situation(
        inputs={**TRUSTED, "verify-metadata": "false", "verbose": "false", "print-hash": "false"},
        edit=folder_in_dist,
        says=("ERROR    InvalidDistribution: Unknown distribution format: 'artifact'",),
        requests=EXCHANGED,
    ),
    "no archive": Situation(
        inputs=TRUSTED, edit=bad_wheel, says=("Traceback: tarfile.ReadError: not a gzip file",), requests=EXCHANGED
    ),
    "a description that does not render": Situation(
        inputs=TRUSTED,
        edit=bad_readme,
        says=("Checking dist/demo-0.1.0.tar.gz: FAILED", "`long_description` has syntax errors in markup"),
        silent=("Showing hash values",),
        requests=EXCHANGED,
    ),
    "a description that nobody checks": Situation(
        inputs={**TRUSTED, "verify_metadata": "False"},
        edit=bad_readme,
        code=0,
        silent=("Checking",),
        requests=(*EXCHANGED, POSTED, POSTED),
    ),
    "less is said": Situation(
        inputs={**OWN, "verbose": "false"},
        code=0,
        says=("Showing hash values",),
        silent=("INFO",),
        requests=(POSTED, POSTED),
    ),
    "no hashes, but verbose": Situation(
        inputs={**OWN, "print-hash": "false"}, code=0, says=("Showing hash values", "INFO"), requests=(POSTED, POSTED)
    ),
    "neither hashes nor more words": Situation(
        inputs={**OWN, "print_hash": "false", "verbose": "false"},
        code=0,
        silent=("Showing hash values", "INFO"),
        requests=(POSTED, POSTED),
    ),
    "older spellings": Situation(
        inputs={**OWN, "packages_dir": "wheels/", "verify_metadata": "false"},
        edit=lambda workspace: (workspace / "dist").rename(workspace / "wheels"),
        code=0,
        says=("Showing hash values", "/github/workspace/wheels/demo-0.1.0.tar.gz", "Uploading demo-0.1.0.tar.gz"),
        silent=("Checking",),
        requests=(POSTED, POSTED),
    ),
    "skip-existing at an index that twine does not know": Situation(
        inputs={**OWN, "skip_existing": "true"},
        says=("ERROR    UnsupportedConfiguration: The configured repository 'https://localhost",),
    ),
    "a pattern of folders": Situation(
        inputs={**OWN, "packages-dir": "di*"},
        code=0,
        says=("Traceback: FileNotFoundError", "Checking dist/demo-0.1.0.tar.gz: PASSED", "Showing hash values"),
        requests=(POSTED, POSTED),
    ),
    "a space in the folder's name": Situation(
        inputs={**OWN, "packages-dir": "my dist"},
        edit=lambda workspace: (workspace / "dist").rename(workspace / "my dist"),
        says=("MISSING DISTS", "ERROR    InvalidDistribution: Cannot find file (or expand pattern): 'my'"),
    ),
    "the index refuses the file": Situation(
        inputs=OWN,
        answers={UPLOAD: (400, "File already exists ('x').")},
        says=("INFO     Response from https://localhost", "HTTPError: 400 Bad Request from https://localhost"),
        requests=(POSTED,),
    ),
    "the index refuses the file, and less is said": Situation(
        inputs={**OWN, "verbose": "false"},
        answers={UPLOAD: (400, "File already exists ('x').")},
        says=("WARNING  Error during upload. Retry with the --verbose option", "HTTPError: 400 Bad Request"),
        silent=("File already exists",),
        requests=(POSTED,),
    ),
    "the index is down at the upload": Situation(
        inputs=OWN,
        answers={UPLOAD: (503, "")},
        says=('WARNING  Received "503: Service Unavailable"', "HTTPError: 503"),
        requests=(POSTED,) * 5,
        same=False,  # slow: one implementation is enough, twine is the same
    ),
}
