"""What the text of `uses:` names: an action of a repository, of the workspace, or an image. Looks nothing up."""

from __future__ import annotations

import re

from simulator.actions.model import DockerReference, LocalReference, Reference, RepositoryReference

_IMAGE = "docker://"
_LOCAL = re.compile(r"\.[/\\]")


class ReferenceSyntaxError(ValueError):
    """The text of a `uses:` is no reference; the message says what was expected."""


def parse_reference(uses: str) -> Reference:
    """The reference that `uses` spells. Raises ReferenceSyntaxError, in GitHub's words for `owner/repo@ref`."""
    if uses[: len(_IMAGE)].lower() == _IMAGE:
        image = uses[len(_IMAGE) :].strip()
        if not image:
            raise ReferenceSyntaxError(f"Expected docker://image. Actual '{uses}'")
        return DockerReference(image=image)
    if _LOCAL.match(uses):
        return LocalReference(path=uses.replace("\\", "/"))
    name, at, ref = uses.partition("@")
    owner, repo, *folders = [*re.split(r"[/\\]", name), ""] if "/" in name or "\\" in name else ("", "")
    if not (owner and repo and at and ref) or "@" in ref:
        raise ReferenceSyntaxError(f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses}'")
    return RepositoryReference(owner=owner, repo=repo, path="/".join(filter(None, folders)), ref=ref)


def is_local(uses: str) -> bool:
    """Whether the text of a `uses:` names an action of the workspace."""
    return _LOCAL.match(uses) is not None
