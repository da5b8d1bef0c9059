"""Trusted publishing: asks GitHub for an ID token and the index for an upload token in exchange.

Source: PyPI's trusted publishing protocol and the action's v1.14. Knows nothing of distributions.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import id as ambient
import requests

from simulator.actions.builtin.gh_action_pypi_publish import messages
from simulator.actions.builtin.toolkit import http, log, step
from simulator.actions.builtin.toolkit.step import ActionError

TIMEOUT = 5  # seconds to connect, and between two bytes


def upload_token(repository_url: str, docs: str, mint: str) -> str:
    """A token for uploading to the index, which mints it at the path `mint`.

    Raises ActionError, and the step's summary then explains the failure; what the action does not expect of an index
    or of the network is raised as it comes.
    """
    domain = urlsplit(repository_url).netloc
    try:
        with http.session() as session:
            return _exchange(session, domain, docs, mint)
    except ActionError as failure:
        step.add_summary(messages.SUMMARY.format(message=failure, docs=docs))
        raise ActionError(f"Trusted publishing exchange failure: {failure}") from failure


def _exchange(session: requests.Session, domain: str, docs: str, mint: str) -> str:
    address = f"https://{domain}{mint}"
    audience = _audience(session, domain)
    _debug(f"selected trusted publishing exchange endpoint: {address}")
    id_token = _id_token(audience)
    claims = _claims(id_token)
    _warn_of_reusable_workflow(claims, docs)
    answer = session.post(address, json={"token": id_token}, timeout=TIMEOUT)
    try:
        payload = answer.json()
    except requests.JSONDecodeError:
        raise ActionError(messages.NOT_JSON.format(status=answer.status_code)) from None
    if not answer.ok:
        reasons = "\n".join(f"* `{error['code']}`: {error['description']}" for error in payload["errors"])
        listed = messages.claims_list(claims)
        raise ActionError(messages.REFUSED.format(reasons=reasons, claims=listed, docs=docs))
    token = payload.get("token")
    if token is None:
        raise ActionError(messages.RESPONSE_MALFORMED)
    log.mask(token)
    return str(token)


def _audience(session: requests.Session, domain: str) -> str:
    answer = session.get(f"https://{domain}/_/oidc/audience", timeout=TIMEOUT)
    if answer.ok:
        return str(answer.json()["audience"])
    failure = f"audience retrieval failed: repository at {domain}"
    if answer.status_code == HTTPStatus.FORBIDDEN:
        raise ActionError(f"{failure} has trusted publishing disabled")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise ActionError(f"{failure} does not indicate trusted publishing support")
    status = HTTPStatus(answer.status_code)
    raise ActionError(f"{failure} responded with unexpected {status.value}: {status.phrase}")


def _id_token(audience: str) -> str:
    try:
        token = ambient.detect_credential(audience=audience)
        failure = "Attempted to discover OIDC in broken environment"
    except ambient.IdentityError as error:
        token, failure = None, str(error)
    if token is None:
        fork = _is_pull_request_of_fork()
        text = messages.RETRIEVAL_FAILED_ON_FORK if fork else messages.RETRIEVAL_FAILED
        raise ActionError(text.format(reason=failure, permissions_docs=messages.PERMISSIONS_DOCS))
    return token


def _claims(id_token: str) -> dict[str, Any]:
    payload = id_token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _warn_of_reusable_workflow(claims: Mapping[str, Any], docs: str) -> None:
    called, caller = claims.get("job_workflow_ref"), claims.get("workflow_ref")
    if called == caller:
        return
    text = messages.REUSABLE_WORKFLOW.format(job_workflow_ref=called, workflow_ref=caller, docs=docs)
    step.add_summary(text)
    log.warning(f"Potential workflow misconfiguration: {text}")


def _is_pull_request_of_fork() -> bool:
    if os.environ.get("GITHUB_EVENT_NAME") != "pull_request":
        return False
    event_file = os.environ.get("GITHUB_EVENT_PATH", "")
    if not event_file:
        _debug("unexpected: no GITHUB_EVENT_PATH to check")
        return False
    try:
        event = json.loads(Path(event_file).read_bytes())
    except json.JSONDecodeError:
        _debug("unexpected: GITHUB_EVENT_PATH does not contain valid JSON")
        return False
    try:
        return bool(event["pull_request"]["head"]["repo"]["fork"])
    except KeyError:
        return False


def _debug(text: str) -> None:
    """A line of the debug log, in the title case that the action gives them all, addresses too."""
    log.debug(text.title())
