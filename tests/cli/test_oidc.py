"""`pysim oidc explain`: the tokens of jobs beside the publishers, the field that differs, and what to do about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli.arguments.oidc import command
from simulator.cli.main import main
from simulator.indexes import indexes
from simulator.paths import StateFolder
from simulator.twins.pypi.baseline import changing

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
PYPI = indexes()["pypi"]
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
    assert "  PyPI gives a token for demo\n" in said
    assert said.splitlines()[-1] == f"  Test{REFUSED}"


def test_a_pending_publisher_that_expired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pending = f"{declared(environment='')}pending = true\nregistered = 2020-01-01\n"
    code, said = explain(repository(tmp_path, pending, pypi=WORKFLOW), capsys)
    assert code == 1
    assert "refused: a pending publisher expires 30 days after it was registered" in said
    assert "made more secure" not in said
    assert said.splitlines()[-1].strip() == REFUSED


def test_without_publishers_the_values_for_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, pypi=WORKFLOW)
    (root / "pyproject.toml").write_text('[project]\nname = "Demo"\n')
    code, said = explain(root, capsys)
    assert code == 0
    assert "No publisher is declared, so a run assumes the one of this job." in said
    assert "Owner: octo; Repository name: demo; Workflow name: pypi.yml; Environment name: pypi\n" in said
    assert "Whether PyPI has a project demo is unknown. If it has none, register a pending publisher; " in said
    assert said.endswith(f"    https://{PYPI.main_host}/manage/account/publishing/\n")


def test_a_project_that_is_known_has_a_form_that_is_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, pypi=WORKFLOW)
    (root / "pyproject.toml").write_text('[project]\nname = "Demo.Pkg"\n')
    StateFolder(root).create()
    with changing(StateFolder(root).index) as stores, stores["pypi"].transaction() as catalogue:
        catalogue.add_project("demo-pkg")
    query = "?provider=github&owner=octo&repository=demo&workflow_filename=pypi.yml&environment=pypi"
    page = f"https://{PYPI.main_host}/manage/project/demo-pkg/settings/publishing/{query}"
    code, said = explain(root, capsys)
    assert (code, said.splitlines()[-1].strip()) == (0, page)


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
    assert main(["oidc", "explain", "-C", str(root), "--tag", "1.0"]) == 2
    assert "The event starts no workflow, so no job has an ID token." in capsys.readouterr().err
    (root / ".github/workflows/pypi.yml").write_text(WORKFLOW.replace("push: {tags: ['v*']}", "workflow_dispatch: {}"))
    assert "in .github/workflows/pypi.yml, workflow dispatch of branch main\n" in explain(root, capsys)[1]


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


# ---- which index, and which job

TEST_STEP = "steps: [{uses: pypa/gh-action-pypi-publish@release/v1, with: {repository-url: '${{ vars.TESTPYPI }}'}}]"
PYPI_STEP = "steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]"
BOTH = WORKFLOW.replace("steps: [{run: make}]", PYPI_STEP) + WORKFLOW.partition("jobs:\n")[2].replace(
    "publish:", "try:"
).replace("steps: [{run: make}]", TEST_STEP)


@pytest.mark.parametrize(
    ("publishers", "code", "answers"),
    [
        (declared(), 1, {"publish": [("pypi", True)], "try": [("testpypi", False)]}),
        (declared(index="testpypi"), 1, {"publish": [("pypi", False)], "try": [("testpypi", True)]}),
        (
            declared() + declared(index="testpypi", environment=""),
            0,
            {"publish": [("pypi", True)], "try": [("testpypi", True)]},
        ),
        ("", 0, {"publish": [("pypi", None)], "try": [("testpypi", None)]}),
    ],
)
def test_each_job_is_held_to_the_publishers_of_its_index(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    publishers: str,
    code: int,
    answers: dict[str, list[tuple[str, bool | None]]],
) -> None:
    root = repository(tmp_path, publishers, pypi=BOTH)
    got, said = explain(root, capsys, "--tag", "v1", "--json")
    told = {job["job"]: job for job in json.loads(said)["jobs"]}
    assert {name: [(each["index"], each["ok"]) for each in job["answers"]] for name, job in told.items()} == answers
    assert got == code
    for name, job in told.items():
        ((index, ok),) = answers[name]
        assert {each["index"] for each in job["publishers"]} <= {index}
        assert [each["index"] for each in job["register"]] == ([] if ok else [index])
        assert all(indexes()[each["index"]].main_host in each["page"] for each in job["register"])


def test_a_job_beside_those_that_publish_does_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = WORKFLOW.replace("environment: pypi", "environment: github-pages").replace("publish:", "pages:")
    root = repository(tmp_path, declared(), pypi=WORKFLOW.replace("steps: [{run: make}]", PYPI_STEP), pages=pages)
    code, said = explain(root, capsys, "--tag", "v1")
    assert code == 0
    assert "job pages in .github/workflows/pages.yml, push of tag v1\n" in said
    assert "No step of it is known to publish, so no publisher is looked for." in said


@pytest.mark.parametrize(
    ("triggers", "event"),
    [
        ("push: {tags: ['v*']}", "push of tag v0.0.0, which stands for any"),
        ("push: {tags: ['[0-9]*']}", "push of tag 0.0.0, which stands for any"),
        ("release: {types: [published]}", "release of tag v0.0.0, which stands for any"),
        ("workflow_dispatch: {}", "workflow dispatch of branch main"),
        ("schedule: [{cron: '0 0 * * *'}]", "push of tag v0.0.0, which stands for any"),
    ],
)
def test_the_event_that_stands_for_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], triggers: str, event: str
) -> None:
    root = repository(tmp_path, declared(), pypi=WORKFLOW.replace("push: {tags: ['v*']}", triggers))
    code, said = explain(root, capsys)
    assert (code, said.splitlines()[0]) == (0, f"job publish in .github/workflows/pypi.yml, {event}")
    assert ("The push of a tag does not start this workflow" in said) == ("schedule" in triggers)


# ---- what fits


def without_environment(text: str) -> str:
    return text.replace("    environment: pypi\n", "")


@pytest.mark.parametrize(
    ("publisher", "workflow", "code", "said"),
    [
        (declared(), without_environment(WORKFLOW), 1, "this job has none: write `environment: pypi` in the job"),
        (
            declared(environment=""),
            without_environment(WORKFLOW),
            0,
            "environment       publisher: Any, job: MISSING",
        ),
        (declared(environment=""), WORKFLOW, 0, "can be made more secure: register it for the environment pypi."),
        (declared(environment="PyPI"), WORKFLOW, 0, "environment       publisher: pypi, job: pypi\n"),
        (declared(), WORKFLOW.replace(": pypi\n", ": PyPI\n"), 0, "environment       publisher: pypi, job: PyPI\n"),
        (declared(workflow="PyPI.yml"), WORKFLOW, 1, "workflow          publisher: PyPI.yml, job: pypi.yml  differs"),
        (declared(repository="Octo/demo"), WORKFLOW, 1, "repository_owner  publisher: Octo, job: octo  differs"),
        (
            declared(project="Demo_Pkg"),
            WORKFLOW,
            0,
            "  PyPI gives a token for Demo_Pkg\n",
        ),
        (
            declared(project="other"),
            WORKFLOW,
            1,
            "and refuses the upload, as this repository builds demo-pkg: 403 Invalid API Token: OIDC scoped token is",
        ),
    ],
)
def test_what_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], publisher: str, workflow: str, code: int, said: str
) -> None:
    root = repository(tmp_path, publisher.replace('"demo"', '"demo-pkg"'), pypi=workflow)
    (root / "pyproject.toml").write_text('[project]\nname = "demo.pkg"\n')
    got, told = explain(root, capsys, "--tag", "v1")
    assert said in told
    assert got == code


def test_a_repository_that_nobody_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, pypi=WORKFLOW)
    (root / "pysim.toml").unlink()
    _, said = explain(root, capsys)
    assert f"so local/{root.name} stands in for it: set owner and name under [repository] in pysim.toml." in said


def test_a_release_has_a_tag_that_stands_for_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released = WORKFLOW.replace("push: {tags: ['v*']}", "release: {types: [published]}")
    root = repository(tmp_path, declared(), pypi=WORKFLOW, released=released)
    first = "in .github/workflows/released.yml, release of tag"
    for arguments, tag in (((), "v0.0.0, which stands for any"), (("--tag", "v1"), "v1")):
        _, said = explain(root, capsys, "--event", "release", *arguments)
        assert said.splitlines()[0] == f"job publish {first} {tag}"


def test_two_new_projects_of_one_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, pypi=WORKFLOW)
    for name in ("one", "two"):
        (root / name).mkdir()
        (root / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    code, said = explain(root, capsys)
    assert code == 0
    assert "PyPI takes one pending publisher with these values, and would refuse that of two" in said


def test_the_time_at_which_it_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pending = f"{declared()}pending = true\nregistered = 2026-01-01\n"
    root = repository(tmp_path, pending, pypi=WORKFLOW)
    assert explain(root, capsys, "--now", "2026-01-30")[0] == 0
    code, said = explain(root, capsys, "--now", "2026-02-01")
    assert code == 1
    assert "Whether PyPI has a project demo is unknown. If it has none, register a pending publisher; " in said


def test_no_job_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, pypi=WORKFLOW.replace("id-token: write", "contents: read"))
    code, said = explain(root, capsys, "--json")
    assert (code, json.loads(said)) == (0, {"schemaVersion": 1, "jobs": []})


def test_no_engine_and_no_server_is_imported(tmp_path: Path) -> None:
    """What makes other commands slow is not loaded; the time itself is for the benchmarks."""
    root = repository(tmp_path, declared(), pypi=BOTH)
    program = (
        "import sys\n"
        "from simulator.cli.main import main\n"
        f"code = main(['oidc', 'explain', '-C', {str(root)!r}])\n"
        "heavy = {'docker', 'starlette', 'uvicorn', 'sigstore', 'pydantic', 'rich'} & sys.modules.keys()\n"
        "print(code, sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "1 []"
