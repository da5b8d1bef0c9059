"""From the words of a command line to the request of an operation: paths, NAME=VALUE pairs, and what excludes what."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.errors import UsageError

if TYPE_CHECKING:
    from simulator.operations.request import Request


def request_of(arguments: dict[str, Any]) -> Request:
    """The request that the options of a command spell; takes them out of `arguments`. Raises UsageError."""
    from simulator.operations.request import Request

    words = {name: arguments.pop(name) for name in list(arguments) if name in _FIELDS}
    words = {name: given for name, given in words.items() if given or name not in _READ}
    values = {_FIELDS[name]: _READ[name](given) if name in _READ else given for name, given in words.items()}
    values["reviews"] = _reviews(arguments.pop("approved", ()), arguments.pop("rejected", ()))
    request = Request(**values)
    _require_one_event(request)
    return request


def _require_one_event(request: Request) -> None:
    """Say in options what belongs to another event; the operations say it in words."""
    if request.tag is not None and request.branch is not None:
        raise UsageError("--tag and --branch exclude each other.", hint="Give the one that the event is about.")
    if request.event == "schedule" and request.tag is not None:
        raise UsageError("--tag does not belong to --event schedule.", hint="What is scheduled runs on a branch.")
    if request.prerelease and request.event != "release":
        raise UsageError("--prerelease belongs to --event release.", hint="Add --event release.")
    if request.inputs and request.event != "workflow_dispatch":
        raise UsageError("--input belongs to --event workflow_dispatch.", hint="Add --event workflow_dispatch.")


@contextlib.contextmanager
def _naming(option: str) -> Iterator[None]:
    """Put the option, as it was given, before what is wrong with it."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{option}: {error}", hint=error.hint, remedies=error.remedies) from error
    except ValueError as error:
        raise UsageError(f"{option}: {error}.", hint="The command's --help says how it is written.") from error


def _actions(words: Iterable[str]) -> Mapping[str, Any]:
    from simulator.operations.texts import parse_kind

    found = {}
    for word in words:
        with _naming(f"--actions {word}"):
            action, kind = parse_kind(word)
        found[action] = kind
    return found


def _local_repositories(words: Iterable[str]) -> tuple[Any, ...]:
    from simulator.operations.texts import parse_local_repository

    found = []
    for word in words:
        with _naming(f"--local-repository {word}"):
            found.append(parse_local_repository(word, Path.cwd()))
    return tuple(found)


def _faults(words: Iterable[str]) -> tuple[Any, ...]:
    from simulator.operations.texts import parse_faults

    found: list[Any] = []
    for word in words:
        with _naming(f"--fault {word}"):
            found += parse_faults([word])
    return tuple(dict.fromkeys(found))


def _images(words: Iterable[str]) -> Mapping[str, str]:
    pairs = {word: word.removeprefix("docker://").partition("=") for word in words}
    for word, (name, _, local) in pairs.items():
        if not name or not local:
            raise UsageError(f"--image {word} does not name two images.", hint="Write --image REF=LOCAL.")
    return {name: local for name, _, local in pairs.values()}


def _artifacts(words: Iterable[str]) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--artifact {word} is not NAME=DIR.", hint="Such as --artifact wheels-macos=dist/macos.")
        if name in found:
            raise UsageError(f"--artifact {name} is given twice.", hint="Put all files of it into one folder.")
        found[name] = Path.cwd() / Path(path).expanduser()
    return found


def _reviews(approved: Sequence[str], rejected: Sequence[str]) -> Mapping[str, bool]:
    for name in approved:
        if name in rejected:
            raise UsageError(f"--approve {name} and --reject {name} exclude each other.", hint="Give one of them.")
    return dict.fromkeys(approved, True) | dict.fromkeys(rejected, False)


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "actions": _actions,
    "local_repositories": _local_repositories,
    "images": _images,
    "artifacts": _artifacts,
    "artifact_folder": lambda path: Path.cwd() / path.expanduser(),
    "faults": _faults,
    "accepted": tuple,
}
_NAMES: Final = (
    *("tag", "branch", "inputs", "prerelease", "source", "workflows", "run_all", "engine", "variables", "secret_file"),
    *("keep_index", "offline", "debug", "ask_secrets", "real_time", "now", *_READ),
)
_FIELDS: Final = {name: name for name in _NAMES} | {"directory": "repository", "event_name": "event"}
"""The fields of a request by the names that the options have."""
