"""Saves files for later runs: the program of actions/cache/save."""

from __future__ import annotations

from simulator.actions.builtin.cache import steps
from simulator.actions.builtin.toolkit import log, step


def main() -> None:
    """The action's program."""
    if not steps.save(step.text_input("key"), ""):
        log.warning("Cache save failed.")


if __name__ == "__main__":
    step.run(main)
