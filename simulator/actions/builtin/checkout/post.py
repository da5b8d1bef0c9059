"""Takes the token out of the repository's configuration at the end of the job: the post script of actions/checkout."""

from __future__ import annotations

from pathlib import Path

from simulator.actions.builtin.checkout import auth
from simulator.actions.builtin.checkout.git import Git
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError


def main() -> None:
    """The script; a failure is a warning, because the job's work is done."""
    folder = step.state("repositoryPath")
    if not folder or not Path(folder, ".git", "config").is_file():
        return
    git = Git(Path(folder))
    try:
        git.check_version()
        with auth.home_of_its_own(git, safe_directory=step.state("setSafeDirectory") == "true"):
            auth.remove(git, step.state("serverUrl"))
    except ActionError as error:
        log.warning(str(error))


if __name__ == "__main__":
    step.run(main)
