"""What a repository configures, and how faults in it are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.configuration.reading import load_configuration
from simulator.configuration.values import Configuration
from simulator.environments.model import EnvironmentRules
from simulator.errors import ConfigurationError
from simulator.triggers.model import RunFacts
from simulator.twins.base import Publisher

FULL = """\
[repository]
owner = "octo"
name = "demo"
visibility = "private"
default-branch = "trunk"
workflow-permissions = "write"

[run]
actor = "ada"
triggering-actor = "grace"
number = 42
attempt = 2
ref-protected = true

[[publishers]]
index = "pypi"
project = "demo"
repository = "octo/demo"
workflow = "release.yml"
environment = "PyPI"

[[publishers]]
index = "testpypi"
project = "demo"
workflow = "release.yml"

[environments.pypi]
tags = ["v*"]
branches = []
reviewers = ["ada"]
prevent-self-review = true
wait-timer = 30
secrets = ["pypi_token"]
url = "https://example.org"

[environments.pypi.variables]
REGION = "eu"

[vars]
PYPI_URL = "https://index.example"
"""


def load(root: Path, text: str = "", name: str = "pysim.toml") -> Configuration:
    (root / name).write_text(text, encoding="utf-8")
    return load_configuration(root)


def test_nothing_is_configured(tmp_path: Path) -> None:
    assert load_configuration(tmp_path) == Configuration()


def test_everything(tmp_path: Path) -> None:
    (tmp_path / ".secrets").write_text("PYPI_TOKEN=one\nother=two\n", encoding="utf-8")
    (tmp_path / ".vars").write_text("MORE=1\n", encoding="utf-8")
    found = load(tmp_path, FULL)
    assert found.file == "pysim.toml"
    assert (found.repository.owner, found.repository.name) == ("octo", "demo")
    assert (found.repository.visibility, found.repository.default_branch) == ("private", "trunk")
    assert found.repository.workflow_permissions == "write"
    assert found.actor == "ada"
    assert found.run == RunFacts(number=42, attempt=2, triggering_actor="grace", ref_protected=True)
    assert found.publishers == (
        Publisher(index="pypi", project="demo", repository="octo/demo", workflow="release.yml", environment="pypi"),
        Publisher(index="testpypi", project="demo", repository="octo/demo", workflow="release.yml", environment=None),
    )
    assert all(publisher.declared for publisher in found.publishers)
    assert found.environments == {
        "pypi": EnvironmentRules(
            name="pypi",
            tags=("v*",),
            branches=(),
            reviewers=("ada",),
            prevent_self_review=True,
            wait_timer=30,
            secrets=("PYPI_TOKEN",),
            url="https://example.org",
            variables={"REGION": "eu"},
        )
    }
    assert found.variables == {"PYPI_URL": "https://index.example", "MORE": "1"}
    assert found.secrets == {"OTHER": "two"}
    assert found.environment_secrets == {"pypi": {"PYPI_TOKEN": "one"}}


def test_in_pyproject(tmp_path: Path) -> None:
    text = "[project]\nname = 'demo'\n[tool.pysim.repository]\nowner = 'octo'\n[[tool.pysim.publishers]]\n"
    text += "project = 'demo'\nrepository = 'octo/demo'\nworkflow = 'w.yaml'\n"
    found = load(tmp_path, text, "pyproject.toml")
    assert found.file == "pyproject.toml"
    assert found.repository.owner == "octo"
    assert found.publishers[0].workflow == "w.yaml"


@pytest.mark.parametrize("text", ["", "[project]\nname = 'pysim-demo'\n", "[project\nbroken"])
def test_a_pyproject_that_is_no_affair_of_ours(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text, "pyproject.toml") == Configuration()


def test_only_one_place(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pysim.vars]\nA = '1'\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"both in pysim\.toml and in"):
        load(tmp_path, "")


PUBLISHER = "[[publishers]]\nproject = 'demo'\nrepository = 'octo/demo'\nworkflow = 'release.yml'\n"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[[publisher]]\n", "pysim.toml:1:3: There is no key publisher in the file", "Did you mean publishers?"),
        ("[repository]\nowenr = 'x'\n", "pysim.toml:2:1: There is no key owenr in [repository]", "Did you mean owner?"),
        (f"{PUBLISHER}{PUBLISHER}envrionment = 'x'\n", "pysim.toml:9:1: There is no key envrionment", "environment?"),
        ("[environments.pypi]\nwait = 1\n", "pysim.toml:2:1: There is no key wait in [environments.pypi]", "There is:"),
        ("[vars]\nA = 1\n", "pysim.toml:2:5: A is to be text", 'A = "..."'),
        ("[vars]\n1A = 'x'\n", "pysim.toml:2:1: 1A is not the name of a variable", "no digit first"),
        ("[vars]\ngithub_x = 'x'\n", "pysim.toml:2:1: github_x is not the name of a variable", "not GITHUB_"),
        ("[environments.pypi]\nvariables = { '1A' = 'x' }\n", "pysim.toml:2:15: 1A is not the name", "digit"),
        ("repository = 'octo/demo'\n", "pysim.toml:1:14: repository is to be a table", "[repository]"),
        ("[publishers]\nproject = 'x'\n", "pysim.toml:1:2: publishers is to be an array of tables", "[[publishers]]"),
        ("[environments.pypi]\ntags = 'v*'\n", "pysim.toml:2:8: tags is to be a list of texts", 'tags = ["..."]'),
        ("[environments.pypi]\nwait-timer = 50000\n", "pysim.toml:2:14: wait-timer is to be a number", "30"),
        ("[environments.pypi]\nprevent-self-review = 1\n", "prevent-self-review is to be true or false", "true"),
        ("[environments.x]\nprotected-branches = true\ntags = []\n", "pysim.toml:2:22: protected-branches", "Keep one"),
        ("[environments.pypi]\nreviewers = ['a','b','c','d','e','f','g']\n", "at most 6 reviewers", "team"),
        ("[repository]\nvisibility = 'pubic'\n", "pysim.toml:2:14: No repository is pubic", "Did you mean public?"),
        ("[repository]\nname = 'a b'\n", "pysim.toml:2:8: Invalid repository name", "as on GitHub"),
        ("[repository]\nowner = '-a'\n", "pysim.toml:2:9: Invalid GitHub user or organization name.", "as on GitHub"),
        ("[run]\nnumber = '7'\n", "pysim.toml:2:10: number is to be a number from 1", "number = 7"),
        ("[run]\nattempt = 0\n", "pysim.toml:2:11: attempt is to be a number from 1", "attempt = 7"),
        ("[run]\nref-protected = 'yes'\n", "pysim.toml:2:17: ref-protected is to be true or false", "true"),
        ("[repository\n", "pysim.toml:1:12: Expected", "line"),
        ("a = '\x00'\n", "so it is not TOML", "line"),
        ("a = {", "so it is not TOML", "line"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path, text)
    assert message in str(error.value)
    assert hint in error.value.hint


def test_the_line_below_a_prefix(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"pyproject.toml:4:1: There is no key onwer in \[tool.pysim.repository\]"
    ):
        load(tmp_path, "[project]\nname = 'x'\n[tool.pysim.repository]\nonwer = 'x'\n", "pyproject.toml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("index = 'pipy'", "pysim.toml:5:9: There is no index pipy"),
        ("index = 'PyPI'", "pysim.toml:5:9: There is no index PyPI"),
        ("project = ''", "project: Specify project name"),
        ("project = 'a b'", "project: Invalid project name: 'a b'"),
        ("repository = '/demo'", "repository: Specify GitHub repository owner (username or organization)"),
        ("repository = 'demo'", "repository: Specify repository name"),
        ("repository = 'octo_/demo'", "repository: Invalid GitHub user or organization name."),
        ("repository = 'octo/de mo'", "repository: Invalid repository name"),
        ("repository = 'octo/demo/x'", "repository: Invalid repository name"),
        ("workflow = ''", "workflow: Specify workflow filename"),
        ("workflow = 'release'", "workflow: Workflow name must end with .yml or .yaml"),
        ("workflow = '.github/workflows/a.yml'", "workflow: Workflow filename must be a filename only, without direct"),
        ("environment = ' pypi'", "environment: Environment name may not start with whitespace"),
        ("environment = 'pypi '", "environment: Environment name may not end with whitespace"),
        ("environment = 'a;b'", "environment: Environment name must not contain"),
        (f"environment = '{'x' * 256}'", "environment: Environment name is too long (maximum is 255 characters)"),
    ],
)
def test_publishers_are_checked_as_pypi_does(tmp_path: Path, change: str, message: str) -> None:
    key = change.partition(" ")[0]
    kept = "\n".join(line for line in PUBLISHER.splitlines() if not line.startswith(f"{key} "))
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path, f"{kept}\n" + "# moved\n" * (4 - len(kept.splitlines())) + f"{change}\n")
    assert message in str(error.value)
    assert str(error.value).startswith(f"pysim.toml:5:{len(key) + 4}: ")


@pytest.mark.parametrize("missing", ["project", "repository", "workflow"])
def test_what_a_publisher_needs(tmp_path: Path, missing: str) -> None:
    text = "\n".join(line for line in PUBLISHER.splitlines() if not line.startswith(missing))
    with pytest.raises(ConfigurationError, match=f"pysim.toml:1:3: {missing}: Specify"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[secrets]\nPYPI_TOKEN = 'x'\n", 1),
        ("[environments.pypi.secrets]\nPYPI_TOKEN = 'x'\n", 1),
        ("[environments.pypi]\nsecrets = { A = 'x' }\n", 2),
        (f"{PUBLISHER}token = 'x'\n", 5),
        ("[vars]\nPASSWORD = 'x'\n", 2),
        ("[vars]\nHARMLESS = 'pypi-AgEanything'\n", 2),
        ("[environments.pypi]\nsecrets = ['ghp_0123456789012345678901234567']\n", 2),
    ],
)
def test_secrets_do_not_belong_in_the_file(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"pysim.toml:{line}:\d+: Secrets do not belong in the file") as error:
        load(tmp_path, text)
    assert ".secrets" in error.value.hint
    assert "ghp_0" not in str(error.value)


def test_an_environment_may_be_called_secret(tmp_path: Path) -> None:
    assert "secret" in load(tmp_path, "[environments.secret]\ntags = ['v*']\n").environments


class TestFilesOfValues:
    def values(self, root: Path, text: str) -> dict[str, str]:
        (root / ".vars").write_text(text, encoding="utf-8")
        return dict(load_configuration(root).variables)

    def test_forms(self, tmp_path: Path) -> None:
        text = """\
# a comment
PLAIN=value
export EXPORTED = spaced value  # and a comment
  INDENTED=x
EMPTY=
HASH=a#b
EQUALS=a=b==
DOLLAR=$HOME
COLON: like yaml
SINGLE='raw $x \\n # "'
DOUBLE="line\\nbreak \\"quoted\\" \\$5"   # comment
MULTI="one
two"
KEY='-----BEGIN
END-----'
LAST=end"""
        assert self.values(tmp_path, text) == {
            "PLAIN": "value",
            "EXPORTED": "spaced value",
            "INDENTED": "x",
            "EMPTY": "",
            "HASH": "a#b",
            "EQUALS": "a=b==",
            "DOLLAR": "$HOME",
            "COLON": "like yaml",
            "SINGLE": 'raw $x \\n # "',
            "DOUBLE": 'line\nbreak "quoted" $5',
            "MULTI": "one\ntwo",
            "KEY": "-----BEGIN\nEND-----",
            "LAST": "end",
        }

    @pytest.mark.parametrize("text", ["\ufeffA=1\r\nB=2\r\n", "A=1\n\n\nB=2", "A=0\nA=1\nB='2'\n"])
    def test_odd_files(self, tmp_path: Path, text: str) -> None:
        assert self.values(tmp_path, text) == {"A": "1", "B": "2"}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("A=1\nhunter2\n", r"\.vars:2: the line is not NAME=VALUE"),
            ("A='hunter2\n", r"\.vars:1: the line has a ' that is not closed"),
            ("\nA='hunter2' x\n", r"\.vars:2: the line goes on after the closing '"),
        ],
    )
    def test_faults_do_not_show_values(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message) as error:
            self.values(tmp_path, text)
        assert "hunter2" not in f"{error.value} {error.value.hint}"

    def test_another_file_of_secrets(self, tmp_path: Path) -> None:
        (tmp_path / ".secrets").write_text("A=1\n", encoding="utf-8")
        (tmp_path / "other").write_text("B=2\n", encoding="utf-8")
        assert load_configuration(tmp_path, secret_file=tmp_path / "other").secrets == {"B": "2"}
        with pytest.raises(ConfigurationError, match="Cannot read missing: No such file"):
            load_configuration(tmp_path, secret_file=tmp_path / "missing")

    def test_not_text(self, tmp_path: Path) -> None:
        (tmp_path / ".secrets").write_bytes(b"A=\xff\n")
        with pytest.raises(ConfigurationError, match=r"Cannot read \.secrets: it is not UTF-8"):
            load_configuration(tmp_path)


@pytest.mark.parametrize("name", [".secrets", ".vars"])
def test_no_link_of_a_repository_hands_out_a_file_of_the_user(tmp_path: Path, name: str) -> None:
    (tmp_path / "credentials").write_text("aws_secret_access_key = mine\n")
    root = tmp_path / "repository"
    root.mkdir()
    (root / name).symlink_to("../credentials")
    with pytest.raises(ConfigurationError, match="link out of the repository"):
        load_configuration(root)
    chosen = load_configuration(root, secret_file=root / name) if name == ".secrets" else None
    assert chosen is None or chosen.secrets == {"AWS_SECRET_ACCESS_KEY": "mine"}


OTHER_NAME = (
    "A pending trusted publisher matching this configuration has already been registered for a different project name."
)
PENDING = """
[[publishers]]
project = "{0}"
repository = "octo/demo"
workflow = "{1}.yml"
pending = true
"""


def test_pending_publishers_have_a_date(tmp_path: Path) -> None:
    (tmp_path / "pysim.toml").write_text(PENDING.format("new", "a") + "registered = 2026-01-31\n")
    (found,) = load_configuration(tmp_path).publishers
    assert (found.pending, found.registered) == (True, 1_769_817_600)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ([("a", "w"), ("A", "w")], "pysim.toml:8:3: This trusted publisher has already been registered."),
        (
            [("a", "w"), ("b", "w")],
            f"pysim.toml:8:3: {OTHER_NAME}",
        ),
        (
            [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")],
            "pysim.toml:20:3: You can't register more than 3 pending trusted publishers at once.",
        ),
    ],
)
def test_pending_publishers_that_pypi_would_not_register(
    tmp_path: Path, declared: list[tuple[str, str]], said: str
) -> None:
    (tmp_path / "pysim.toml").write_text("\n" + "\n".join(PENDING.format(*each)[1:] for each in declared))
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    assert str(caught.value) == said


@pytest.mark.parametrize("line", ['pending = "yes"', 'registered = "2026-01-31"'])
def test_values_of_a_pending_publisher_have_their_kinds(tmp_path: Path, line: str) -> None:
    text = PENDING.format("new", "a").replace("pending = true\n", "")
    (tmp_path / "pysim.toml").write_text(f"{text}{line}\n")
    with pytest.raises(ConfigurationError, match=r"pysim.toml:6:\d+: "):
        load_configuration(tmp_path)


def test_a_configuration_that_is_no_file_is_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "pysim.toml"
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"Cannot read pysim\.toml: No such file"):
        load_configuration(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigurationError, match=r"Cannot read pysim\.toml: Is a directory"):
        load_configuration(tmp_path)
