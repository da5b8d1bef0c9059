"""pysim's root of trust, as Sigstore's library takes it. Knows no action.

Sigstore's hosts are pysim's here, and certify for what their own root vouches for alone: so it is asked for first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.actions.builtin.toolkit import http

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig

AUTHORITY = "https://fulcio.sigstore.dev"
TRUST = f"{AUTHORITY}/pysim/client-trust-config.json"  # the real host has no such page


def trust_text() -> str:
    """pysim's root of trust and its services, as the JSON of a client's trust configuration."""
    with http.session() as session:
        answer = session.get(TRUST, timeout=http.CONNECT_TIMEOUT)
        answer.raise_for_status()
    return answer.text


def trust() -> ClientTrustConfig:
    """The same for the library."""
    from sigstore.models import ClientTrustConfig

    return ClientTrustConfig.from_json(trust_text())
