"""Restores files of earlier runs and saves nothing: the program of actions/cache/restore."""

from __future__ import annotations

from simulator.actions.builtin.cache import steps
from simulator.actions.builtin.toolkit import step


def main() -> None:
    """The action's program."""
    step.set_output("cache-primary-key", step.text_input("key"))
    _, found = steps.restore()
    if found is not None:
        step.set_output("cache-matched-key", found)


if __name__ == "__main__":
    step.run(main)
