"""What the labels of runners say: the images of GitHub-hosted ones, from resources/runners.json, and the system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from simulator.dated_facts import read_facts

System = Literal["Linux", "macOS", "Windows"]
_WORDS: Final[Mapping[System, re.Pattern[str]]] = {
    "macOS": re.compile(r"mac|osx|darwin", re.IGNORECASE),
    "Windows": re.compile(r"(?<!dar)win", re.IGNORECASE),
    "Linux": re.compile(r"ubuntu|linux|debian", re.IGNORECASE),
}
_ARM: Final = re.compile(r"arm|aarch64", re.IGNORECASE)
_INTEL: Final = re.compile(r"intel|x64|x86|-large$|^macos-(?:10\.|1[0-3]\b)", re.IGNORECASE)


def _facts() -> Mapping[str, Any]:
    return read_facts("runners")


def image_of(labels: Sequence[str], now: float) -> str | None:
    """The image of a job that runs on `labels` at a time, in seconds since the epoch.

    None for runners of one's own and for labels that are not known.
    """
    known = _facts()["labels"].get(labels[0].lower()) if len(labels) == 1 else None
    if known is None or isinstance(known, str):
        return known
    since = [date for date in known if date <= _day(now)]
    image: str = known[max(since, default=min(known))]
    return image


def removed_on(label: str, now: float) -> str | None:
    """The date on which GitHub removed the image of a label; None for one that is there then, or not known."""
    date = end_of(label)
    return date if date is not None and date <= _day(now) else None


def end_of(label: str) -> str | None:
    """The date on which GitHub removes the image of a label, or did so; None where none is known."""
    date: str | None = _facts()["ended"].get(label.lower())
    return date


def _day(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def system_of(labels: Sequence[str]) -> System | None:
    """The system that labels name in whatever words; None where they name none, as `self-hosted` alone."""
    return next((system for system, words in _WORDS.items() if any(map(words.search, labels))), None)


def is_hosted(labels: Sequence[str]) -> bool:
    """Whether the labels are of GitHub's own Ubuntu runners, former ones too."""
    return any(label.lower().startswith("ubuntu-") for label in labels)


def is_arm(labels: Sequence[str]) -> bool:
    """Whether the labels name an ARM machine."""
    return any(map(_ARM.search, labels))


def machine_of(labels: Sequence[str]) -> Literal["X64", "ARM64"]:
    """The processor of the runner, as `runner.arch` has it; GitHub's macOS runners are ARM machines from 14 on."""
    if is_arm(labels):
        return "ARM64"
    if system_of(labels) != "macOS" or any(map(_INTEL.search, labels)):
        return "X64"
    return "ARM64"


def runs_here(labels: Sequence[str]) -> bool:
    """Whether a sandbox can stand for the runner: it is Linux, or taken to be."""
    return system_of(labels) in {"Linux", None}
