"""Saves uv's cache once the job has succeeded: the post program of astral-sh/setup-uv."""

from __future__ import annotations

from simulator.actions.builtin.setup_uv import caches
from simulator.actions.builtin.setup_uv.settings import read_settings
from simulator.actions.builtin.toolkit import cache_service, log, step


def main() -> None:
    """The action's post program."""
    settings = read_settings()
    if settings.quiet:
        log.silence()
    if settings.caches and cache_service.available():
        caches.save(settings)


if __name__ == "__main__":
    step.run(main)
