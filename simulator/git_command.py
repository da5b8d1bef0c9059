"""The command lines of git on this machine: each is built here, on one of four terms. No other module names git.

`in_own_repository` is for repositories that pysim made, `on_data` and `as_user` are for no repository at all, and
`fetching` reaches a server with the user's own configuration. Git never runs in a repository that came from elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from simulator import process
from simulator.process import Child, Completed

_NOWHERE: Final = Path("/")
_NO_REPOSITORY: Final = {"GIT_DIR": os.devnull}  # git takes it for no repository, and looks for none around
_SILENT: Final = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_NO_CONFIGURATION: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
}
_USER_CONFIGURATION: Final = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
_USER_CERTIFICATES: Final = frozenset({"GIT_SSL_CAINFO", "GIT_SSL_CAPATH"})
_NO_PROGRAMS: Final = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}
_OWN: Final = {**_NO_PROGRAMS, "core.attributesFile": "/dev/null", "init.templateDir": ""}
_FETCHING: Final = {
    **_NO_PROGRAMS,
    "core.askPass": "",
    "credential.interactive": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    # A server that sends less than this for so long counts as gone.
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
}
_SSH: Final = "ssh -oBatchMode=yes -oConnectTimeout=20"


@dataclass(frozen=True, kw_only=True, slots=True)
class GitCommand:
    """git with the options, the environment (all of it) and the folder that it runs with."""

    settings: Mapping[str, str]
    env: Mapping[str, str]
    cwd: Path = _NOWHERE

    def argv(self, *words: str | Path) -> list[str]:
        """The command line of one call."""
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        return ["git", *settings, *map(str, words)]

    def run(
        self, *words: str | Path, stdin: bytes = b"", timeout: float | None = None, check: bool = True
    ) -> Completed:
        """Run git to its end. Raises as `process.run`."""
        return process.run(
            self.argv(*words), cwd=self.cwd, env=self.env, clean_env=True, stdin=stdin, timeout=timeout, check=check
        )

    def read_head(self, most: int, *words: str | Path) -> bytes | None:
        """What git prints, as far as `most` bytes; None when it fails."""
        return process.read_head(self.argv(*words), most, cwd=self.cwd, env=self.env)

    def start(self, *words: str | Path, stderr: IO[bytes]) -> Child:
        """Start git with pipes to its streams; the caller ends it with `process.stop`."""
        return process.start(self.argv(*words), cwd=self.cwd, env=self.env, clean_env=True, stderr=stderr)

    def answer(self, *words: str | Path) -> str | None:
        """What git prints, or None when it fails or prints nothing."""
        done = self.run(*words, check=False)
        return done.text if done.code == 0 and done.text else None

    def with_settings(self, settings: Mapping[str, str]) -> GitCommand:
        """The same with more settings."""
        return replace(self, settings={**self.settings, **settings})


def in_own_repository(
    repository: Path,
    *,
    work_tree: Path | None = None,
    index: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> GitCommand:
    """git in a bare repository that pysim made, which it neither looks for nor leaves.

    No configuration of the machine, the user or a work tree holds, and nothing is transported. An attribute of a file
    in `work_tree` may name a filter or a driver: without a configuration that says what it is, the name does nothing.
    """
    places = {"GIT_DIR": str(repository)}
    if work_tree is not None:
        places["GIT_WORK_TREE"] = str(work_tree)
    if index is not None:
        places["GIT_INDEX_FILE"] = str(index)
    return GitCommand(
        settings=_OWN,
        env={**_plain(), **_SILENT, **_NO_CONFIGURATION, **places, **(env or {})},
        cwd=work_tree or _NOWHERE,
    )


def on_data() -> GitCommand:
    """git without any repository and any configuration: what it works on comes by its input or its arguments."""
    return GitCommand(settings=_OWN, env={**_plain(), **_SILENT, **_NO_CONFIGURATION, **_NO_REPOSITORY})


def as_user() -> GitCommand:
    """git with the user's own configuration and no repository, to ask what is configured; nothing is transported."""
    env = {**_without_git(_USER_CONFIGURATION), **_SILENT, **_NO_REPOSITORY, "GIT_ALLOW_PROTOCOL": ""}
    return GitCommand(settings=_NO_PROGRAMS, env=env)


def fetching(protocols: Sequence[str], repository: Path | None = None) -> GitCommand:
    """git with the user's own configuration (proxies, credentials, `insteadOf`, ssh), for what a server has.

    It fetches into `repository`, which pysim made, or looks without any, and speaks `protocols` alone. A configuration
    of the folder that pysim was started in does not hold.
    """
    silent = {**_SILENT, "GIT_ASKPASS": "", "GIT_SSH_COMMAND": _SSH, "GCM_INTERACTIVE": "never"}
    place = _NO_REPOSITORY if repository is None else {"GIT_DIR": str(repository)}
    allowed = {f"protocol.{name}.allow": "always" for name in protocols}
    kept = _without_git(_USER_CONFIGURATION | _USER_CERTIFICATES)
    return GitCommand(settings={**_FETCHING, **allowed}, env={**kept, **silent, **place})


def _plain() -> Mapping[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.devnull}


def _without_git(kept: frozenset[str]) -> Mapping[str, str]:
    given = os.environ.items()
    return {name: value for name, value in given if not name.startswith(("GIT_", "SSH_ASKPASS")) or name in kept}
