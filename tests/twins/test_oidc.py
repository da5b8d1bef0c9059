"""The ID-token service, as GitHub's clients and an index see it."""

from __future__ import annotations

import json
import shutil

import jwt
import pytest

from simulator.twins.hosts import OIDC

from .driving import CLAIMS, OWNER, Job, Rig

CURL = (
    'curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=%s"'
)


def ask(job: Job, *, scheme: str = "Bearer", token: str | None = None, audience: str | None = None) -> tuple[int, str]:
    env = job.access.run_env
    url = env["ACTIONS_ID_TOKEN_REQUEST_URL"] + (f"&audience={audience}" if audience else "")
    token = token or env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    answer = job.http.get(url, headers={"authorization": f"{scheme} {token}"})
    return answer.status_code, answer.json().get("value", "")


def test_a_token_carries_the_granted_claims_and_verifies_by_discovery(rig: Rig) -> None:
    job = rig.job()
    status, token = ask(job, audience="pypi")
    assert status == 200
    found = job.http.get(f"https://{OIDC}/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(job.http.get(found["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    options: jwt.types.Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="pypi", issuer=found["issuer"], options=options)
    assert CLAIMS.items() <= claims.items()
    now = int(rig.clock.now)
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (now, now - 300, now + 300)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_each_token_is_new_whatever_the_case_of_the_scheme(rig: Rig, scheme: str) -> None:
    job = rig.job()
    tokens = [ask(job, scheme=scheme)[1] for _ in range(2)]
    read = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert read[0]["jti"] != read[1]["jti"]
    assert read[0]["aud"] == f"https://github.com/{OWNER}"


def test_only_the_job_that_was_granted_one_gets_a_token(rig: Rig) -> None:
    publish, build = rig.job("publish"), rig.job("build", id_token=False)
    assert not build.access.run_env
    assert ask(publish, token="x")[0] == 401
    env = publish.access.run_env
    bearer = {"authorization": f"Bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    assert build.http.get(env["ACTIONS_ID_TOKEN_REQUEST_URL"], headers=bearer).status_code == 401


def test_secrets_are_what_a_log_must_not_show(rig: Rig) -> None:
    access = rig.job().access
    assert access.run_env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] in access.secrets
    assert access.action_env["ACTIONS_RUNTIME_TOKEN"] in access.secrets
    assert not access.run_env.keys() & access.action_env.keys()


@pytest.mark.clients
def test_curl_gets_a_token(rig: Rig) -> None:
    if not shutil.which("curl"):
        pytest.skip("no curl here")
    done = rig.job().run("bash", "-c", CURL % "pypi")
    assert done.returncode == 0, done.stderr
    assert jwt.decode(json.loads(done.stdout)["value"], options={"verify_signature": False})["aud"] == "pypi"


@pytest.mark.clients
def test_the_id_package_gets_a_token(rig: Rig, python: str) -> None:
    job = rig.job()
    done = job.run(python, "-m", "id", "pypi", env=job.resolver_env)
    assert done.returncode == 0, done.stderr
    assert jwt.decode(done.stdout.strip(), options={"verify_signature": False})["aud"] == "pypi"
