"""`pysim oidc explain`: the ID token of each job beside the publishers that are declared."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from simulator.configuration.reading import load_configuration
from simulator.errors import ExitCode, UsageError
from simulator.operations.explain_tokens import explain
from simulator.operations.request import RunOptions
from simulator.operations.token_views import Registered, kept_projects
from simulator.paths import temporary_folder
from simulator.report.explanations import render_tokens, tokens_as_data
from simulator.triggers.repository import find_root


def explain_tokens(options: RunOptions, say: Callable[[str], None], mark: Callable[[str], str]) -> ExitCode:
    """Explain and show; `mark` makes text stand out. 1 when an index would refuse every token of a job."""
    if options.tag is not None and options.branch is not None:
        raise UsageError("--tag and --branch exclude each other.", hint="Give the one that the event is about.")
    root = find_root(options.directory)
    configuration = load_configuration(root, secret_file=options.secret_file)
    with temporary_folder("oidc") as folder:
        now = time.time() if options.now is None else options.now
        registered = Registered(projects=kept_projects(root, folder / "index"), now=now)
        tokens = explain(options, root, folder / "source.git", configuration, registered)
    if options.as_json:
        say(json.dumps(tokens_as_data(tokens), indent=2))
    elif tokens:
        say(render_tokens(tokens, mark))
    else:
        say(
            "No job that would run may have an ID token: none has `id-token: write`, or the event starts none that has "
            "it. `pysim plan` says what starts."
        )
    return ExitCode.NO_GO if any(token.refused for token in tokens) else ExitCode.GO
