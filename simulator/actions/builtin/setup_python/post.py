"""Saves the cache once the job has succeeded: the post program of actions/setup-python."""

from __future__ import annotations

from simulator.actions.builtin.setup_python import caching
from simulator.actions.builtin.toolkit import step


def main() -> None:
    """The action's post program."""
    if name := step.text_input("cache"):
        caching.save(name)


if __name__ == "__main__":
    step.run(main)
