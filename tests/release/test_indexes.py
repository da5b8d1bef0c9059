"""Where a release goes, and with what credential: tokens of a command, other indexes, and versions that are there."""

from __future__ import annotations

import pytest

from simulator.indexes import indexes
from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local

HEAD = """\
name: release
on: {push: {tags: ['v*']}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: /opt/pysim/bin/python backend.py dist
"""
TWINE = "/opt/pysim/bin/python -m twine upload --non-interactive"
REAL = "pypi-AgEIreal-token-of-a-user"


def release(tiny: Repository, steps: str) -> None:
    tiny.write(WORKFLOW, HEAD + steps)


@pytest.mark.parametrize(
    ("steps", "given"),
    [
        (f"      - run: {TWINE} -u __token__ -p ${{{{ secrets.PYPI_TOKEN }}}} dist/*\n", True),
        (f"      - run: {TWINE} -p \"$IT\" dist/*\n        env: {{IT: '${{{{ secrets.PYPI_TOKEN }}}}'}}\n", False),
        (
            (
                "      - run: printf '[pypi]\\npassword=%s' '${{ secrets.PYPI_TOKEN }}' > ~/.pypirc\n"
                f"      - run: {TWINE} dist/*\n"
            ),
            True,
        ),
    ],
    ids=["in a command", "in another variable", "in a .pypirc"],
)
def test_a_token_wherever_it_stands(tiny: Repository, steps: str, *, given: bool) -> None:
    if given:
        tiny.write(".secrets", f"PYPI_TOKEN={REAL}\n")
    release(tiny, f"{steps}      - run: test '${{{{ secrets.PYPI_TOKEN }}}}' != '{REAL}'\n")
    done = tiny.rehearse()
    assert done.verdict == "go", done.summary


def test_an_upload_to_another_index_ends_here(tiny: Repository) -> None:
    tiny.write(".secrets", "KEY=hunter2\n")
    tiny.write(
        "team.pypirc", "[distutils]\nindex-servers = corp\n[corp]\nrepository = https://packages.example.com/upload/\n"
    )
    release(
        tiny,
        f"      - run: {TWINE} --config-file team.pypirc dist/*\n"
        "        env: {TWINE_REPOSITORY: corp, TWINE_USERNAME: octo, TWINE_PASSWORD: '${{ secrets.KEY }}'}\n",
    )
    done = tiny.rehearse()
    assert done.conclusions["publish"] == "success", done.summary
    assert "uploaded 2 files to packages.example.com" in done.findings["publishes-elsewhere"]
    assert {each["twin"] for each in done.requests if each["host"] == "packages.example.com"} == {"other-index"}


def test_a_version_that_the_tool_passes_over(tiny: Repository) -> None:
    assert tiny.pysim("index", "add", "tinytool", "0.1.0", "--created", "2026-01-02").code == 0
    page = f"https://{indexes()['pypi'].main_host}/simple/tinytool/"
    release(tiny, f"      - run: curl -sSf {page} > /dev/null; true twine upload\n")
    done = tiny.rehearse()
    assert done.verdict == "no-go"
    assert "holds tinytool 0.1.0 since 2026-01-02" in done.findings["version-exists"]


def test_a_secret_that_there_is_not_stops_the_release(tiny: Repository) -> None:
    tiny.write(".secrets", f"PYPI_TOKEN={REAL}\n")
    release(tiny, f"      - run: {TWINE} -p ${{{{ secrets.PYPI_TOKEN_TYPO }}}} dist/*\n")
    done = tiny.rehearse()
    assert done.verdict == "no-go"
    assert "Did you mean PYPI_TOKEN?" in done.findings["secret-empty"]
