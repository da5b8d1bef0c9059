"""`pysim oidc explain`: the ID token of each job beside the publishers that are declared."""

from __future__ import annotations

import json
from collections.abc import Callable

from simulator.errors import ExitCode
from simulator.operations.explain_tokens import explain_tokens as explained_by
from simulator.operations.request import Request
from simulator.report.explanations import render_tokens, tokens_as_data


def explain_tokens(
    request: Request, say: Callable[[str], None], mark: Callable[[str], str], *, as_json: bool = False
) -> ExitCode:
    """Explain and show; `mark` makes text stand out. 1 when an index would refuse every token of a job."""
    tokens = explained_by(request)
    if as_json:
        say(json.dumps(tokens_as_data(tokens), indent=2))
    elif tokens:
        say(render_tokens(tokens, mark))
    else:
        say(
            "No job that would run may have an ID token: none has `id-token: write`, or the event starts none that has "
            "it. `pysim plan` says what starts."
        )
    return ExitCode.NO_GO if any(token.refused for token in tokens) else ExitCode.GO
