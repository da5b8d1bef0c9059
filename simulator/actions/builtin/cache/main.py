"""Restores files of earlier runs: the program of actions/cache."""

from __future__ import annotations

from simulator.actions.builtin.cache import steps
from simulator.actions.builtin.toolkit import step


def main() -> None:
    """The action's program."""
    step.save_state("CACHE_KEY", step.text_input("key"))
    _, found = steps.restore()
    if found is not None:
        step.save_state("CACHE_RESULT", found)


if __name__ == "__main__":
    step.run(main)
