"""What runner images there are, by the day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.planning.runners import end_of, image_of, removed_on


def at(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("label", "day", "image"),
    [
        ("macos-latest", "2026-07-14", "macOS 15 (arm64)"),
        ("macOS-latest", "2026-07-15", "macOS 26 (arm64)"),
        ("macos-latest", "2020-01-01", "macOS 15 (arm64)"),
        ("ubuntu-latest", "2026-11-30", "Ubuntu 24.04"),
        ("ubuntu-26.04", "2026-11-30", "Ubuntu 26.04 (preview)"),
        ("build-box", "2026-11-30", None),
    ],
)
def test_the_image_behind_a_label(label: str, day: str, image: str | None) -> None:
    assert image_of([label], at(day)) == image
    assert image_of([label, "self-hosted"], at(day)) is None


@pytest.mark.parametrize(
    ("label", "day", "removed"),
    [
        ("macos-14", "2026-11-01", None),
        ("macos-14", "2026-11-02", "2026-11-02"),
        ("Ubuntu-22.04", "2027-04-16", None),
        ("Ubuntu-22.04", "2027-04-17", "2027-04-17"),
        ("ubuntu-24.04", "2030-01-01", None),
    ],
)
def test_an_image_ends_on_its_day(label: str, day: str, removed: str | None) -> None:
    assert removed_on(label, at(day)) == removed


def test_the_end_of_an_image_is_known_before() -> None:
    assert (end_of("ubuntu-22.04"), end_of("ubuntu-24.04")) == ("2027-04-17", None)
