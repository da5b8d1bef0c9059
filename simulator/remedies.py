"""What a person can ask of pysim about a problem, as data: each door spells it in its own form, such as an option.

Says nothing to a reader: the hint beside it says the same in words.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from simulator.indexes import IndexName


class Act(enum.StrEnum):
    """What is to be asked for; the comment says what `Remedy.of` is, where it is anything."""

    # of a rehearsal
    USE_ENGINE = "use-engine"  # the engine's name
    GO_ONLINE = "go-online"
    USE_COPY = "use-copy"  # owner/repo[@ref] of an action or a called workflow
    SKIP_ACTION = "skip-action"  # owner/repo of the action whose steps are passed over
    USE_IMAGE = "use-image"  # the image that one of this machine stands for
    CHOOSE_EVENT = "choose-event"  # push, release, workflow_dispatch or schedule
    CHOOSE_TAG = "choose-tag"  # the tag, or nothing for any
    CHOOSE_BRANCH = "choose-branch"  # the branch, or nothing for any
    CHOOSE_WORKFLOW = "choose-workflow"  # the file's name, or nothing for any
    GIVE_INPUT = "give-input"  # the input's name
    GIVE_SECRETS = "give-secrets"
    ASK_SECRETS = "ask-secrets"
    SUPPLY_ARTIFACT = "supply-artifact"  # the artifact's name, or nothing for any
    ANSWER_REVIEW = "answer-review"  # the environment's name
    ACCEPT_FINDING = "accept-finding"  # the finding's code
    USE_WORKTREE = "use-worktree"
    NAME_REPOSITORY = "name-repository"
    # of another operation
    REHEARSE = "rehearse"
    DRILL = "drill"
    SHOW_PLAN = "show-plan"
    LIST_WORKFLOWS = "list-workflows"
    EXPLAIN_TOKENS = "explain-tokens"
    IMPORT_ENVIRONMENTS = "import-environments"
    ADD_PUBLISHER = "add-publisher"
    NAME_PUBLISHING_WORKFLOW = "name-publishing-workflow"
    NAME_PUBLISHING_REPOSITORY = "name-publishing-repository"
    LIST_PUBLISHERS = "list-publishers"
    IMPORT_PROJECT = "import-project"  # the project's name, or nothing for any
    ADD_PROJECT = "add-project"  # the project's name
    SHOW_PROJECT = "show-project"  # the project's name
    DELETE_FILES = "delete-files"  # the project's name, or nothing for any
    CLEAN = "clean"
    CLEAN_IMAGES = "clean-images"
    CLEAN_INDEX = "clean-index"
    ADOPT_STATE = "adopt-state"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """One thing to ask for. `index` is the package index that it is about, where it is not PyPI."""

    do: Act
    of: str = ""
    index: IndexName | None = None


def remedy(do: Act, of: str = "", *, index: IndexName | None = None) -> Remedy:
    """A remedy, in a line."""
    return Remedy(do=do, of=of, index=index)
