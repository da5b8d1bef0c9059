"""What publishing clients say of the indexes: twine, uv and `id` over TLS, under the indexes' own names.

A table of what an index is told beforehand, and of what each client then shows its user.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from simulator.indexes import IndexName, indexes
from simulator.run_events import FileUploaded, TokenExchanged, TwinRequest
from simulator.twins.base import Publisher

from .distributions import sdist, wheel, write_dists
from .driving import Job, Rig, publisher
from .index_clients import PUBLISHING, pip, said, twine, uv_publish

PYPI = indexes()["pypi"]
INDEXES: Sequence[IndexName] = ("pypi", "testpypi")
TWINE_REFUSED = "TrustedPublishingFailure: The token request failed; the index server gave the following reasons:"
UV_REFUSED = [
    "error: Failed to obtain token for trusted publishing",
    "Server returned error code 422 Unprocessable Entity, is trusted publishing correctly configured?",
    'Token claims, which must match the publisher configuration: GitHub( GitHubTokenClaims { sub: "repo:octo/demo:',
]
NOT_FOUND = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
OTHER_FILE = "octo/shared/.github/workflows/pypi.yml@refs/tags/v1"
pytestmark = pytest.mark.clients


# ---- what each client does where nothing is in its way


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("client", PUBLISHING)
def test_trusted_publishing(rig: Rig, client: str, index: IndexName) -> None:
    rig.twins.assume(publisher(index=index))
    job = rig.job()
    built = write_dists(job.folder / "dist")
    done = PUBLISHING[client](job, built, index=index)
    assert done.returncode == 0, said(done)
    assert [(file.index, file.path.read_bytes()) for file in rig.twins.published()] == [
        (index, path.read_bytes()) for path in built
    ]
    asked = [(e.method, e.path, e.job_id) for e in rig.seen(TwinRequest) if e.twin == index]
    assert [row for row in asked if row[0] == "POST" or "audience" in row[1]][:4] == [
        ("GET", "/_/oidc/audience", "publish"),
        ("POST", "/_/oidc/mint-token", "publish"),
        ("POST", "/legacy/", "publish"),
        ("POST", "/legacy/", "publish"),
    ]
    (exchange,) = rig.seen(TokenExchanged)
    assert (exchange.index, exchange.ok, exchange.declared) == (index, True, False)
    lines = [json.loads(line) for line in (rig.settings.folder / "access.jsonl").read_text().splitlines()]
    assert [(line["method"], line["path"], line["job"]) for line in lines if line["twin"] == index] == asked
    if client == "twine":
        assert indexes()[index].project_url("demo", "0.1.0") in said(done)
    else:
        assert "Failed to invalidate" not in said(done)


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("client", PUBLISHING)
def test_a_token_of_a_user_creates_the_project(rig: Rig, client: str, index: IndexName) -> None:
    job = rig.job("token", id_token=False)
    done = PUBLISHING[client](job, write_dists(job.folder / "dist"), index=index, token=rig.twins.upload_token(index))
    assert done.returncode == 0, said(done)
    assert [(event.index, event.status) for event in rig.seen(FileUploaded)] == [(index, 200)] * 2


@pytest.mark.parametrize("index", INDEXES)
def test_the_id_package(rig: Rig, index: IndexName) -> None:
    program = (
        "import base64, json, sys, id\n"
        "token = id.detect_credential(sys.argv[1])\n"
        "print(json.dumps(json.loads(base64.urlsafe_b64decode(token.split('.')[1] + '=='))))\n"
    )
    job = rig.job()
    done = job.run(sys.executable, "-c", program, index, env=job.resolver_env)
    assert done.returncode == 0, said(done)
    claims = json.loads(done.stdout)
    assert (claims["aud"], claims["environment"], claims["exp"] - claims["iat"]) == (index, "pypi", 300)
    refused = rig.job("no-token", id_token=False)
    done = refused.run(sys.executable, "-c", program, index, env=refused.resolver_env)
    assert "missing or insufficient OIDC token permissions" in said(done)
    outside = {**job.resolver_env, "GITHUB_ACTIONS": "", "ACTIONS_ID_TOKEN_REQUEST_URL": ""}
    done = job.run(sys.executable, "-c", "import id; print(id.detect_credential('pypi'))", env=outside)
    assert done.stdout == "None\n", "no CI, no token, and no error"


# ---- refused exchanges


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Publishers and the claims of a job, and the words of the index; each client shows them."""

    words: str
    publishers: Sequence[Publisher] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    index: IndexName = "pypi"
    code: str = "invalid-publisher"


EXCHANGES = {
    "nothing is registered": Exchange(words=NOT_FOUND),
    "another workflow": Exchange(words=NOT_FOUND, publishers=[publisher(workflow="release.yml")]),
    "another environment": Exchange(words=NOT_FOUND, publishers=[publisher(environment="release")]),
    "a job without environment": Exchange(words=NOT_FOUND, publishers=[publisher()], claims={"environment": ""}),
    "other letter case": Exchange(words=NOT_FOUND, publishers=[publisher(repository="octo/Demo")]),
    "registered on TestPyPI": Exchange(words=NOT_FOUND, publishers=[publisher(index="testpypi")]),
    "registered on PyPI": Exchange(words=NOT_FOUND, publishers=[publisher()], index="testpypi"),
    "pull_request_target": Exchange(
        words="Publishing from a workflow invoked via 'pull_request_target' is not supported.",
        publishers=[publisher()],
        claims={"event_name": "pull_request_target"},
    ),
    "a called workflow elsewhere": Exchange(
        words=f"The job_workflow_ref claim does not match, expecting one of "
        f"['octo/demo/.github/workflows/pypi.yml@{'a' * 40}', "
        f"'octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0'], got '{OTHER_FILE}'",
        publishers=[publisher()],
        claims={"job_workflow_ref": OTHER_FILE},
    ),
    "a name of the standard library": Exchange(
        code="invalid-payload",
        words="The name 'json' isn't allowed (conflict with Python Standard Library module name).",
        publishers=[publisher(project="json", pending=True, index="testpypi")],
        index="testpypi",
    ),
}


@pytest.mark.parametrize("client", PUBLISHING)
@pytest.mark.parametrize("case", EXCHANGES)
def test_a_refused_exchange(rig: Rig, case: str, client: str) -> None:
    given = EXCHANGES[case]
    for one in given.publishers:
        rig.twins.assume(one)
    job = rig.job(claims=given.claims)
    done = PUBLISHING[client](job, write_dists(job.folder / "dist"), index=given.index)
    assert done.returncode != 0
    assert given.words in said(done)
    (event,) = rig.seen(TokenExchanged)
    assert (event.index, event.ok) == (given.index, False)
    assert rig.seen(FileUploaded) == []
    shown = [f"{TWINE_REFUSED} * `{given.code}`: "] if client == "twine" else [*UV_REFUSED, f'{{"code":"{given.code}",']
    assert [text for text in shown if text not in said(done)] == []


def test_a_refused_exchange_tells_what_differs(rig: Rig) -> None:
    rig.twins.assume(publisher(workflow="release.yml"))
    job = rig.job()
    assert twine(job, write_dists(job.folder / "dist")).returncode == 1
    (event,) = rig.seen(TokenExchanged)
    assert [(check.claim, check.value, check.expected) for check in event.claims if not check.ok] == [
        ("workflow", "pypi.yml", "release.yml")
    ]


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ("twine", "missing or insufficient OIDC token permissions, the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment"),
        ("uv", "Failed to obtain OIDC token: is the `id-token: write` permission missing?"),
    ],
)
def test_a_job_without_id_token(rig: Rig, client: str, words: str) -> None:
    rig.twins.assume(publisher())
    job = rig.job(id_token=False)
    done = PUBLISHING[client](job, write_dists(job.folder / "dist"))
    assert done.returncode != 0
    assert words in said(done)
    assert rig.seen(TokenExchanged) == []


# ---- refused uploads

Before = Callable[[Rig, Job, IndexName], str]
"""Prepares an index and the folder `dist`; the token that the client is to use, empty for trusted publishing."""


def another_file_of_the_name(rig: Rig, job: Job, index: IndexName) -> str:
    token = rig.twins.upload_token(index)
    assert twine(job, write_dists(job.folder / "dist")[:1], index=index, token=token).returncode == 0
    dist(job, wheel(body="changed = 1\n"))
    return token


def an_unknown_token(_rig: Rig, job: Job, _index: IndexName) -> str:
    dist(job, wheel())
    return "pypi-AgEIcHlwaS5vcmcCJ"


def a_token_of_the_other_index(rig: Rig, job: Job, index: IndexName) -> str:
    dist(job, wheel())
    return rig.twins.upload_token("testpypi" if index == "pypi" else "pypi")


def a_publisher_of_another_project(rig: Rig, job: Job, index: IndexName) -> str:
    a_project_of_somebody(rig, index)
    rig.twins.assume(publisher(index=index, project="other"))
    dist(job, wheel())
    return ""


def a_pending_publisher_of_another_name(rig: Rig, job: Job, index: IndexName) -> str:
    rig.twins.assume(publisher(index=index, project="demos", pending=True))
    dist(job, wheel())
    return ""


def a_local_version(rig: Rig, job: Job, index: IndexName) -> str:
    dist(job, wheel(version="0.1.0+g12"), "demo-0.1.0+g12-py3-none-any.whl")
    return rig.twins.upload_token(index)


def an_unknown_classifier(rig: Rig, job: Job, index: IndexName) -> str:
    dist(job, wheel("demo", "0.1.0", "Classifier: Private :: Do Not Upload"))
    return rig.twins.upload_token(index)


def a_direct_dependency(rig: Rig, job: Job, index: IndexName) -> str:
    dist(job, wheel("demo", "0.1.0", "Requires-Dist: x @ git+https://example.org/x.git"))
    return rig.twins.upload_token(index)


def a_project_of_somebody(rig: Rig, index: IndexName) -> None:
    """Another job's upload makes the project `demo`."""
    job = rig.job("somebody", id_token=False)
    built = write_dists(job.folder / "dist", version="0.0.9")
    assert twine(job, built[:1], index=index, token=rig.twins.upload_token(index)).returncode == 0


def dist(job: Job, content: bytes, name: str = "demo-0.1.0-py3-none-any.whl") -> None:
    """Make a file the only one in `dist`."""
    folder = job.folder / "dist"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    (folder / name).write_bytes(content)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What is done beforehand, and what the index then says of the file in `dist`."""

    before: Before
    words: str
    status: int = 400
    index: IndexName = "pypi"


EXISTS = "File already exists ('demo-0.1.0-py3-none-any.whl', with blake2_256 hash '"
NOT_KNOWN = (
    "Invalid or non-existent authentication information. See https://{}/help/#invalid-auth for more information."
)
UPLOADS = {
    "another file of the name": Upload(before=another_file_of_the_name, words=EXISTS),
    "the same on TestPyPI": Upload(before=another_file_of_the_name, words=EXISTS, index="testpypi"),
    "an unknown token": Upload(before=an_unknown_token, words=NOT_KNOWN.format(PYPI.main_host), status=403),
    "a token of TestPyPI": Upload(
        before=a_token_of_the_other_index, words=NOT_KNOWN.format(PYPI.main_host), status=403
    ),
    "a token of PyPI": Upload(
        before=a_token_of_the_other_index,
        words=NOT_KNOWN.format(indexes()["testpypi"].main_host),
        status=403,
        index="testpypi",
    ),
    "a publisher of another project": Upload(
        before=a_publisher_of_another_project,
        words="Invalid API Token: OIDC scoped token is not valid for project 'demo', "
        "project-scoped token is not valid for project: 'demo'",
        status=403,
    ),
    "a pending publisher of another name": Upload(
        before=a_pending_publisher_of_another_name,
        words="Non-user identities cannot create new projects. This was probably caused by successfully using a "
        "pending publisher but specifying the project name incorrectly",
    ),
    "a local version": Upload(
        before=a_local_version, words="The use of local versions in '0.1.0+g12' is not allowed.", index="testpypi"
    ),
    "an unknown classifier": Upload(
        before=an_unknown_classifier, words="'Private :: Do Not Upload' is not a valid classifier."
    ),
    "a direct dependency": Upload(
        before=a_direct_dependency, words="Can't have direct dependency: x @ git+https://example.org/x.git."
    ),
}
PHRASES = {400: "Bad Request", 403: "Forbidden"}


@pytest.mark.parametrize("client", PUBLISHING)
@pytest.mark.parametrize("case", UPLOADS)
def test_a_refused_upload(rig: Rig, case: str, client: str) -> None:
    given = UPLOADS[case]
    job, url = rig.job(), indexes()[given.index].upload_url
    token = given.before(rig, job, given.index)
    (file,) = (job.folder / "dist").iterdir()
    verbose = ["--verbose"] if client == "twine" else []
    done = PUBLISHING[client](job, [file], *verbose, index=given.index, token=token or None)
    assert done.returncode != 0
    assert rig.seen(FileUploaded)[-1].status == given.status
    phrase = f"{given.status} {PHRASES[given.status]}"
    if client == "twine":
        assert f"Response from {url}: {phrase} " in said(done)
        assert f"<h1>{given.status} {given.words}" in said(done)
        assert f"HTTPError: {phrase} from {url} {PHRASES[given.status]}" in said(done)
        return
    assert re.search(rf"error: Failed to publish `[^`]*{re.escape(file.name)}` to `{url}`", said(done))
    assert f"Server returned status code {phrase}. Server says: {given.status} {given.words}" in said(done)


def test_twine_that_is_not_verbose_says_no_reason(rig: Rig) -> None:
    job = rig.job()
    done = twine(job, write_dists(job.folder / "dist")[:1], token=an_unknown_token(rig, job, "pypi"))
    assert "Error during upload. Retry with the --verbose option for more details." in said(done)
    assert f"HTTPError: 403 Forbidden from {PYPI.upload_url} Forbidden" in said(done)
    assert "non-existent" not in said(done)


def test_an_sdist_of_another_name(rig: Rig) -> None:
    job, token = rig.job(), rig.twins.upload_token("pypi")
    dist(job, sdist("Demo"), "Demo-0.1.0.tar.gz")
    files = list((job.folder / "dist").iterdir())
    done = twine(job, files, "--verbose", token=token)
    assert "Filename 'Demo-0.1.0.tar.gz' is invalid, should be 'demo-0.1.0.tar.gz'." in said(done)
    done = uv_publish(job, files, token=token)
    assert done.returncode == 0, "uv passes such a file over"
    assert "non-normalized filename" in said(done)
    assert rig.twins.published() == []


# ---- files that are there already


def test_the_same_file_again_is_no_error(rig: Rig) -> None:
    job = rig.job()
    built, token = write_dists(job.folder / "dist"), rig.twins.upload_token("pypi")
    for client in (twine, uv_publish, twine):
        done = client(job, built, token=token)
        assert done.returncode == 0, said(done)
    assert len(rig.twins.published()) == 2


def test_what_there_is_can_be_skipped(rig: Rig) -> None:
    job = rig.job()
    built, token = write_dists(job.folder / "dist"), rig.twins.upload_token("pypi")
    check = ["--check-url", PYPI.simple_url]
    assert twine(job, built, token=token).returncode == 0
    done = uv_publish(job, built, *check, token=token)
    assert done.returncode == 0, said(done)
    assert said(done).count("already exists, skipping") == 2
    with built[0].open("ab") as file:
        file.write(b"\0")
    done = twine(job, built, "--skip-existing", token=token)
    assert done.returncode == 0, said(done)
    assert f"Skipping {built[0].name} because it appears to already exist" in said(done)
    done = uv_publish(job, built, *check, token=token)
    assert done.returncode != 0
    assert f"Local file and index file do not match for `{built[0].name}`" in said(done)


def test_the_two_indexes_share_nothing(rig: Rig) -> None:
    rig.twins.assume(publisher(index="testpypi"))
    job = rig.job()
    assert uv_publish(job, write_dists(job.folder / "dist"), index="testpypi").returncode == 0
    assert {file.index for file in rig.twins.published()} == {"testpypi"}
    assert "No matching distribution found for demo" in said(pip(job, "download", "demo"))
    done = pip(job, "download", "--no-deps", "-d", "got", "demo", index="testpypi")
    assert done.returncode == 0, said(done)
