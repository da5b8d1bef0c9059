"""Rules of what is in a file: things that must not be published, and things that lie where they do harm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from simulator.archives import RATIO
from simulator.findings import Severity
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.rule import rule

_LEFTOVERS: Final = re.compile(
    r"(?:^|/)(?:__pycache__|\.git|\.hg|\.svn|\.tox|\.nox|\.venv|\.mypy_cache|\.pytest_cache|\.ruff_cache)/"
    r"|\.py[co]$|(?:^|/)(?:\.DS_Store|Thumbs\.db|\.coverage)$|~$|\.(?:orig|rej|swp)$"
)
_SECRETS: Final = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist|test|default)[\w-]+)?|\.pypirc|\.netrc|\.git-credentials"
    r"|\.secrets|id_(?:rsa|dsa|ecdsa|ed25519))$|(?:^|/)\.(?:ssh|aws)/"
)
_TOKEN: Final = re.compile(rb"pypi-AgE[A-Za-z0-9_-]{60,}")
_TESTS: Final = re.compile(r"(?:^|/)(?:tests?|testing|testdata|fixtures|test_[^/]*|examples?|docs?)/")
_COMMON: Final = re.compile(
    "benchmarks?|build|ci|conftest|data|dist|docs?|examples?|scripts|setup|tests?|testing|tools|noxfile|tasks"
)
_MOST: Final = 3
_EXTENSION: Final = re.compile(r"\.(?:cpython-\d[\w-]*|abi3|pypy\d[\w-]*)\.so$|\.cp\d+-\w+\.pyd$")
_SIGNATURES: Final = ("RECORD.jws", "RECORD.p7s")


@rule(
    "excessive-archive",
    Severity.ERROR,
    summary="An sdist unpacks to more than 50 times its size.",
    why="PyPI refuses it, and reading it would use up a machine's memory.",
)
def excessive(subject: Subject) -> Iterator[Problem]:
    for filename in subject.excessive:
        yield Problem(
            message=f"{filename} unpacks to more than {RATIO} times its size, which PyPI refuses",
            where=filename,
            would_show=f"File exceeds compression ratio of {RATIO}",
            hint="Look what the build packs into it (tar -tvf), and leave that out.",
        )


@rule(
    "entry-point",
    Severity.ERROR,
    summary="A command or another entry point names a module that the wheel does not hold.",
    why="It fails as soon as it is used.",
)
def entry_point_modules(subject: Subject) -> Iterator[Problem]:
    for found, _ in subject.wheels():
        for group, points in found.entry_points.items():
            for name, value in points.items():
                module = re.split(r"[:\[]", value, maxsplit=1)[0].strip()
                problem = _entry_point(found, group, name, module)
                if problem:
                    yield problem


def _entry_point(found: Distribution, group: str, name: str, module: str) -> Problem | None:
    top = module.partition(".")[0]
    own = any(re.fullmatch(rf"{re.escape(top)}(?:/__init__)?(?:\.[\w-]+)+", file) for file in found.files)
    elsewhere = not own and bool(found.metadata.get("requires_dist"))
    if not module or has_module(found.files, module) or elsewhere:
        return None
    kind = "The command" if group in {"console_scripts", "gui_scripts"} else f"The entry point of {group}"
    return Problem(
        message=f"{kind} {name} needs the module {module}, which {found.filename} does not hold",
        where=found.filename,
        hint="Name the module that there is, or let the build backend put it into the wheel.",
    )


def has_module(files: Iterable[str], module: str) -> bool:
    """Whether a module, package or namespace can be imported from these files."""
    path = module.replace(".", "/")
    return any(
        name.startswith((f"{path}/", f"{path}.")) and (name[len(path)] == "/" or name.endswith((".py", ".so", ".pyd")))
        for name in files
    )


@rule(
    "compiled-anywhere",
    Severity.WARNING,
    summary="A wheel for any platform (`-any.whl`) holds extension modules that were compiled for one.",
    why="It gets installed where they cannot be imported.",
)
def compiled_anywhere(subject: Subject) -> Iterator[Problem]:
    for found, names in _once(subject, _compiled):
        yield Problem(
            message=f"{found.filename} is for any platform, and {some(names)} {'is' if len(names) == 1 else 'are'} "
            "compiled for one",
            where=found.filename,
            hint="Let the build backend tag the wheel for its platform, or leave compiled modules out.",
        )


def _compiled(found: Distribution) -> Sequence[str]:
    pure = found.filename.endswith("-any.whl")
    return [name for name in found.members if pure and _EXTENSION.search(name)]


@rule(
    "common-top-level",
    Severity.WARNING,
    summary="A wheel installs a module called `tests`, `docs`, `build` or the like beside its own.",
    why="Projects that do so overwrite each other's files.",
)
def common_top_level(subject: Subject) -> Iterator[Problem]:
    for found, _ in subject.wheels():
        tops = dict.fromkeys(_module(name) for name in found.files)
        names = [top for top in tops if _COMMON.fullmatch(top) and canonicalize_name(top) != found.project]
        others = [top for top in tops if top and top not in names]
        if names and others:
            yield Problem(
                message=f"{found.filename} installs {_listed(names)} beside {_listed(others)}: a module of that name "
                "may overwrite another project's, or be imported in its place",
                where=found.filename,
                hint="Tell the build backend which packages there are: with setuptools, `exclude` under "
                "[tool.setuptools.packages.find], or a src/ folder.",
            )


def _module(name: str) -> str:
    """The name by which a top-level module or package is imported; the empty text for other files."""
    top, _, rest = name.partition("/")
    if rest:
        return top if top.isidentifier() else ""
    return top.partition(".")[0] if top.endswith((".py", ".so", ".pyd")) else ""


@rule(
    "unexpected-files",
    Severity.WARNING,
    summary="Caches, compiled modules or leftovers of editors are in a file.",
    why="They bloat it, and may shadow what they were made from.",
)
def unexpected_files(subject: Subject) -> Iterator[Problem]:
    for found, names in _once(subject, _leftovers):
        yield Problem(
            message=f"{found.filename} holds what no user needs: {some(names)}",
            where=found.filename,
            hint="Leave them out of the package's data and of the sdist, and build from a fresh checkout.",
        )


def _leftovers(found: Distribution) -> Sequence[str]:
    """Those of tests may be meant, and so may what is installed beside the modules: jupyterlab reads a `.orig`."""
    names = (name for name in found.members if _LEFTOVERS.search(name) and not _TESTS.search(name))
    return [name for name in names if ".data/data/" not in name]


@rule(
    "secret-files",
    Severity.WARNING,
    summary="A `.env`, a `.pypirc` or a private key is in a distribution (an error if an upload token is in it).",
    why="What was published cannot be recalled.",
)
def secret_files(subject: Subject) -> Iterator[Problem]:
    for found, names in _once(subject, _secrets):
        leaked = [name for name, content in found.read(names).items() if _TOKEN.search(content)]
        what = f"an upload token is in {leaked[0]}" if leaked else f"it holds {some(names)}"
        yield Problem(
            message=f"{found.filename} may publish secrets: {what}",
            where=found.filename,
            hint="Leave the file out, build again, and replace what is in it: a published file cannot be recalled.",
            severity=Severity.ERROR if leaked else None,
        )


def _secrets(found: Distribution) -> Sequence[str]:
    return [name for name in found.members if _SECRETS.search(name) and not _TESTS.search(name)]


@rule(
    "outside-paths",
    Severity.ERROR,
    summary="A member has an absolute path, or one that leads out of the archive.",
    why="pip refuses to unpack it.",
)
def outside_paths(subject: Subject) -> Iterator[Problem]:
    for found, names in _once(subject, lambda file: [name for name in file.members if _leaves(name)]):
        yield Problem(
            message=f"{found.filename} has members outside of its own folder: {some(names)}",
            where=found.filename,
            hint="Mend the paths of the package's data: they are relative to the project and stay in it.",
        )


def _leaves(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or bool(re.match(r"[A-Za-z]:", name))


@rule(
    "record-mismatch",
    Severity.NOTICE,
    summary="RECORD does not list exactly the members of the wheel.",
    why="PyPI mails the owners, and announced that it would refuse such wheels.",
)
def record_mismatch(subject: Subject) -> Iterator[Problem]:
    for found, differences in _once(subject, _unrecorded):
        yield Problem(
            message=f"The RECORD of {found.filename} {'; it '.join(differences)}: PyPI mails its owners about that",
            where=found.filename,
            hint="Change a built wheel with a tool that writes RECORD anew, such as `wheel pack`.",
        )


def _unrecorded(found: Distribution) -> Sequence[str]:
    if found.record is None:
        return ()
    members, recorded = (
        {name for name in names if not name.endswith(_SIGNATURES)} for names in (found.members, found.record)
    )
    missing, extra = sorted(members - recorded), sorted(recorded - members)
    twice = [name for name, count in Counter(found.record).items() if count > 1]
    said = [f"does not list {some(missing)}"] if missing else []
    said += [f"lists {some(extra)}, which {'is' if len(extra) == 1 else 'are'} not there"] if extra else []
    return [*said, f"lists {some(twice)} twice"] if twice else said


def _once(
    subject: Subject, look: Callable[[Distribution], Sequence[str]]
) -> Iterator[tuple[Distribution, Sequence[str]]]:
    """What was found in the first wheel and the first sdist of a project that have it: others have the same."""
    seen: set[tuple[str, str]] = set()
    for found in subject.distributions:
        if (found.project, found.kind) not in seen and (names := look(found)):
            seen.add((found.project, found.kind))
            yield found, names


def some(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
