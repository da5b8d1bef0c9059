"""Which actions run as pysim's own, which as their repository's code, and which not at all. Looks nothing up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast, get_args

from simulator.actions.builtin.registry import BUILTIN
from simulator.spelling import suggest

Implementation = Literal["builtin", "real", "skip"]
EVERY: Final = "*"
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

    def over(self, wanted: Mapping[str, Implementation]) -> ActionChoice:
        """The same with what is wanted above it: by `owner/repo[/path]`, or by "*" for all others.

        Raises ValueError where pysim has no action of its own for one that is to be built in.
        """
        exceptions = dict(self.exceptions)
        for action, kind in wanted.items():
            key = action.lower()
            if kind == "builtin" and key != EVERY and not _builtin_of(key):
                raise ValueError(f"pysim has no action of its own for {action}. {suggest(key, BUILTIN)}")
            if key != EVERY:
                exceptions[key] = kind
        return ActionChoice(default=wanted.get(EVERY, self.default), exceptions=exceptions)

    def _of(self, action: str) -> Implementation:
        repository = "/".join(action.split("/")[:2])
        return self.exceptions.get(action) or self.exceptions.get(repository) or self.default


def parse_choice(words: Iterable[str], base: ActionChoice | None = None) -> ActionChoice:
    """The choice that words spell, later ones over earlier ones and `base`. Raises ValueError, as `parse_kind`."""
    choice = base or ActionChoice()
    for word in words:
        choice = choice.over(dict([parse_kind(word)]))
    return choice


def parse_kind(word: str) -> tuple[str, Implementation]:
    """What `real`, or `owner/repo=builtin`, says: of which action ("*" for all), and which kind it is.

    Raises ValueError that says what is wrong.
    """
    action, equals, kind = word.rpartition("=")
    if kind not in _KINDS:
        raise ValueError(f"{word!r} is neither builtin, real nor owner/repo=builtin|real|skip")
    if kind == "skip" and not equals:
        raise ValueError("skip is for single actions: owner/repo=skip")
    return action.lower() if equals else EVERY, cast("Implementation", kind)


def _builtin_of(key: str) -> list[str]:
    return [name for name in BUILTIN if name == key or name.startswith(f"{key}/")]
