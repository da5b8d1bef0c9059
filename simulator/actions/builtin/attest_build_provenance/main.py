"""The program of actions/attest-build-provenance: that of actions/attest, which it hands its inputs on to."""

from __future__ import annotations

from simulator.actions.builtin.attest.main import run
from simulator.actions.builtin.toolkit import step


def main() -> None:
    """The action's program."""
    run("actions/attest-build-provenance")


if __name__ == "__main__":
    step.run(main)
