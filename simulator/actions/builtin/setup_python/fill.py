"""Fills the tool cache with the Pythons of the machine: what the code of actions/setup-python looks for them in."""

from __future__ import annotations

from simulator.actions.builtin.setup_python import installations


def main() -> None:
    """Install each version once, the newest first."""
    architecture = installations.own_architecture()
    there = set(installations.cached(architecture))
    for found in installations.of_machine():
        if found.version not in there:
            there.add(found.version)
            installations.install(found, architecture)


if __name__ == "__main__":
    main()
