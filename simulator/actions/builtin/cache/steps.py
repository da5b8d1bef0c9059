"""The two halves that actions/cache and its sub-actions are made of. Knows no protocol and no archive."""

from __future__ import annotations

import os

from simulator.actions.builtin.toolkit import cache_service, log, step
from simulator.actions.builtin.toolkit.step import ActionError


def exact(key: str, matched: str) -> bool:
    """Whether an entry is the one that was asked for; case does not matter, as in the action."""
    return bool(matched) and key.casefold() == matched.casefold()


def restore() -> tuple[str, str | None]:
    """Restore what the inputs say; the primary key, and that of the entry found.

    Sets cache-hit: true for the very key, false for a restore key, nothing on a miss. Raises ActionError.
    """
    key = step.text_input("key", required=True)
    restore_keys = step.lines_input("restore-keys")
    paths = step.lines_input("path")
    if not paths:
        raise ActionError("Input required and not supplied: path")
    lookup_only = step.loose_flag_input("lookup-only", default=False)
    if not usable():
        return key, None
    found = cache_service.restore(paths, [key, *restore_keys], lookup_only=lookup_only)
    if found is None:
        if step.loose_flag_input("fail-on-cache-miss", default=False):
            raise ActionError(f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}")
        log.info(f"Cache not found for input keys: {', '.join([key, *restore_keys])}")
        return key, None
    step.set_output("cache-hit", "true" if exact(key, found) else "false")
    log.info(f"Cache {'found and can be restored' if lookup_only else 'restored'} from key: {found}")
    return key, found


def save(key: str, matched: str) -> bool:
    """Save what the inputs say unless that is there already; whether it is saved. Never ends the step."""
    try:
        if not usable():
            return False
        if not key:
            warn("Key is not specified.")
            return False
        if exact(key, matched):
            log.info(f"Cache hit occurred on the primary key {key}, not saving cache.")
            return True
        saved = cache_service.save(step.lines_input("path"), key)
    except (ActionError, OSError, ValueError) as error:
        warn(str(error))
        return False
    if saved is None:
        return False
    log.info(f"Cache saved with key: {key}")
    return True


def usable() -> bool:
    """Whether there is a cache for this run; says why not."""
    if not cache_service.available():
        step.set_output("cache-hit", "false")
        warn("Cache service is not available")
        return False
    if not os.environ.get("GITHUB_REF"):
        event = os.environ.get("GITHUB_EVENT_NAME", "")
        warn(
            f"Event Validation Error: The event type {event} is not supported "
            "because it's not tied to a branch or tag ref."
        )
        return False
    return True


def warn(text: str) -> None:
    """The action's own kind of warning, which is no annotation."""
    log.info(f"[warning]{text}")
