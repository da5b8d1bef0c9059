"""`pysim oidc explain`: the tokens of jobs beside the publishers, the field that differs, and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli.arguments.oidc import command
from simulator.cli.main import main

WORKFLOW = """\
on: {push: {tags: ['v*']}}
permissions: {id-token: write}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: pypi
    steps: [{run: make}]
"""
CALLER = """\
on: {push: {tags: ['v*']}}
jobs:
  call:
    permissions: {id-token: write}
    uses: ./.github/workflows/called.yml
"""
CALLED = WORKFLOW.replace("push: {tags: ['v*']}", "workflow_call: {}")
REFUSED = "PyPI refuses: valid token, but no corresponding publisher (Publisher with matching claims was not found)"


def repository(root: Path, publishers: str = "", **files: str) -> Path:
    folder = root / ".github/workflows"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    (root / "pysim.toml").write_text(f'[repository]\nowner = "octo"\nname = "demo"\n{publishers}', encoding="utf-8")
    return root


def declared(**changes: str) -> str:
    values = {"project": "demo", "workflow": "pypi.yml", "environment": "pypi", **changes}
    return "[[publishers]]\n" + "".join(f'{name} = "{value}"\n' for name, value in values.items())


def explain(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["oidc", "explain", "-C", str(root), *arguments])
    said = capsys.readouterr()
    assert said.err == ""
    return code, said.out


@pytest.mark.parametrize(
    ("changes", "differs", "fix"),
    [
        (
            {"workflow": "publish.yml"},
            "workflow          publisher: publish.yml, job: pypi.yml  differs",
            "the publisher says publish.yml, this file is pypi.yml: register pypi.yml, or rename the file",
        ),
        (
            {"environment": "release"},
            "environment       publisher: release, job: pypi  differs",
            "the publisher says the environment release, this job has pypi: write `environment: release`",
        ),
        (
            {"repository": "octo/Demo"},
            "repository        publisher: octo/Demo, job: octo/demo  differs",
            "PyPI compares the case of letters, too.",
        ),
    ],
)
def test_the_field_that_differs_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], differs: str, fix: str
) -> None:
    root = repository(tmp_path, declared(**changes), pypi=WORKFLOW)
    code, said = explain(root, capsys, "--tag", "v1")
    assert code == 1
    assert said.count("differs\n") == 1
    assert differs in said
    assert fix in said
    assert said.splitlines()[-1].strip() == REFUSED


def test_what_differs_is_red(tmp_path: Path) -> None:
    root = repository(tmp_path, declared(workflow="x.yml"), pypi=WORKFLOW)
    said = CliRunner().invoke(command, ["explain", "-C", str(root)], color=True).output
    assert said.count("\x1b[31m") == 1
    assert "\x1b[31m    workflow " in said


def test_a_publisher_that_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = explain(repository(tmp_path, declared(), pypi=WORKFLOW), capsys, "--tag", "v1")
    assert (code, said.splitlines()[-1]) == (0, "  PyPI gives a token for demo")
    assert "  sub               repo:octo/demo:environment:pypi\n" in said


def test_the_indexes_are_two_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = declared() + declared(index="testpypi", environment="test")
    code, said = explain(repository(tmp_path, both, pypi=WORKFLOW), capsys)
    assert code == 0
    assert said.splitlines()[-2:] == ["  PyPI gives a token for demo", f"  Test{REFUSED}"]


def test_a_pending_publisher_that_expired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pending = f"{declared()}pending = true\nregistered = 2020-01-01\n"
    code, said = explain(repository(tmp_path, pending, pypi=WORKFLOW), capsys)
    assert code == 1
    assert "refused: a pending publisher expires 30 days after it was registered" in said
    assert said.splitlines()[-1].strip() == REFUSED


def test_without_publishers_the_values_for_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, pypi=WORKFLOW)
    (root / "pyproject.toml").write_text('[project]\nname = "Demo"\n')
    code, said = explain(root, capsys)
    assert code == 0
    assert "owner octo, repository demo, workflow pypi.yml, environment pypi" in said
    query = "?provider=github&owner=octo&repository=demo&workflow_filename=pypi.yml&environment=pypi"
    assert f"/manage/project/demo/settings/publishing/{query}\n" in said


@pytest.mark.parametrize(("file", "code"), [("called.yml", 0), ("caller.yml", 1)])
def test_a_called_workflow_has_two_refs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, code: int
) -> None:
    root = repository(tmp_path, declared(workflow=file), caller=CALLER, called=CALLED)
    got, said = explain(root, capsys, "--tag", "v1")
    assert got == code
    assert "workflow_ref      octo/demo/.github/workflows/caller.yml@refs/tags/v1\n" in said
    assert "job_workflow_ref  octo/demo/.github/workflows/called.yml@refs/tags/v1\n" in said
    assert "PyPI looks for a publisher of this file" in said
    assert "then refuses uploads with attestations" in said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "pypi.yml",
            "The job_workflow_ref claim does not match, expecting one of ['octo/demo/.github/workflows/pypi.yml@",
        ),
        ("caller.yml", "Publisher with matching claims was not found"),
    ],
)
def test_a_called_workflow_of_another_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, said: str
) -> None:
    remote = "octo/shared/.github/workflows/pypi.yml@v1"
    text = CALLER.replace("./.github/workflows/called.yml", remote)
    root = repository(tmp_path, declared(workflow=file).replace('environment = "pypi"\n', ""), caller=text)
    code, told = explain(root, capsys, "--tag", "v1")
    assert code == 1
    assert f"refused: {said}" in told
    assert f"It calls {remote}, which was not looked into" in told
    assert "The file lies in another repository, so PyPI gives no token, whatever is registered." in told


def test_a_workflow_that_the_tag_does_not_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, declared(), pypi=WORKFLOW)
    assert explain(root, capsys, "--tag", "1.0") == (
        0,
        "No job that would run may have an ID token: none has `id-token: write`.\n",
    )
    (root / ".github/workflows/pypi.yml").write_text(WORKFLOW.replace("push: {tags: ['v*']}", "workflow_dispatch: {}"))
    assert "The push of a tag does not start this workflow" in explain(root, capsys)[1]


def test_it_imports_no_server_and_no_engine(tmp_path: Path) -> None:
    root = repository(tmp_path, declared(), pypi=WORKFLOW)
    code = (
        "import sys\nfrom simulator.cli.main import main\n"
        f"assert main(['oidc', 'explain', '-C', {str(root)!r}]) == 0\n"
        "heavy = {'docker', 'httpx', 'starlette', 'cryptography', 'uvicorn', 'jwt'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == "[]\n"
