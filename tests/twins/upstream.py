"""Twins that are connected to an index beyond them."""

from __future__ import annotations

from .driving import Rig, Start
from .world import World


def connected(start: Start, world: World, **changes: object) -> Rig:
    proxies = {"HTTPS_PROXY": world.url, "http_proxy": world.url}
    return start(**{"offline": False, "proxies": proxies, "host_ca": world.ca, **changes})
