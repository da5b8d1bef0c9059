"""`pysim publisher add|list|remove`: the publishers that the configuration declares. Asks no index outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from packaging.utils import canonicalize_name

from simulator.configuration import publisher_form
from simulator.configuration.reading import FILE, TABLE, load_configuration
from simulator.errors import ConfigurationError, ExitCode, UsageError
from simulator.indexes import TITLES, IndexName, indexes
from simulator.paths import StateFolder, temporary_folder
from simulator.report.words import without_escapes
from simulator.triggers.repository import STAND_IN, find_root, read_identity
from simulator.twins.base import Publisher

Say = Callable[[str], None]
_HELP = "PyPI would refuse it in the same words."
_HINTS = {
    "Specify workflow filename": "Add --workflow FILE, such as --workflow release.yml.",
    "Specify repository name": "Write both of --repository OWNER/NAME.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherOptions:
    """What the user said of a publisher; None is not given."""

    directory: Path
    project: str
    workflow: str | None = None
    repository: str | None = None
    environment: str | None = None
    index: IndexName | None = None
    pending: bool = False


def add(options: PublisherOptions, say: Say) -> ExitCode:
    """Declare a publisher as the form of the index would register it. Raises SimulatorError with its message."""
    root = find_root(options.directory)
    configuration = load_configuration(root)
    repository = options.repository
    if repository is None:
        settings = configuration.repository
        identity = read_identity(root, owner=settings.owner, name=settings.name)
        if identity.owner == STAND_IN and settings.owner is None:
            hint = f"Add --repository OWNER/NAME, or set owner and name under {configuration.table('repository')}."
            raise UsageError("No remote says which repository on GitHub this is.", hint=hint)
        repository = identity.full_name
    index: IndexName = options.index or "pypi"
    publisher = Publisher(
        index=index,
        project=options.project,
        repository=repository,
        workflow=options.workflow or "",
        environment=(options.environment or "").lower() or None,
        pending=options.pending,
    )
    for fault in _faults(publisher, options.environment or "", configuration.publishers, root):
        raise UsageError(fault, hint=_HINTS.get(fault, _HELP))
    from simulator.configuration.toml_writing import append

    file, table = _place(root)
    append(file, table, "publishers", _entry(publisher, datetime.now(UTC).date()))
    say(_told(publisher))
    say(f"It is declared in {file.name}. If it is not on {TITLES[index]} yet: {_form_page(publisher)}")
    if not publisher.pending and _is_unknown(publisher, root):
        say(
            f"note: {TITLES[index]} has no project {publisher.project} as far as pysim knows. If so, its publisher is "
            f"a pending one: --pending. To know: pysim index import {publisher.project}"
        )
    return ExitCode.GO


def show(directory: Path, say: Say) -> ExitCode:
    """List what is declared."""
    publishers = load_configuration(find_root(directory)).publishers
    for publisher in publishers:
        say(without_escapes(_line(publisher)))
    if not publishers:
        say("No publisher is declared; a run assumes the one that the workflow implies.")
    return ExitCode.GO


def remove(options: PublisherOptions, say: Say) -> ExitCode:
    """Remove the one declared publisher that fits. Raises UsageError when none or several do."""
    root = find_root(options.directory)
    publishers = load_configuration(root).publishers
    fitting = [number for number, each in enumerate(publishers) if _fits(each, options)]
    if not fitting:
        raise UsageError(
            f"No such publisher of {options.project} is declared.", hint="pysim publisher list shows what is."
        )
    if len(fitting) > 1:
        lines = "; ".join(_line(publishers[number]) for number in fitting)
        hint = "Say which with --index, --workflow, --repository, --environment, or --pending."
        raise UsageError(f"{len(fitting)} publishers fit: {lines}.", hint=hint)
    from simulator.configuration.toml_writing import delete

    file, table = _place(root)
    delete(file, table, "publishers", fitting[0])
    say(without_escapes(f"Removed {_line(publishers[fitting[0]])}"))
    return ExitCode.GO


def _place(root: Path) -> tuple[Path, Sequence[str]]:
    """The file that holds the configuration and the table in it. Raises ConfigurationError for a link elsewhere."""
    in_project = load_configuration(root).file == "pyproject.toml"
    file = root / ("pyproject.toml" if in_project else FILE)
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError(f"{file.name} is a link out of the repository.", hint="Put a copy in its place.")
    return file.resolve(), TABLE if in_project else ()


def _faults(publisher: Publisher, environment: str, others: Sequence[Publisher], root: Path) -> Iterator[str]:
    yield from publisher_form.faults_of_project(publisher.project)
    yield from publisher_form.faults_of_repository(publisher.repository)
    yield from publisher_form.faults_of_workflow(publisher.workflow)
    yield from publisher_form.faults_of_environment(environment)
    if fault := publisher_form.fault_beside(publisher, others):
        yield fault
    if publisher.pending:
        yield from _faults_of_new_project(publisher, root)


def _faults_of_new_project(publisher: Publisher, root: Path) -> Iterator[str]:
    """What the kept index has against the name of a project that is to be made."""
    from simulator.twins.pypi.baseline import open_copies
    from simulator.twins.pypi.creation import fault_of_new_name

    with temporary_folder("publisher") as folder:
        store = open_copies(StateFolder(root).index, folder)[publisher.index]
        with store.reading() as catalogue:
            fault = fault_of_new_name(catalogue, publisher.project)
    match fault:
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
    from simulator.operations.token_views import kept_projects

    with temporary_folder("publisher") as folder:
        known = kept_projects(root, folder / "index").get(publisher.index, frozenset())
    return bool(known) and canonicalize_name(publisher.project) not in known


def _fits(publisher: Publisher, options: PublisherOptions) -> bool:
    given = (
        (publisher.index, options.index),
        (publisher.repository, options.repository),
        (publisher.workflow, options.workflow),
        ((publisher.environment or ""), None if options.environment is None else options.environment.lower()),
        (publisher.pending, options.pending or None),
    )
    same = canonicalize_name(publisher.project) == canonicalize_name(options.project)
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


def _form_page(publisher: Publisher) -> str:
    """The address of the form."""
    from simulator.twins.pypi.publisher_form import form_of
    from simulator.twins.pypi.publishers import registration

    made = form_of(indexes()[publisher.index], registration(publisher), publisher.project, pending=publisher.pending)
    return made.page


def _told(publisher: Publisher) -> str:
    if publisher.pending:
        return f"Registered a new pending publisher to create the project {publisher.project!r}."
    return f"Added {publisher.workflow} in https://github.com/{publisher.repository} to {publisher.project}"


def _line(publisher: Publisher) -> str:
    since = ""
    if publisher.registered is not None:
        since = f", registered {datetime.fromtimestamp(publisher.registered, UTC).date().isoformat()}"
    return (
        f"{publisher.project} on {TITLES[publisher.index]}: {publisher.workflow} in "
        f"https://github.com/{publisher.repository}, environment {publisher.environment or 'Any'}"
        f"{', pending' if publisher.pending else ''}{since}"
    )
