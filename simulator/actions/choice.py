"""Which actions run as pysim's own, which as their repository's code, and which not at all. Looks nothing up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast, get_args

from simulator.actions.builtin.registry import BUILTIN
from simulator.spelling import suggest

Implementation = Literal["builtin", "real", "skip"]
_KINDS: Final = get_args(Implementation)


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionChoice:
    """What is taken by default, and for single actions (`owner/repo[/path]` in lower case).

    What pysim does not have is always real, or skipped.
    """

    default: Implementation = "builtin"
    exceptions: Mapping[str, Implementation] = field(default_factory=dict)

    def takes_builtin(self, action: str) -> bool:
        """Whether pysim's own action is taken for this one (in lower case)."""
        return action in BUILTIN and self._of(action) == "builtin"

    def skips(self, action: str) -> bool:
        """Whether the user wants the steps of this one passed over."""
        return self._of(action) == "skip"

    def _of(self, action: str) -> Implementation:
        repository = "/".join(action.split("/")[:2])
        return self.exceptions.get(action) or self.exceptions.get(repository) or self.default


def parse_choice(words: Iterable[str], base: ActionChoice | None = None) -> ActionChoice:
    """The choice that `real` or `owner/repo=builtin` spell, later words over earlier ones and `base`.

    Raises ValueError that says what is wrong.
    """
    default = base.default if base else "builtin"
    exceptions = dict(base.exceptions) if base else {}
    for word in words:
        action, equals, kind = word.rpartition("=")
        if kind not in _KINDS:
            raise ValueError(f"{word!r} is neither builtin, real nor owner/repo=builtin|real|skip")
        implementation = cast("Implementation", kind)
        if not equals:
            if implementation == "skip":
                raise ValueError("skip is for single actions: owner/repo=skip")
            default = implementation
            continue
        key = action.lower()
        known = [name for name in BUILTIN if name == key or name.startswith(f"{key}/")]
        if implementation == "builtin" and not known:
            raise ValueError(f"pysim has no action of its own for {action}. {suggest(key, BUILTIN)}")
        exceptions[key] = implementation
    return ActionChoice(default=default, exceptions=exceptions)
