"""The client's side of GitHub's results services: JSON calls, tried again as the toolkit does. Knows no service."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from simulator.actions.builtin.toolkit import http, log
from simulator.actions.builtin.toolkit.step import ActionError, variable

ATTEMPTS = 5
FIRST_WAIT = 0.5  # seconds; GitHub's client waits 3, but here the service is on this machine
RETRYABLE = {429, 500, 502, 503, 504}


class ServiceError(ActionError):
    """A service refused or did not answer."""


class Service:
    """The calls of one service, for the job whose token is in the environment."""

    def __init__(self, name: str) -> None:
        self.token = variable("ACTIONS_RUNTIME_TOKEN")
        address = urlsplit(variable("ACTIONS_RESULTS_URL"))
        self._base = f"{address.scheme}://{address.netloc}/twirp/github.actions.results.api.v1.{name}"
        self._session = http.session()
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, method: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """The answer of a method. Raises ServiceError."""
        wait = FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            answer, failure, retryable = self._attempt(f"{self._base}/{method}", fields)
            if not failure:
                return answer
            if not retryable:
                raise ServiceError(f"Failed to {method}: Received non-retryable error: {failure}")
            if attempt < ATTEMPTS:
                log.info(
                    f"Attempt {attempt} of {ATTEMPTS} failed with error: {failure}. "
                    f"Retrying request in {wait * 1000:.0f} ms..."
                )
                time.sleep(wait)
                wait *= 1.5
        raise ServiceError(f"Failed to {method}: Failed to make request after {ATTEMPTS} attempts: {failure}")

    def _attempt(self, url: str, fields: Mapping[str, object]) -> tuple[dict[str, Any], str, bool]:
        try:
            response = self._session.post(url, json=dict(fields), timeout=(http.CONNECT_TIMEOUT, 60))
        except requests.ConnectionError as error:
            return {}, f"Unable to make request: {error}", False
        try:
            answer = response.json()
        except requests.JSONDecodeError as error:
            return {}, str(error), True
        _mask_signatures(answer)
        if response.ok:
            return answer, "", False
        said = f": {answer['msg']}" if answer.get("msg") else ""
        failure = f"Failed request: ({response.status_code}) {response.reason}{said}"
        return {}, failure, response.status_code in RETRYABLE


def field(message: Mapping[str, Any], name: str) -> Any:
    """A field in either spelling that protobuf's JSON form allows; the camel-case one wins."""
    head, *rest = name.split("_")
    camel = head + "".join(word.capitalize() for word in rest)
    return message.get(camel, message.get(name))


def _mask_signatures(answer: Mapping[str, Any]) -> None:
    for name in ("signed_upload_url", "signed_url", "signed_download_url"):
        for signature in parse_qs(urlsplit(str(field(answer, name) or "")).query).get("sig", []):
            log.mask(signature)
            if quote(signature, safe="") != signature:
                log.mask(quote(signature, safe=""))
