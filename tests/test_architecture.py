"""The structure of the package, read from its source: who imports whom, where a library lives, how long things are."""

from __future__ import annotations

import ast
import functools
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "simulator"
BASE = {
    "acceptance",
    "archives",
    "bounded",
    "dated_facts",
    "described_releases",
    "diagnostics",
    "errors",
    "findings",
    "git_command",
    "indexes",
    "made_by",
    "paths",
    "positions",
    "process",
    "publisher_records",
    "remedies",
    "run_events",
    "safe_files",
    "spelling",
    "toml_places",
    "toml_reading",
    "version",
}
# Each part may import itself and the parts named here; what is absent is forbidden.
ALLOWED: dict[str, set[str]] = {
    "positions": set(),
    "indexes": set(),
    "spelling": set(),
    "version": set(),
    "toml_places": set(),
    "toml_reading": set(),
    "archives": set(),
    "remedies": {"indexes"},
    "diagnostics": {"positions", "remedies"},
    "errors": {"positions", "diagnostics", "remedies"},
    "findings": {"positions", "diagnostics", "remedies"},
    "acceptance": {"findings"},
    "publisher_records": set(),
    "described_releases": set(),
    "run_events": {"positions", "findings", "publisher_records", "described_releases", "remedies"},
    "process": {"errors"},
    "bounded": {"errors", "process"},
    "safe_files": set(),
    "made_by": {"safe_files"},
    "git_command": {"process"},
    "paths": {"errors", "made_by", "remedies", "safe_files"},
    "dated_facts": {"errors", "paths", "spelling"},
    "expressions": BASE,
    "engines": BASE,
    "twins": BASE,
    "report": BASE,
    "workflow": BASE | {"expressions"},
    "triggers": BASE | {"workflow", "expressions"},
    "planning": BASE | {"workflow", "expressions", "triggers"},
    "environments": BASE | {"workflow", "expressions", "triggers"},
    "actions": BASE | {"workflow", "expressions", "triggers"},
    "configuration": BASE | {"environments", "actions", "triggers", "twins"},
    "rehearsal": BASE | {"workflow", "expressions", "triggers", "planning", "actions", "engines", "twins"},
    "runner": BASE | {"workflow", "expressions", "triggers", "planning", "environments", "actions", "engines", "twins"},
    "operations": BASE
    | {"workflow", "expressions", "triggers", "planning", "environments", "actions", "runner", "engines", "twins"}
    | {"rehearsal", "report", "configuration"},
    "cli": BASE | {"operations", "configuration", "report"},
}
# Libraries with a home: only modules under these paths may import them.
HOMES = {
    "subprocess": ("process.py",),
    "tomllib": ("toml_reading.py", "toml_places.py"),
    "yaml": ("workflow/yaml_source.py",),
    "click": ("cli/",),
    "docker": ("engines/",),
    "h11": ("engines/", "twins/"),
    "starlette": ("twins/",),
    "uvicorn": ("twins/",),
    "httpx": ("twins/",),
    "rich": ("report/", "cli/"),
    "tomlkit": ("configuration/toml_writing.py",),
}
# Parts that the rest of the package knows by their protocol only; `operations` picks the concrete ones.
BEHIND_A_PROTOCOL = {"engines", "twins"}
# Scripts that run inside a sandbox with the standard library alone (built-in actions also with the tools' packages).
IN_A_SANDBOX = ("engines/inside/", "runner/inside/", "rehearsal/inside/", "actions/builtin/")
LONGEST_FUNCTION = 60
LONGEST_MODULE = 500
TESTS = PACKAGE.parent / "tests"
TEST_MODULES = sorted(p.relative_to(TESTS.parent) for p in TESTS.rglob("*.py"))
MODULES = sorted(p.relative_to(PACKAGE) for p in PACKAGE.rglob("*.py"))
HOST_MODULES = [m for m in MODULES if not m.as_posix().startswith(IN_A_SANDBOX)]


@functools.cache
def tree(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def imports(module: Path) -> set[str]:
    """Dotted names that the module imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


@pytest.mark.parametrize("module", HOST_MODULES, ids=str)
def test_import_direction(module: Path) -> None:
    part = part_of(module)
    if part in {"__init__", "__main__"}:
        return
    used = {name.split(".")[1] for name in imports(module) if name.startswith("simulator.")}
    assert used - {part} <= ALLOWED[part]


@pytest.mark.parametrize("module", HOST_MODULES, ids=str)
def test_libraries_stay_home(module: Path) -> None:
    tops = {name.split(".")[0] for name in imports(module)}
    assert not {lib for lib, homes in HOMES.items() if lib in tops and not module.as_posix().startswith(homes)}


@pytest.mark.parametrize("module", sorted(set(MODULES) - set(HOST_MODULES)), ids=str)
def test_sandbox_scripts_know_each_other_alone(module: Path) -> None:
    if module.name != "registry.py":  # the one module there that runs on the host
        package = f"simulator.{'.'.join(module.parts[:2])}."
        assert all(name.startswith(package) for name in imports(module) if name.startswith("simulator"))


@pytest.mark.parametrize("module", HOST_MODULES, ids=str)
def test_only_operations_name_a_concrete_part(module: Path) -> None:
    for name in imports(module):
        _, part, inner = (*name.split("."), "", "")[:3]
        if name.startswith("simulator.") and part in BEHIND_A_PROTOCOL and part_of(module) not in {part, "operations"}:
            assert inner == "base", f"{module} imports {name}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports for types alone count: a circle of them is a circle of meanings."""
    names = {module_name(module): module for module in HOST_MODULES if module.name != "__init__.py"}
    edges = {name: set(homes(imports(module), names)) - {name} for name, module in names.items()}
    order = graphlib.TopologicalSorter(edges)
    order.prepare()  # raises CycleError, which names the circle


def module_name(module: Path) -> str:
    return ".".join(("simulator", *module.with_suffix("").parts))


def homes(found: set[str], names: Mapping[str, Path]) -> Iterator[str]:
    """The modules that imported names are of."""
    for name in found:
        if name in names:
            yield name
        elif name.rpartition(".")[0] in names:
            yield name.rpartition(".")[0]


@pytest.mark.parametrize("module", HOST_MODULES, ids=str)
def test_a_terminal_is_known_to_the_command_line_and_to_renderers(module: Path) -> None:
    asks = any(isinstance(node, ast.Attribute) and node.attr == "isatty" for node in ast.walk(tree(module)))
    assert not asks or module.parts[0] in {"cli", "report"}


def test_every_part_has_a_rule() -> None:
    assert {part_of(module) for module in MODULES} - {"__init__", "__main__", "resources"} == ALLOWED.keys()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_sizes(module: Path) -> None:
    assert (PACKAGE / module).read_text(encoding="utf-8").count("\n") <= LONGEST_MODULE
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{module}:{node.lineno} {node.name}"


def dataclasses(module: Path) -> Iterator[tuple[ast.ClassDef, ast.expr]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if "dataclass" in ast.unparse(decorator):
                    yield node, decorator


SEAMS = [m for m in HOST_MODULES if m.name in {"model.py", "base.py", "run_events.py", "findings.py", "diagnostics.py"}]


@pytest.mark.parametrize("module", SEAMS, ids=str)
def test_what_crosses_a_seam_is_frozen(module: Path) -> None:
    for node, decorator in dataclasses(module):
        assert "frozen=True" in ast.unparse(decorator), f"{module}:{node.lineno} {node.name}"


@pytest.mark.parametrize("module", HOST_MODULES, ids=str)
def test_the_process_ends_in_one_place(module: Path) -> None:
    calls = [ast.unparse(n.func) for n in ast.walk(tree(module)) if isinstance(n, ast.Call)]
    ends = {"sys.exit", "exit", "quit", "os._exit"} & set(calls)
    assert not ends or module.as_posix() == "cli/main.py"


def imported_by_tests(module: Path) -> Iterator[str]:
    """Dotted names of what a module of the tests imports, those relative to its folder in full."""
    for node in ast.walk(ast.parse((TESTS.parent / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = module.parts[: len(module.parts) - node.level] if node.level else ()
            yield from (".".join([*folder, *filter(None, [node.module]), alias.name]) for alias in node.names)


@pytest.mark.parametrize("module", TEST_MODULES, ids=str)
def test_no_test_module_is_imported(module: Path) -> None:
    for name in imported_by_tests(module):
        top, *rest = name.split(".")
        assert top != "tests" or not any(part == "conftest" or part.startswith("test_") for part in rest), name


@pytest.mark.parametrize("module", [m for m in TEST_MODULES if m.name == "conftest.py"], ids=str)
def test_a_conftest_defines_fixtures_alone(module: Path) -> None:
    for node in ast.parse((TESTS.parent / module).read_text(encoding="utf-8")).body:
        assert not isinstance(node, ast.ClassDef), node.name
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("pytest_"):
            assert any("pytest.fixture" in ast.unparse(decorator) for decorator in node.decorator_list), node.name
