"""`pysim publisher add|list|remove`: the publishers that the configuration declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulator.errors import ExitCode
from simulator.indexes import TITLES
from simulator.operations.publishers import (
    AddedPublisher,
    PublisherRequest,
    add_publisher,
    declared_publishers,
    remove_publisher,
    words_of,
)
from simulator.report.words import without_escapes

Say = Callable[[str], None]


def add(request: PublisherRequest, say: Say) -> ExitCode:
    """Declare a publisher as the form of the index would register it. Raises SimulatorError with its message."""
    added = add_publisher(request)
    title = TITLES[added.publisher.index]
    say(_told(added))
    say(f"It is declared in {added.file}. If it is not on {title} yet: {added.page}")
    if added.unknown:
        project = added.publisher.project
        say(
            f"note: {title} has no project {project} as far as pysim knows. If so, its publisher is "
            f"a pending one: --pending. To know: pysim index import {project}"
        )
    return ExitCode.GO


def show(directory: Path, say: Say) -> ExitCode:
    """List what is declared."""
    publishers = declared_publishers(directory)
    for publisher in publishers:
        say(without_escapes(words_of(publisher)))
    if not publishers:
        say("No publisher is declared; a run assumes the one that the workflow implies.")
    return ExitCode.GO


def remove(request: PublisherRequest, say: Say) -> ExitCode:
    """Remove the one declared publisher that fits. Raises UsageError when none or several do."""
    say(without_escapes(f"Removed {words_of(remove_publisher(request))}"))
    return ExitCode.GO


def _told(added: AddedPublisher) -> str:
    publisher = added.publisher
    if publisher.pending:
        return f"Registered a new pending publisher to create the project {publisher.project!r}."
    return f"Added {publisher.workflow} in https://github.com/{publisher.repository} to {publisher.project}"
