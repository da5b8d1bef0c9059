"""The configuration that a request is answered under: what is configured, with what was asked for above it."""

from __future__ import annotations

from pathlib import Path

from simulator.configuration.provenance import with_request
from simulator.configuration.reading import load_configuration
from simulator.configuration.values import Configuration
from simulator.errors import UsageError
from simulator.operations.request import Request


def configured(request: Request, root: Path) -> Configuration:
    """Read what is configured for a repository, and put the request's values over it.

    Raises ConfigurationError, and UsageError where the request wants pysim's own action for one that it has none for.
    """
    configuration = load_configuration(root, secret_file=request.secret_file)
    try:
        return with_request(
            configuration,
            variables=request.variables,
            actions=request.actions,
            local_repositories=request.local_repositories,
            images=request.images,
        )
    except ValueError as error:
        raise UsageError(f"{error}", hint="Leave it out, or let the repository's own code run.") from error
