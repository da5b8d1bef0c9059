"""Steps that start programs of GitHub's image which the engine lacks."""

from __future__ import annotations

import pytest

from simulator.diagnostics import Severity
from simulator.planning.calls import foreseen_jobs
from simulator.planning.programs import hosted_programs, surely_started
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.runner.missing import missing_programs
from tests.runner.driving import plan_of

HEAD = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("gh release create v1", ["gh"]),
        ("GH_TOKEN=x gh release create ${{ github.ref_name }} dist/*", ["gh"]),
        ("set -eux\nsudo apt-get update && sudo apt-get install -y x", ["sudo"]),
        ("echo x | gh auth login\naws s3 ls; az login", ["gh", "aws", "az"]),
        ("echo 'gh release'\n# gh release\necho gh", []),
        ("if command -v gh; then gh release create v1; fi", []),
        ("command -v gh || exit 0\ngh release create v1", []),
        ("test -f x && gh release\ntest -f x &&\n  gh release\nls || gh release", []),
        ("exit 0\ngh release", []),
        ("gh() { echo mine; }\ngh release", []),
        ("cat <<END\ngh release\nEND", []),
        ("x=$(gh release view)\ngh release", []),
        ("./gh release\n$TOOL release\nghr x", []),
    ],
)
def test_what_a_script_surely_starts(script: str, programs: list[str]) -> None:
    assert list(surely_started(script)) == programs


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ("- run: gh release create v1", 6),
        ("- {run: gh release create v1, if: failure()}", None),
        ("- {run: gh release create v1, shell: python}", None),
        ("- {run: gh release create v1, if: \"github.event_name == 'push'\"}", 6),
        ("- run: ./install gh\n      - run: gh release create v1", None),
        ("- run: echo\n      - run: gh release create v1", 7),
        ("- run: echo\n      - run: 'for f in dist/*; do gh attestation verify $f; done'", 7),
    ],
)
def test_which_steps_lack_a_program(steps: str, where: int | None) -> None:
    jobs = list(foreseen_jobs(plan_of(f"{HEAD}      {steps}\n")))
    found = missing_programs(jobs, lambda names: names, lambda: True)
    assert [finding.where.line for finding in found if isinstance(finding.where, Span)] == ([where] if where else [])
    assert {(each.code, each.severity) for each in found} <= {("missing-program", Severity.WARNING)}


@pytest.mark.parametrize(
    ("program", "docker", "helps"), [("gh", True, True), ("gh", False, False), ("aws", True, False)]
)
def test_the_docker_engine_is_a_remedy_where_it_answers_and_has_it(program: str, docker: bool, helps: bool) -> None:
    jobs = list(foreseen_jobs(plan_of(f"{HEAD}      - run: {program} x\n")))
    (finding,) = missing_programs(jobs, lambda names: names, lambda: docker)
    assert finding.remedies == ((remedy(Act.USE_ENGINE, "docker"),) if helps else ())
    assert f"it runs {program}, which GitHub's ubuntu-24.04 has" in finding.message


def test_a_program_that_the_machine_has_is_no_finding() -> None:
    jobs = list(foreseen_jobs(plan_of(f"{HEAD}      - run: gh x\n")))
    assert missing_programs(jobs, lambda _: (), lambda: True) == ()


def test_the_lists_agree() -> None:
    facts = hosted_programs()
    for name in ("of_docker_engine", "needs_root"):
        assert set(facts[name]) <= set(facts["programs"])
    assert facts["programs"] == sorted(facts["programs"])
