"""The exchange of an ID token for an upload token: what decides, in which order, in which words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.indexes import IndexName, indexes
from simulator.publisher_records import ClaimCheck
from simulator.run_events import Notice, TokenExchanged

from .driving import REPOSITORY, Rig, Start, publisher
from .minting import NOT_FOUND, caveats, exchange, has_project, id_token, refusal

REF = "refs/tags/v0.1.0"
FILE = f"{REPOSITORY}/.github/workflows/pypi.yml"
ACCEPTED = [f"{FILE}@{'a' * 40}", f"{FILE}@{REF}"]
ELSEWHERE = "octo/shared/.github/workflows/pypi.yml@refs/heads/main"
MISMATCH = f"The job_workflow_ref claim does not match, expecting one of {ACCEPTED}, got {ELSEWHERE!r}"


@pytest.mark.parametrize("index", ["pypi", "testpypi"])
def test_every_host_of_an_index_says_its_audience(rig: Rig, index: IndexName) -> None:
    job = rig.job()
    for host in (indexes()[index].upload_host, indexes()[index].main_host):
        assert job.http.get(f"https://{host}/_/oidc/audience").json() == {"audience": index}


@pytest.mark.parametrize("index", ["pypi", "testpypi"])
def test_a_minted_token_has_the_layout_of_the_index(rig: Rig, index: IndexName) -> None:
    rig.twins.assume(publisher(index=index))
    answer = exchange(rig.job(), index=index)
    assert answer.status_code == 200
    token, now = answer.json()["token"], int(rig.clock.now)
    assert (answer.json()["success"], answer.json()["expires"]) == (True, now + 900)
    raw = base64.urlsafe_b64decode(token.removeprefix("pypi-") + "==")
    location = indexes()[index].main_host.encode()
    assert raw.startswith(b"\x02\x01" + bytes([len(location)]) + location + b"\x02\x24")
    publisher_caveat, projects, lifetime = caveats(token)
    assert (publisher_caveat[0], publisher_caveat[2]) == (4, None)
    assert (projects[0], len(projects[1]), lifetime) == (2, 1, [0, now + 900, now])


def test_the_older_route_and_a_body_without_a_type_work(rig: Rig) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    url = f"https://{indexes()['pypi'].main_host}/_/oidc/github/mint-token"
    assert job.http.post(url, content=json.dumps({"token": id_token(job)})).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "1 validation error for TokenPayload\n  Invalid JSON"),
        (b"[]", "1 validation error for TokenPayload\ntoken\n  Field required"),
        (b"{}", "1 validation error for TokenPayload\ntoken\n  Field required"),
        (b'{"token": 1}', "1 validation error for TokenPayload\ntoken\n  Input should be a valid string"),
        (b'{"token": "x"}', "malformed JWT"),
        (b'{"token": "a.b.c"}', "malformed JWT"),
    ],
)
def test_a_payload_that_is_none(rig: Rig, body: bytes, said: str) -> None:
    answer = rig.job().http.post(f"https://{indexes()['pypi'].upload_host}/_/oidc/mint-token", content=body)
    code, description = refusal(answer)
    assert code == "invalid-payload"
    assert description.startswith(said)
    (event,) = rig.seen(TokenExchanged)
    assert (event.ok, event.error, event.claims) == (False, description, ())


def forged(key: Any = None, claims: dict[str, Any] | None = None, **header: str) -> Callable[[str], str]:
    """Another token with the claims and headers of a real one, changed and signed anew."""

    def forge(token: str) -> str:
        secret = key if key is not None else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        headers = {**jwt.get_unverified_header(token), **header}
        payload = {**jwt.decode(token, options={"verify_signature": False}), **(claims or {})}
        return jwt.encode(payload, secret, algorithm=headers["alg"], headers=headers)

    return forge


@pytest.mark.parametrize(
    "forge",
    [
        forged(),
        forged("", alg="none"),
        forged("x" * 32, alg="HS256"),
        forged(kid="other"),
        forged(claims={"exp": 2**33}),
        lambda token: token[:-20] + "A" * 20,
        lambda token: ".".join(token.split(".")[:2]) + ".",
    ],
    ids=["key", "none", "hmac", "kid", "claims", "signature", "unsigned"],
)
def test_a_forged_token_is_refused_in_one_sentence(rig: Rig, forge: Callable[[str], str]) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    assert refusal(exchange(job, forge(id_token(job)))) == ("invalid-token", "malformed or invalid token")


def test_another_issuer_is_unknown(rig: Rig) -> None:
    job = rig.job()
    token = forged(claims={"iss": "https://gitlab.example"})(id_token(job))
    assert refusal(exchange(job, token)) == ("invalid-payload", "unknown trusted publishing issuer")


def test_a_token_for_another_audience_is_refused(rig: Rig) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    for audience in ("testpypi", "https://github.com/octo", "PyPI"):
        assert refusal(exchange(job, id_token(job, audience)))[0] == "invalid-token"


@pytest.mark.parametrize(("seconds", "accepted"), [(-631, False), (-29, True), (329, True), (331, False)])
def test_times_have_a_leeway_of_thirty_seconds(rig: Rig, seconds: int, accepted: bool) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    token = id_token(job)
    rig.clock.now += seconds
    assert (exchange(job, token).status_code == 200) == accepted


@pytest.mark.parametrize(
    ("registered", "claims", "reason"),
    [
        ({}, {}, None),
        ({"environment": None}, {}, None),
        ({"environment": "PyPI"}, {}, None),
        ({}, {"environment": "PYPI"}, None),
        ({}, {"environment": ""}, NOT_FOUND),
        ({}, {"environment": "release"}, NOT_FOUND),
        ({"workflow": "release.yml"}, {}, NOT_FOUND),
        ({"workflow": "pypi.yaml"}, {}, NOT_FOUND),
        ({"repository": "octo/Demo"}, {}, NOT_FOUND),
        ({"repository": "other/demo"}, {}, NOT_FOUND),
        ({"index": "testpypi"}, {}, NOT_FOUND),
        ({}, {"sub": "anything", "ref": "refs/heads/x", "job_workflow_ref": "@x"}, "workflow"),
        ({}, {"ref": ""}, "Missing claim 'ref'"),
        ({}, {"repository_owner_id": ""}, "Missing claim 'repository_owner_id'"),
        ({}, {"job_workflow_ref": f"{REPOSITORY}/.github/workflows/pypi.yml@{'a' * 40}"}, None),
        (
            {},
            {"event_name": "pull_request_target"},
            "Publishing from a workflow invoked via 'pull_request_target' is not supported.",
        ),
        ({}, {"job_workflow_ref": ELSEWHERE}, MISMATCH),
    ],
)
def test_which_publisher_the_claims_fit(
    rig: Rig, registered: dict[str, str | None], claims: dict[str, str], reason: str | None
) -> None:
    rig.twins.assume(publisher(**registered))
    answer = exchange(rig.job(claims=claims))
    if reason is None:
        assert answer.status_code == 200, answer.text
        return
    reason = "Could not job extract workflow filename from OIDC claims" if reason == "workflow" else reason
    assert refusal(answer) == ("invalid-publisher", f"valid token, but no corresponding publisher ({reason})")


def test_the_event_compares_claim_by_claim_with_the_nearest(rig: Rig) -> None:
    rig.twins.assume(publisher(repository="far/away", workflow="x.yml", environment="y"))
    rig.twins.assume(publisher(environment="release"))
    exchange(rig.job())
    (event,) = rig.seen(TokenExchanged)
    assert event.publisher == "pypi.yml in https://github.com/octo/demo (environment release)"
    assert event.claims == (
        ClaimCheck(claim="repository", value="octo/demo", expected="octo/demo", ok=True),
        ClaimCheck(claim="repository_owner", value="octo", expected="octo", ok=True),
        ClaimCheck(claim="workflow", value="pypi.yml", expected="pypi.yml", ok=True),
        ClaimCheck(claim="environment", value="pypi", expected="release", ok=False),
    )
    assert event.error == f"valid token, but no corresponding publisher ({NOT_FOUND})"


def test_the_publisher_with_the_environment_goes_before_the_one_with_any(rig: Rig) -> None:
    rig.twins.assume(publisher(project="any-project", environment=None))
    rig.twins.assume(publisher(project="demo"))
    job = rig.job()
    exchange(job)
    exchange(rig.job("other", claims={"environment": "else"}))
    names = [event.publisher for event in rig.seen(TokenExchanged)]
    assert names == [
        "pypi.yml in https://github.com/octo/demo (environment pypi)",
        "pypi.yml in https://github.com/octo/demo",
    ]
    assert {path for path in ("demo", "any-project") if has_project(job, path)} == {"demo", "any-project"}


def test_an_exchange_creates_the_project_as_a_pending_publisher_does(rig: Rig) -> None:
    rig.twins.assume(publisher(project="New.Project"))
    job = rig.job()
    assert not has_project(job, "new-project")
    assert exchange(job).status_code == 200
    assert has_project(job, "new-project")  # and it stays, whatever becomes of the upload


@pytest.mark.parametrize("index", ["pypi", "testpypi"])
def test_what_is_to_be_registered_for_an_assumed_publisher(start: Start, tmp_path: Path, index: IndexName) -> None:
    host = indexes()[index].main_host
    first = start(folder=tmp_path / "one")
    first.twins.assume(publisher(index=index))
    exchange(first.job(), index=index)
    exchange(first.job("again"), index=index)
    told = [event.forms for event in first.seen(TokenExchanged)]
    (form,) = told[0]
    assert told == [(form,)] * 2, "what this run made is not on the index"
    assert (form.project, form.pending, form.page) == ("demo", True, f"https://{host}/manage/account/publishing/")
    assert (form.owner, form.repository, form.workflow, form.environment) == ("octo", "demo", "pypi.yml", "pypi")
    first.twins.keep_index()
    second = start(folder=tmp_path / "two")
    second.twins.assume(publisher(index=index))
    exchange(second.job(), index=index)
    ((form,),) = [event.forms for event in second.seen(TokenExchanged)]
    query = "provider=github&owner=octo&repository=demo&workflow_filename=pypi.yml&environment=pypi"
    assert (form.pending, form.page) == (False, f"https://{host}/manage/project/demo/settings/publishing/?{query}")


def test_nothing_is_to_be_registered_for_a_declared_publisher(start: Start) -> None:
    rig = start(publishers=[publisher()])
    exchange(rig.job())
    assert [event.forms for event in rig.seen(TokenExchanged)] == [()]


def test_projects_that_register_the_same_values_share_a_token(rig: Rig) -> None:
    rig.twins.assume(publisher(project="one"))
    rig.twins.assume(publisher(project="two"))
    _, projects, _ = caveats(exchange(rig.job()).json()["token"])
    assert len(projects[1]) == 2


@pytest.mark.parametrize(
    ("taken", "name", "said"),
    [
        ("demo-pkg", "dem0pkg", "The name 'dem0pkg' is too similar to an existing project."),
        ("demo", "asyncio", "The name 'asyncio' isn't allowed (conflict with Python Standard Library module name)."),
        ("demo", "-x", "The name '-x' is invalid."),
    ],
)
def test_a_name_that_may_not_be_created(rig: Rig, taken: str, name: str, said: str) -> None:
    rig.twins.assume(publisher(project=taken, environment=None))
    rig.twins.assume(publisher(project=name))
    assert exchange(rig.job("first", claims={"environment": "other"})).status_code == 200
    code, description = refusal(exchange(rig.job()))
    assert code == "invalid-payload"
    assert description.startswith(said)


def test_an_id_token_is_used_up_by_success_alone(rig: Rig) -> None:
    job = rig.job()
    token = id_token(job)
    assert refusal(exchange(job, token))[0] == "invalid-publisher"
    rig.twins.assume(publisher())
    assert exchange(job, token).status_code == 200
    assert refusal(exchange(job, token)) == ("invalid-reuse-token", "invalid token: already used")
    assert exchange(job).status_code == 200


def test_a_declared_publisher_is_told_as_such(rig: Rig) -> None:
    rig.twins.assume(publisher())
    exchange(rig.job())
    assert [event.declared for event in rig.seen(TokenExchanged)] == [False]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"token": "a.\\ud800.b"}'], ids=["depth", "surrogate"])
def test_a_payload_made_to_break_the_index_is_refused(rig: Rig, body: bytes) -> None:
    answer = rig.job().http.post(f"https://{indexes()['pypi'].upload_host}/_/oidc/mint-token", content=body)
    assert refusal(answer)[0] == "invalid-payload"


def test_a_publisher_for_any_environment_is_told_to_be_wide(rig: Rig) -> None:
    rig.twins.assume(publisher(environment=None))
    exchange(rig.job())
    assert [event.hint for event in rig.seen(Notice)] == [
        "Register the publisher for the environment pypi, which the job has."
    ]
    rig.twins.assume(publisher())
    exchange(rig.job("other"))
    assert len(rig.seen(Notice)) == 1
