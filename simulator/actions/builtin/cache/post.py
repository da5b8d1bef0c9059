"""Saves files for later runs once the job has succeeded: the post program of actions/cache."""

from __future__ import annotations

from simulator.actions.builtin.cache import steps
from simulator.actions.builtin.toolkit import step


def main() -> None:
    """The action's post program. The key is that of the main part: files that it depends on may have changed since."""
    steps.save(step.state("CACHE_KEY") or step.text_input("key"), step.state("CACHE_RESULT"))


if __name__ == "__main__":
    step.run(main)
