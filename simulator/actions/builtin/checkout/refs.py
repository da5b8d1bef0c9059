"""What to fetch and what to check out for a ref and a commit. Asks git about the clone, changes nothing."""

from __future__ import annotations

from simulator.actions.builtin.checkout.git import Git
from simulator.actions.builtin.checkout.settings import Settings
from simulator.actions.builtin.toolkit.step import ActionError

ALL_TAGS = "+refs/tags/*:refs/tags/*"
HEADS = "refs/heads/"
PULL = "refs/pull/"
TAGS = "refs/tags/"


def whole_history(settings: Settings) -> list[str]:
    """The refspecs of all branches and tags, and of the pull request when the ref is one."""
    specs = ["+refs/heads/*:refs/remotes/origin/*", ALL_TAGS]
    if settings.ref.startswith(PULL):
        source = settings.commit or settings.ref
        specs.append(f"+{source}:refs/remotes/pull/{settings.ref.removeprefix(PULL)}")
    return specs


def targeted(settings: Settings) -> list[str]:
    """The refspecs of no more than the ref and the commit that are wanted."""
    tags_too = settings.tags and settings.whole_tags
    all_tags = [ALL_TAGS] if tags_too else []
    ref, source = settings.ref, settings.commit or settings.ref
    if ref.startswith(HEADS):
        return [*all_tags, f"+{source}:refs/remotes/origin/{ref.removeprefix(HEADS)}"]
    if ref.startswith(PULL):
        return [*all_tags, f"+{source}:refs/remotes/pull/{ref.removeprefix(PULL)}"]
    if ref.startswith(TAGS):
        return all_tags or [f"+{ref if settings.whole_tags else source}:{ref}"]
    if settings.commit:
        return [*all_tags, settings.commit]
    if ref.startswith("refs/"):
        return [*all_tags, f"+{ref}:{ref}"]
    named = [f"+refs/tags/{ref}*:refs/tags/{ref}*"]
    return [*all_tags, f"+refs/heads/{ref}*:refs/remotes/origin/{ref}*", *([] if tags_too else named)]


def has_expected_commit(git: Git, settings: Settings) -> bool:
    """Whether what was fetched has the ref at the commit of the event."""
    ref, commit = settings.ref, settings.commit
    if not commit:
        return True
    if not ref:
        return git.succeeds("rev-parse", "--verify", "--quiet", f"{commit}^{{object}}")
    if ref.startswith(HEADS):
        return commit in git.lines("rev-parse", "--verify", f"refs/remotes/origin/{ref.removeprefix(HEADS)}")
    if ref.startswith(TAGS):
        return commit in git.lines("rev-parse", "--verify", f"{ref}^{{commit}}" if settings.whole_tags else ref)
    return True


def checkout_target(git: Git, settings: Settings) -> tuple[str, ...]:
    """The arguments of `git checkout`: a branch of the remote becomes a local one, all else is a detached HEAD."""
    ref = settings.ref
    if ref.startswith(HEADS):
        branch = ref.removeprefix(HEADS)
        return "-B", branch, f"refs/remotes/origin/{branch}"
    if ref.startswith(PULL):
        return (f"refs/remotes/pull/{ref.removeprefix(PULL)}",)
    if ref.startswith(TAGS):
        return (ref,)
    if not ref or ref.startswith("refs/"):
        return (settings.commit or ref,)
    if git.output("branch", "--list", "--remote", f"origin/{ref}"):
        return "-B", ref, f"refs/remotes/origin/{ref}"
    if git.output("tag", "--list", ref):
        return (f"refs/tags/{ref}",)
    raise ActionError(f"A branch or tag with the name '{ref}' could not be found")
