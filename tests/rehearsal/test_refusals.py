"""Refusals of files that nobody has uploaded are told once, with a place and what mends them."""

from __future__ import annotations

import pytest
from packaging.utils import NormalizedName

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.rehearsal.explanations import explain_upload
from simulator.rehearsal.projects import projects_of
from simulator.rehearsal.refusals import predicted_refusals
from simulator.twins.base import Foreseen

TEXT = b"""[project]
name = "demo"
classifiers = ["Foo :: Bar"]
dependencies = ["x @ git+https://example.org/x"]
"""
PROJECTS = projects_of([("pyproject.toml", TEXT)])
CLASSIFIER = "'Foo :: Bar' is not a valid classifier."


def refusals(message: str, status: int | None = 400) -> list[Foreseen]:
    return [Foreseen(filename=name, status=status, message=message) for name in ("demo-1.whl", "demo-1.tar.gz")]


def told(code: str, message: str = "told", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, message=message, hint="mend it")


def test_one_message_is_one_finding() -> None:
    (finding,) = predicted_refusals(refusals(CLASSIFIER), "testpypi", (), {})
    assert finding.message == f"TestPyPI would refuse demo-1.whl, demo-1.tar.gz with 400: {CLASSIFIER}"
    assert (finding.where, finding.severity) == ("demo-1.whl", Severity.ERROR)


def test_what_twine_does_not_send() -> None:
    (finding,) = predicted_refusals(refusals("Invalid distribution metadata", None), "pypi", (), {})
    assert finding.message.startswith("twine would not upload demo-1.whl")
    assert finding.would_show == "Invalid distribution metadata"


@pytest.mark.parametrize(
    ("message", "line", "column"),
    [
        (CLASSIFIER, 3, 17),
        ("Can't have direct dependency: x @ git+https://example.org/x. See more.", 4, 22),
    ],
)
def test_the_place_is_that_of_what_is_named(message: str, line: int, column: int) -> None:
    (finding,) = predicted_refusals(refusals(message), "pypi", (), PROJECTS)
    assert finding.where == Span(file="pyproject.toml", line=line, column=column)


@pytest.mark.parametrize(
    ("message", "finding"),
    [
        ("The use of local versions in '1+x' is not allowed.", told("local-version")),
        ("The use of local versions in '1+x' is not allowed.", told("version-mismatch")),
        ("The description failed to render for 'text/x-rst'.", told("readme-render")),
        (CLASSIFIER, told("publisher-mismatch", f"invalid-payload: {CLASSIFIER}")),
    ],
)
def test_what_another_finding_says_is_not_said_again(message: str, finding: Finding) -> None:
    assert not list(predicted_refusals(refusals(message), "pypi", [finding], PROJECTS))


def test_a_warning_tells_of_no_refusal() -> None:
    mild = told("version-mismatch", severity=Severity.WARNING)
    assert list(predicted_refusals(refusals("The use of local versions"), "pypi", [mild], {}))


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("This filename was previously used by a file that has since been deleted.", "never free again"),
        ("Binary wheel 'x' has an unsupported platform tag 'linux_x86_64'.", "auditwheel"),
        ("The classifier 'X' has been deprecated, use one of ['Y'] instead.", "that the message names"),
        ("something new", "Mend what the index names"),
    ],
)
def test_what_mends_it(message: str, hint: str) -> None:
    assert hint in explain_upload(message).hint


def test_projects_of_poetry() -> None:
    text = b'[tool.poetry]\nname = "The-Demo"\nreadme = "README.md"\n'
    (project,) = projects_of([("sub/pyproject.toml", text)]).values()
    assert (project.name, project.readme) == (NormalizedName("the-demo"), "sub/README.md")
