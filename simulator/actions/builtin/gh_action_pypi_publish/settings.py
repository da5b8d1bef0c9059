"""The inputs of the action, as its release reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from simulator.actions.builtin.gh_action_pypi_publish.releases import Release, release
from simulator.actions.builtin.toolkit import log, step

MAIN_HOST = urlsplit(DEFAULT_REPOSITORY).netloc.partition(".")[2]
TEST_HOST = urlsplit(TEST_REPOSITORY).netloc
_OLDEST = ("user", "password", "repository_url", "packages_dir", "verify_metadata", "skip_existing", "verbose")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs; every flag is on unless it says "false"."""

    user: str
    password: str
    repository_url: str
    packages: str  # as the workflow wrote it, without a slash at the end
    verify_metadata: bool
    skip_existing: bool
    verbose: bool
    print_hash: bool
    attestations: str
    release: Release

    @property
    def trusted(self) -> bool:
        """Whether to publish as a trusted publisher."""
        return self.release.trusted_publishing and self.user == "__token__" and not self.password

    @property
    def on_pypi(self) -> bool:
        """Whether the index is PyPI or TestPyPI."""
        return MAIN_HOST in self.repository_url

    @property
    def folder(self) -> Path:
        """The folder of the distributions."""
        return Path(self.packages)


def read_settings() -> Settings:
    """The inputs, in either spelling; says which of them the release does not know."""
    named = release(os.environ.get("GITHUB_ACTION_REF", ""))
    if unknown := list(_unknown(named)):
        quoted = ", ".join(f"'{name}'" for name in ("entryPoint", "args", *_known(named)))
        listed = ", ".join(f"'{name}'" for name in unknown)
        log.warning(f"Unexpected input(s) {listed}, valid inputs are [{quoted}]")
    return Settings(
        user=_given("user"),
        password=_given("password"),
        repository_url=_either("repository-url", named) or DEFAULT_REPOSITORY,
        packages=(_either("packages-dir", named) or "dist").removesuffix("/"),
        verify_metadata=(_either("verify-metadata", named) or "true").lower() != "false",
        skip_existing=(_either("skip-existing", named) or "false").lower() != "false",
        verbose=_flag(_given("verbose"), default=named.verbose),
        print_hash=_flag(_either("print-hash", named), default=named.print_hash),
        attestations=_attestations(named),
        release=named,
    )


def _given(name: str) -> str:
    return os.environ.get(f"INPUT_{name.upper()}", "")


def _either(name: str, named: Release) -> str:
    """An input that also exists with underscores, and once did so alone."""
    return (_given(name) if named.kebab_case else "") or _given(name.replace("-", "_"))


def _flag(text: str, *, default: bool) -> bool:
    return text.lower() != "false" if text else default


def _attestations(named: Release) -> str:
    if named.attestations is None:
        return "false"
    return _given("attestations") or ("true" if named.attestations else "false")


def _known(named: Release) -> Iterator[str]:
    for name in (*_OLDEST, "print_hash"):
        if named.kebab_case and "_" in name:
            yield name.replace("_", "-")
        yield name
    if named.attestations is not None:
        yield "attestations"


def _unknown(named: Release) -> Iterator[str]:
    newer = [] if named.kebab_case else [name.replace("_", "-") for name in (*_OLDEST, "print_hash") if "_" in name]
    if named.attestations is None:
        newer.append("attestations")
    return (name for name in newer if _given(name))


def workspace() -> Path:
    """The folder that the action's container shows as /github/workspace."""
    return Path(os.path.normpath(step.variable("GITHUB_WORKSPACE")))
