"""Rules that compare a wheel with its sources: modules and data that did not get in, and a wheel with nothing in it."""

from __future__ import annotations

import ast
import fnmatch
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from simulator.findings import Severity
from simulator.positions import Span
from simulator.rehearsal.built.contents import has_module, some
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.rule import rule

_MODULE: Final = re.compile(r"\.(?:py|so|pyd)$")
_COMPILED: Final = re.compile(r"(?:\.[\w-]+)*\.(?:so|pyd|py)$")
_ASIDE: Final = re.compile(
    r"(?:^|/)(?:_?tests?|testing|testdata|benchmarks?|examples?|docs?|_?build|_?vendor[\w-]*|node_modules|__pycache__"
    r"|\.[^/]+)/|(?:^|/)(?:conftest|setup|test_[^/]*|[^/]*_tests?|_?(?:generate|build|compile)[^/]*)\.py$"
)
_DATA: Final = re.compile(
    r"(?:^|/)py\.typed$|\.(?:pyi|html?|jinja2?|j2|mako|css|js|json|ya?ml|sql|csv|mo|xsd|graphql|proto|pem|ttf|svg|png)$"
    r"|(?:^|/)(?:templates|static|schemas?|locales?|migrations)/"
)
_FOLDERS: Final = ("src", "lib", "python")
_MOST_READ: Final = 3000  # modules of a wheel that are searched for imports


@dataclass(frozen=True, kw_only=True, slots=True)
class _Package:
    """A top-level package of a wheel, its folder in the sources, and its files there by their paths in the package.

    `absent` are those that the wheel has not, and that the project does not leave out on purpose.
    """

    name: str
    root: str
    sources: Sequence[str]
    absent: Sequence[str]


@rule(
    "empty-wheel",
    Severity.WARNING,
    summary="A wheel installs nothing (an error where the sources hold packages).",
    why="The install succeeds, and nothing can be imported.",
)
def empty_wheel(subject: Subject) -> Iterator[Problem]:
    """A wheel installs nothing, and its sources hold packages (or it requires nothing, too)."""
    for wheel, sdist in subject.wheels():
        if wheel.files or any(".data/" in name for name in wheel.members):
            continue
        packages = sorted(
            path.removesuffix("/__init__.py").rpartition("/")[2]
            for path in _sources(subject, wheel, sdist)
            if re.fullmatch(r"(?:src/)?\w+/__init__\.py", path) and not _ASIDE.search(path)
        )
        if packages or not wheel.metadata.get("requires_dist"):
            yield Problem(
                message=f"{wheel.filename} installs nothing"
                + (f", and the sources hold {some(packages)}" if packages else ""),
                where=_place(subject, wheel),
                hint="Tell the build backend where the packages are.",
                severity=Severity.ERROR if packages else None,
            )


@rule(
    "source-folder",
    Severity.WARNING,
    summary="A wheel installs the folder that the sources lie in, such as `src`, and not the packages in it (an error "
    "where the project is named after one).",
    why="The package is imported as `src.demo` then, and `import demo` fails.",
)
def source_folder(subject: Subject) -> Iterator[Problem]:
    for wheel, sdist in subject.wheels():
        sources = set(_sources(subject, wheel, sdist))
        for folder in _FOLDERS:
            inside = (re.fullmatch(rf"{folder}/(\w+)/__init__\.py", name) for name in wheel.files)
            names = sorted(found[1] for found in inside if found is not None and found[0] in sources)
            names = [name for name in names if not _ASIDE.search(f"/{name}/") and not has_module(wheel.files, name)]
            if not names or f"{folder}/__init__.py" in wheel.files or _is_used(wheel, folder):
                continue
            named = any(canonicalize_name(name) == wheel.project for name in names)
            yield Problem(
                message=f"{wheel.filename} installs the folder {folder} with {some(names)} in it: `import {names[0]}` "
                f"fails, as it is {folder}.{names[0]} there",
                where=_place(subject, wheel),
                hint=f"Tell the build backend that the packages lie in {folder}: with hatchling packages = "
                f'["{folder}/{names[0]}"], with setuptools where = ["{folder}"] below [tool.setuptools.packages.find].',
                severity=Severity.ERROR if named else None,
            )


def _is_used(wheel: Distribution, folder: str) -> bool:
    """Whether the code of a wheel, or a command of it, imports what it has by way of a folder."""
    points = (value for group in wheel.entry_points.values() for value in group.values())
    if any(value.startswith(f"{folder}.") for value in points):
        return True
    modules = [member for name, member in wheel.files.items() if name.endswith(".py")]
    used = re.compile(rf"^\s*(?:from|import)\s+{folder}\b".encode(), re.MULTILINE)
    return len(modules) > _MOST_READ or any(used.search(content) for content in wheel.read(modules).values())


@rule(
    "missing-modules",
    Severity.WARNING,
    summary="Modules of a package are in the sources and not in the wheel (an error where a module imports one "
    "of them).",
    why="Tests from the checkout pass, and users get an ImportError.",
)
def missing_modules(subject: Subject) -> Iterator[Problem]:
    for wheel, sdist in subject.wheels():
        for package in _packages(subject, wheel, sdist):
            absent = [path for path in package.absent if path.endswith(".py") and not _ASIDE.search(f"/{path}")]
            absent = [path for path in absent if not _is_there(wheel, f"{package.name}/{path}")]
            if not absent:
                continue
            names = [f"{package.name}/{path}" for path in absent]
            user = _importer(wheel, package.name, {_dotted(name) for name in names})
            lost = "a module" if len(names) == 1 else f"{len(names)} modules"
            yield Problem(
                message=f"{wheel.filename} lacks {lost} of {package.name} that the sources have: {some(names)}"
                + (f"; {user[0]} imports {user[1]}" if user else ""),
                where=_place(subject, wheel),
                hint="List every package, or let the backend find them: with setuptools [tool.setuptools.packages.find]"
                "; each folder needs an __init__.py there.",
                severity=Severity.ERROR if user else None,
            )


@rule(
    "sdist-modules",
    Severity.WARNING,
    summary="Modules of the repository are in the wheel and not in the sdist.",
    why="What distributors and users build from the sdist lacks them.",
)
def sdist_modules(subject: Subject) -> Iterator[Problem]:
    for wheel, sdist in subject.wheels():
        if sdist is None or subject.tree is None or wheel.project not in subject.projects:
            continue
        inside = sdist.files
        for package in _packages(subject, wheel, sdist):
            names = [
                f"{package.root}{path}"
                for path in package.sources
                if path.endswith(".py") and path not in package.absent and f"{package.root}{path}" not in inside
            ]
            held = any(path.endswith(f"{package.name}/__init__.py") for path in inside)
            if names and held and not any(path.endswith(tuple(names)) for path in inside):
                lost = "a module" if len(names) == 1 else f"{len(names)} modules"
                yield Problem(
                    message=f"{sdist.filename} lacks {lost} that the repository and the wheel have: {some(names)}",
                    where=sdist.filename,
                    hint="Whatever is built from the sdist lacks them, too: list them for the sdist (MANIFEST.in).",
                )


@rule(
    "missing-data",
    Severity.WARNING,
    summary="Data files of a package, `py.typed` or templates say, are in the sources and not in the wheel.",
    why="Build backends leave out what is no module unless they are told.",
)
def missing_data(subject: Subject) -> Iterator[Problem]:
    for wheel, sdist in subject.wheels():
        for package in _packages(subject, wheel, sdist):
            names = [
                f"{package.name}/{path}"
                for path in package.absent
                if _DATA.search(path) and not path.endswith(".py") and not _ASIDE.search(f"/{path}")
            ]
            if names:
                yield Problem(
                    message=f"{wheel.filename} lacks {'a file' if len(names) == 1 else f'{len(names)} files'} of "
                    f"{package.name} that the sources have: {some(names)}",
                    where=_place(subject, wheel),
                    hint="Make it package data: with setuptools, [tool.setuptools.package-data] or MANIFEST.in.",
                )


def _place(subject: Subject, wheel: Distribution) -> Span | str:
    """Where a project says which packages it has, else the file's name."""
    project = subject.projects.get(wheel.project)
    if project is not None:
        for table, key in (
            ("tool.setuptools", "packages"),
            ("tool.setuptools.packages.find", "include"),
            ("tool.setuptools.packages.find", "where"),
            ("tool.hatch.build.targets.wheel", "packages"),
            ("tool.poetry", "packages"),
        ):
            if place := project.span_of_key(table, key):
                return place
    return wheel.filename


def _sources(subject: Subject, wheel: Distribution, sdist: Distribution | None) -> Sequence[str]:
    """The paths of the project's sources: those of the repository, else of the sdist."""
    project = subject.projects.get(wheel.project)
    if project is not None and subject.tree is not None:
        start = project.folder
        return [path[len(start) :] for path in subject.tree.paths() if path.startswith(start)]
    return tuple(sdist.files) if sdist is not None else ()


def _packages(subject: Subject, wheel: Distribution, sdist: Distribution | None) -> Iterator[_Package]:
    """The wheel's top-level packages that the sources have, too."""
    sources, patterns = _sources(subject, wheel, sdist), _exclusions(subject, wheel)
    tops = {name.partition("/")[0] for name in wheel.files if "/" in name and _MODULE.search(name)}
    for top in sorted(tops):
        inside = {name[len(top) + 1 :] for name in wheel.files if name.startswith(f"{top}/")}
        root = _root(top, inside, sources)
        if root is not None:
            paths = [path[len(root) :] for path in sources if path.startswith(root)]
            absent = [path for path in paths if path not in inside and not _is_excluded(f"{root}{path}", patterns)]
            yield _Package(name=top, root=root, sources=paths, absent=absent)


def _exclusions(subject: Subject, wheel: Distribution) -> Sequence[str]:
    """The patterns of files and of packages by which a project's build leaves something out."""
    project = subject.projects.get(wheel.project)
    found: list[str] = []
    waiting: list[object] = [project.data.get("tool", {})] if project else []
    while waiting:
        table = waiting.pop()
        for key, value in table.items() if isinstance(table, dict) else ():
            waiting.append(value)
            if key.startswith("exclude"):
                lists = value.values() if isinstance(value, dict) else [value]
                found += [text for each in lists if isinstance(each, list) for text in each if isinstance(text, str)]
    dotted = [text.replace(".", "/") for text in found if "/" not in text and not text.startswith("*.")]
    return [text.strip("/") for text in (*found, *dotted)]


def _is_excluded(path: str, patterns: Sequence[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(f"/{path}", f"*/{pattern}{end}") for pattern in patterns if pattern for end in ("", "/*")
    )


def _root(top: str, inside: set[str], sources: Sequence[str]) -> str | None:
    """The folder of the sources that holds a package: that of its name which shares most modules with it."""
    shared: Counter[str] = Counter()
    for path in sources:
        if path.endswith(".py"):
            for found in re.finditer(rf"(?:^|(?<=/)){re.escape(top)}/", path):
                if path[found.end() :] in inside:
                    shared[path[: found.end()]] += 1
    return max(shared, key=lambda root: (shared[root], -len(root)), default=None)


def _is_there(wheel: Distribution, path: str) -> bool:
    """Whether a module is in the wheel, compiled perhaps."""
    stem = path.removesuffix(".py")
    return any(name.startswith(f"{stem}.") and _COMPILED.fullmatch(name[len(stem) :]) for name in wheel.files)


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _importer(wheel: Distribution, package: str, missing: set[str]) -> tuple[str, str] | None:
    """A module of the wheel that surely imports a missing one when it is imported, and what it imports."""
    names = {name: member for name, member in wheel.files.items() if name.startswith(f"{package}/")}
    modules = {name: member for name, member in names.items() if name.endswith(".py") and not _ASIDE.search(f"/{name}")}
    if len(modules) > _MOST_READ:
        return None
    contents: Mapping[str, bytes] = wheel.read(list(modules.values()))
    for name, member in modules.items():
        for wanted in _imports(contents.get(member, b""), name):
            if wanted in missing and not has_module(wheel.files, wanted):
                return name, wanted
    return None


def _imports(content: bytes, path: str) -> Iterator[str]:
    """The modules that a module imports whatever happens: at its top level, in no condition and no `try`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old escape sequences
            body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    parents = path.split("/")[:-1]
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) + 1 - node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
