"""The images behind the labels of GitHub-hosted runners, from resources/runners.json."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, cast


@functools.cache
def _facts() -> Mapping[str, Any]:
    text = files("simulator").joinpath("resources", "runners.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", json.loads(text))


def image_of(labels: Sequence[str]) -> str | None:
    """The image of a job that runs on `labels`; None for runners of one's own and for labels that are not known."""
    image: str | None = _facts()["labels"].get(labels[0].lower()) if len(labels) == 1 else None
    return image


def removed_on(label: str) -> str | None:
    """The date on which GitHub removed the image of a label; None for one that is there, or not known."""
    date: str | None = _facts()["retired"].get(label.lower())
    return date
