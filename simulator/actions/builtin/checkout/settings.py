"""What the checkout action is asked to do, read from the step's inputs. Runs no git."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

NEWEST = 7
WHOLE_TAGS_SINCE = 6  # v4 and v5 fetch a tag's commit under the tag's name, which makes an annotated tag a light one
SHA = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, checked. `ref` is full, short or ""; `commit` is a hash or ""; depth 0 is everything."""

    owner: str
    name: str
    folder: Path
    server: str  # https://github.com
    ref: str
    commit: str
    token: str
    clean: bool
    filter: str
    sparse: tuple[str, ...]
    cone: bool
    depth: int
    tags: bool
    progress: bool
    submodules: Literal["", "true", "recursive"]
    persist_credentials: bool
    safe_directory: bool
    whole_tags: bool

    @property
    def url(self) -> str:
        """Where the repository is fetched from."""
        return f"{self.server}/{quote(self.owner, safe='')}/{quote(self.name, safe='')}"


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words."""
    repository = step.text_input("repository") or step.variable("GITHUB_REPOSITORY")
    owner, _, name = repository.partition("/")
    if not owner or not name or "/" in name:
        raise ActionError(f"Invalid repository '{repository}'. Expected format {{owner}}/{{repo}}.")
    ref, commit = read_ref(repository)
    warn_of_unmodelled()
    submodules = step.text_input("submodules").lower()
    return Settings(
        owner=owner,
        name=name,
        folder=read_folder(),
        server=server_url(),
        ref=ref,
        commit=commit,
        token=step.text_input("token", required=True),
        clean=step.loose_flag_input("clean", default=True),
        filter=step.text_input("filter"),
        sparse=tuple(step.lines_input("sparse-checkout")),
        cone=step.loose_flag_input("sparse-checkout-cone-mode", default=True),
        depth=read_depth(step.text_input("fetch-depth") or "1"),
        tags=step.loose_flag_input("fetch-tags", default=False),
        progress=step.loose_flag_input("show-progress", default=True),
        submodules="recursive" if submodules == "recursive" else "true" if submodules == "true" else "",
        persist_credentials=step.loose_flag_input("persist-credentials", default=False),
        safe_directory=step.loose_flag_input("set-safe-directory", default=True),
        whole_tags=step.major_version(NEWEST) >= WHOLE_TAGS_SINCE,
    )


def server_url() -> str:
    """The origin of the GitHub server."""
    given = urlsplit(
        step.text_input("github-server-url") or os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    )
    return f"{given.scheme}://{given.netloc}"


def read_ref(repository: str) -> tuple[str, str]:
    """The ref and the commit to check out: the event's own for the workflow's repository when none is given."""
    ref = step.text_input("ref")
    if SHA.fullmatch(ref):
        return "", ref
    if ref or repository.lower() != step.variable("GITHUB_REPOSITORY").lower():
        return ref, ""
    ref, commit = os.environ.get("GITHUB_REF", ""), os.environ.get("GITHUB_SHA", "")
    unqualified = bool(ref and commit) and not ref.startswith("refs/")
    return (f"refs/heads/{ref}" if unqualified else ref), commit


def read_folder() -> Path:
    """The repository's folder, absolute. Raises ActionError when it is not in the workspace."""
    workspace = Path(os.path.normpath(step.variable("GITHUB_WORKSPACE")))
    if not workspace.is_dir():
        raise ActionError(f"Directory '{workspace}' does not exist")
    folder = Path(os.path.normpath(workspace / step.text_input("path")))
    if folder != workspace and workspace not in folder.parents:
        raise ActionError(f"Repository path '{folder}' is not under '{workspace}'")
    return folder


def read_depth(text: str) -> int:
    """A number of commits; what is no number, or negative, is everything."""
    try:
        return max(math.floor(float(text)), 0)
    except (ValueError, OverflowError):
        return 0


def warn_of_unmodelled() -> None:
    """Say which inputs the workflow sets without effect here."""
    if step.text_input("ssh-key"):
        log.warning("pysim does not rehearse SSH: the repository is fetched over HTTPS and 'ssh-key' is not used.")
    if step.loose_flag_input("lfs", default=False):
        log.warning("pysim does not rehearse Git LFS: files that LFS manages stay pointers.")
