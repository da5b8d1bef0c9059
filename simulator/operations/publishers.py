"""The trusted publishers that the configuration declares: added with the checks of the index's form, listed, removed.

Asks no index outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from simulator.configuration import publisher_form
from simulator.configuration.reading import load_configuration
from simulator.configuration.values import FILE, TABLE
from simulator.errors import ConfigurationError, UsageError
from simulator.indexes import TITLES, IndexName, indexes
from simulator.operations.kept_state import kept_state
from simulator.operations.token_views import kept_projects
from simulator.paths import temporary_folder
from simulator.remedies import Act, remedy
from simulator.triggers.repository import STAND_IN, find_root, read_identity
from simulator.twins.base import Publisher

_SAME_WORDS: Final = "PyPI would refuse it in the same words."
_HINTS: Final = {
    "Specify workflow filename": ("Name the workflow's file, such as release.yml.", Act.NAME_PUBLISHING_WORKFLOW),
    "Specify repository name": ("Write both the owner and the name.", Act.NAME_PUBLISHING_REPOSITORY),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherRequest:
    """A publisher of a project as it is declared, or as it is looked for; None is not given.

    `repository` is a folder in the rehearsed repository, `github` the repository on GitHub that the publisher is for.
    """

    repository: Path
    project: str
    workflow: str | None = None
    github: str | None = None
    environment: str | None = None
    index: IndexName | None = None
    pending: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedPublisher:
    """A publisher that is declared now, in `file`, and the page of the form of the index.

    `unknown` says that the kept index holds projects, and not the one of this publisher.
    """

    publisher: Publisher
    file: str
    page: str
    unknown: bool


def declared_publishers(repository: Path) -> tuple[Publisher, ...]:
    """What is declared."""
    return tuple(load_configuration(find_root(repository)).publishers)


def add_publisher(request: PublisherRequest) -> AddedPublisher:
    """Declare a publisher as the form of the index would register it. Raises SimulatorError with its message."""
    root = find_root(request.repository)
    configuration = load_configuration(root)
    index: IndexName = request.index or "pypi"
    publisher = Publisher(
        index=index,
        project=request.project,
        repository=request.github or _own_name(root),
        workflow=request.workflow or "",
        environment=(request.environment or "").lower() or None,
        pending=request.pending,
    )
    for error in _errors(publisher, request.environment or "", configuration.publishers, root):
        hint, *acts = _HINTS.get(error, (_SAME_WORDS,))
        raise UsageError(error, hint=hint, remedies=tuple(map(remedy, acts)))
    from simulator.configuration.toml_writing import append

    file, table = _place(root)
    append(file, table, "publishers", _entry(publisher, datetime.now(UTC).date()))
    return AddedPublisher(
        publisher=publisher,
        file=file.name,
        page=_form_page(publisher),
        unknown=not publisher.pending and _is_unknown(publisher, root),
    )


def remove_publisher(request: PublisherRequest) -> Publisher:
    """Remove the one declared publisher that fits. Raises UsageError when none or several do."""
    root = find_root(request.repository)
    publishers = load_configuration(root).publishers
    fitting = [number for number, each in enumerate(publishers) if _fits(each, request)]
    if not fitting:
        raise UsageError(
            f"No such publisher of {request.project} is declared.",
            hint="Look at those that are.",
            remedies=(remedy(Act.LIST_PUBLISHERS),),
        )
    if len(fitting) > 1:
        lines = "; ".join(words_of(publishers[number]) for number in fitting)
        hint = "Say which by its index, workflow, repository or environment, or that it is a pending one."
        raise UsageError(f"{len(fitting)} publishers fit: {lines}.", hint=hint)
    from simulator.configuration.toml_writing import delete

    file, table = _place(root)
    delete(file, table, "publishers", fitting[0])
    return publishers[fitting[0]]


def words_of(publisher: Publisher) -> str:
    """A publisher in a line."""
    since = ""
    if publisher.registered is not None:
        since = f", registered {datetime.fromtimestamp(publisher.registered, UTC).date().isoformat()}"
    return (
        f"{publisher.project} on {TITLES[publisher.index]}: {publisher.workflow} in "
        f"https://github.com/{publisher.repository}, environment {publisher.environment or 'Any'}"
        f"{', pending' if publisher.pending else ''}{since}"
    )


def _form_page(publisher: Publisher) -> str:
    """The address of the form of the index."""
    from simulator.twins.pypi.publisher_form import form_of
    from simulator.twins.pypi.publishers import registration

    made = form_of(indexes()[publisher.index], registration(publisher), publisher.project, pending=publisher.pending)
    return made.page


def _own_name(root: Path) -> str:
    """This repository's name on GitHub. Raises UsageError when nobody says it."""
    configuration = load_configuration(root)
    settings = configuration.repository
    identity = read_identity(root, owner=settings.owner, name=settings.name)
    if identity.owner == STAND_IN and settings.owner is None:
        hint = f"Name it as owner/name, or set owner and name under {configuration.table('repository')}."
        raise UsageError(
            "No remote says which repository on GitHub this is.",
            hint=hint,
            remedies=(remedy(Act.NAME_PUBLISHING_REPOSITORY),),
        )
    return identity.full_name


def _place(root: Path) -> tuple[Path, Sequence[str]]:
    """The file that holds the configuration and the table in it. Raises ConfigurationError for a link elsewhere."""
    in_project = load_configuration(root).file == "pyproject.toml"
    file = root / ("pyproject.toml" if in_project else FILE)
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError(f"{file.name} is a link out of the repository.", hint="Put a copy in its place.")
    return file.resolve(), TABLE if in_project else ()


def _errors(publisher: Publisher, environment: str, others: Sequence[Publisher], root: Path) -> Iterator[str]:
    yield from publisher_form.errors_of_project(publisher.project)
    yield from publisher_form.errors_of_repository(publisher.repository)
    yield from publisher_form.errors_of_workflow(publisher.workflow)
    yield from publisher_form.errors_of_environment(environment)
    if error := publisher_form.error_beside(publisher, others):
        yield error
    if publisher.pending:
        yield from _errors_of_new_project(publisher, root)


def _errors_of_new_project(publisher: Publisher, root: Path) -> Iterator[str]:
    """What the kept index has against the name of a project that is to be made."""
    from simulator.twins.pypi.baseline import open_copies
    from simulator.twins.pypi.creation import error_of_new_name

    with temporary_folder("publisher") as folder:
        store = open_copies(kept_state(root).index, folder)[publisher.index]
        with store.reading() as catalogue:
            error = error_of_new_name(catalogue, publisher.project)
    match error:
        case "exists":
            yield "This project already exists: use the project's publishing settings to add a publisher."
        case "alike":
            yield "This project name is too similar to an existing project"
        case "standard library":
            yield "This project name isn't allowed (conflict with the Python standard library module name)"
        case "invalid" | "prohibited":
            yield "This project name isn't allowed"
        case None:
            return


def _is_unknown(publisher: Publisher, root: Path) -> bool:
    """Whether the kept index holds projects, and not that of a publisher."""
    with temporary_folder("publisher") as folder:
        known = kept_projects(root, folder / "index").get(publisher.index, frozenset())
    return bool(known) and canonicalize_name(publisher.project) not in known


def _fits(publisher: Publisher, request: PublisherRequest) -> bool:
    given = (
        (publisher.index, request.index),
        (publisher.repository, request.github),
        (publisher.workflow, request.workflow),
        ((publisher.environment or ""), None if request.environment is None else request.environment.lower()),
        (publisher.pending, request.pending or None),
    )
    same = canonicalize_name(publisher.project) == canonicalize_name(request.project)
    return same and all(wanted in {None, has} for has, wanted in given)


def _entry(publisher: Publisher, today: date) -> dict[str, str | bool | date]:
    entry: dict[str, str | bool | date] = {
        "index": publisher.index,
        "project": publisher.project,
        "repository": publisher.repository,
        "workflow": publisher.workflow,
    }
    if publisher.environment:
        entry["environment"] = publisher.environment
    if publisher.pending:
        entry |= {"pending": True, "registered": today}
    return entry
