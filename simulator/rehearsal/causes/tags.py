"""A tag that git does not see as it was pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulator.planning.tools import CHECKOUT
from simulator.rehearsal.causes.facts import Facts
from simulator.rehearsal.causes.model import Cause, Failure

_UNSEEN: Final = re.compile(
    r"fatal: (?:no tag exactly matches|No annotated tags can describe|No names found, cannot describe)"
)
_MAJOR: Final = re.compile(r"@v(?P<major>\d+)(?:\.|$)")
_WHOLE_TAGS_SINCE: Final = 6  # of actions/checkout, whose releases before fetch a tag's commit under the tag's name


def flattened_tag(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """The checkout made a lightweight tag of an annotated one, which `git describe` passes over."""
    shown = next((text for text in failure.texts if _UNSEEN.search(text)), None)
    if shown is None:
        return
    for checkout in facts.steps_with(CHECKOUT, failure.step.job_id):
        uses = checkout.step.uses if checkout.step else None
        major = _MAJOR.search(uses.value) if uses else None
        if uses and major and int(major["major"]) < _WHOLE_TAGS_SINCE:
            yield Cause(
                code="tag-not-seen",
                says=f"{uses.value} makes a lightweight tag of an annotated one, and plain `git describe` sees "
                "annotated tags alone",
                hint=f"Use actions/checkout@v{_WHOLE_TAGS_SINCE} or later, which keeps the tag, or `git describe "
                "--tags`.",
                where=uses.span,
                shown=shown,
                agreeing=2,
            )
