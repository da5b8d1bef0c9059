"""What is accepted in a rehearsal: by the request, and by what is configured."""

from __future__ import annotations

from simulator.acceptance import Acceptance, Acceptances
from simulator.configuration.values import Configuration
from simulator.operations.request import Request, when


def accepted(request: Request, configuration: Configuration) -> Acceptances:
    """All of it, at the time when the rehearsal happens."""
    asked = [Acceptance(what=what, reason="asked for") for what in request.accepted]
    return Acceptances((*asked, *configuration.accepted), when(request))
