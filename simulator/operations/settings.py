"""What a run says of its settings: where each came from. Knows no value."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.configuration.values import Configuration
from simulator.run_events import Setting, SettingsRead


def settings_read(configuration: Configuration) -> Iterator[SettingsRead]:
    """The event, where anything is set."""
    settings = [
        Setting(key=key, source=origin.source, line=origin.line) for key, origin in configuration.origins.items()
    ]
    if settings:
        yield SettingsRead(settings=tuple(settings))
