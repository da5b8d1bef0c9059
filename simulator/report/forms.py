"""The forms in which an index registers publishers: their fields, and which form it is, for every report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from simulator.publisher_records import PublisherForm
from simulator.report.words import index_name

ANY_ENVIRONMENT: Final = "(leave empty)"


def form_values(form: PublisherForm) -> list[tuple[str, str]]:
    """The labels of the fields, each with what to enter."""
    project = [("PyPI Project Name", form.project)] if form.pending else []
    return [
        *project,
        ("Owner", form.owner or "(the repository's owner at GitHub)"),
        ("Repository name", form.repository or "(its name at GitHub)"),
        ("Workflow name", form.workflow),
        ("Environment name", form.environment or ANY_ENVIRONMENT),
    ]


def form_words(index: str, form: PublisherForm) -> str:
    """Which form it is, as a sentence before what is entered there."""
    title = index_name(index)
    if form.pending and form.there is None:
        unknown = f"Whether {title} has a project {form.project} is unknown."
        return f"{unknown} If it has none, register a pending publisher; else register it in the project's settings:"
    if form.pending:
        return f"{title} has no project {form.project}, so register a pending publisher:"
    return f"Register it for {form.project} on {title}, where the link fills in the form:"


def crowded(index: str, forms: Iterable[PublisherForm]) -> str | None:
    """What keeps forms from being registered beside each other: a pending publisher's values are one project's."""
    new = [form.project for form in forms if form.pending]
    if len(new) < 2:
        return None
    return (
        f"{index_name(index)} takes one pending publisher with these values, and would refuse that of "
        f"{', '.join(new[1:])}: give each new project a workflow or an environment of its own."
    )
