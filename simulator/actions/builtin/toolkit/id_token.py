"""The job's ID token, as @actions/core asks for it. Knows no action."""

from __future__ import annotations

import os
from urllib.parse import quote

from simulator.actions.builtin.toolkit import http
from simulator.actions.builtin.toolkit.step import ActionError


def id_token(audience: str) -> str:
    """A new ID token for an audience. Raises ActionError, in the words of @actions/core, and what requests raises."""
    url, token = (os.environ.get(f"ACTIONS_ID_TOKEN_REQUEST_{name}", "") for name in ("URL", "TOKEN"))
    if not url:
        raise ActionError("Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable")
    if not token:
        raise ActionError("Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable")
    headers = {"authorization": f"Bearer {token}"}
    with http.session() as session:
        answer = session.get(f"{url}&audience={quote(audience)}", headers=headers, timeout=http.CONNECT_TIMEOUT)
    if not answer.ok:
        code = f"Error Code : {answer.status_code}\n \n        Error Message: {answer.reason}"
        raise ActionError(f"Error message: Failed to get ID Token. \n \n        {code}")
    return str(answer.json()["value"])
