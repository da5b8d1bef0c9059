"""`--fault`: the names, their values, and what is said of others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.errors import UsageError
from simulator.twins.injection.faults import FORMS, FaultName, describe_faults, parse_faults


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("oidc-down", "oidc-down"),
        ("upload-503", "upload-503=1"),
        ("upload-503=2", "upload-503=2"),
        ("upload-503=2+", "upload-503=2+"),
        ("publisher-removed", "publisher-removed=0"),
        ("slow=0.25", "slow=0.25"),
        ("index-delay", "index-delay=60"),
        ("index-down@testpypi", "index-down@testpypi"),
        ("upload-503@pypi", "upload-503=1@pypi"),
        ("upload-503=2+@pypi", "upload-503=2+@pypi"),
    ],
)
def test_a_fault_is_read(given: str, shown: str) -> None:
    (fault,) = parse_faults([given])
    assert str(fault) == shown
    assert parse_faults([shown]) == (fault,)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("index-readonly", "There is no fault index-readonly.", "Did you mean index-read-only?"),
        ("fire", "There is no fault fire.", "There is: "),
        ("oidc-down@pypi", "oidc-down is of no index", "Write oidc-down."),
        ("mint-503@tespypi", "There is no index tespypi.", "Did you mean testpypi?"),
        ("slow@pypi", "slow needs a value", "Such as slow=6."),
        ("oidc-down=1", "oidc-down takes no value", "Write oidc-down."),
        ("slow", "slow needs a value", "Such as slow=6."),
        ("slow=0", "takes a time between 0 and 600 seconds", "SECONDS"),
        ("slow=soon", "takes a time between 0 and 600 seconds", "SECONDS"),
        ("upload-503=0", "takes the number of a request, from 1 on", "N-th"),
        ("upload-503=-1", "takes the number of a request", "N-th"),
        ("token-expired=2+", "takes the number of a request", "N-th"),
    ],
)
def test_what_is_none_is_refused(given: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_faults([given])
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_the_same_twice_is_once() -> None:
    assert len(parse_faults(["slow=1", "oidc-down", "slow=1"])) == 2


def test_every_fault_says_what_it_does() -> None:
    assert set(FORMS) == set(FaultName)
    for written, says in describe_faults():
        assert written.partition("=")[0] in set(FaultName)
        assert says[0].islower() or says.startswith("GitHub")
    assert parse_faults(["upload-503=2+"])[0].says == "the 2nd and every later upload request is answered with 503"
    assert parse_faults(["index-down@testpypi"])[0].says.endswith("with 503 (of TestPyPI)")
    assert parse_faults(["publisher-removed=0"])[0].says == "the trusted publishers are removed before the exchange"


def test_the_command_refuses_it_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-C", "sample_repo", "--tag", "v0.1.0", "--engine", "local", "--fault", "oidc-dwn"]) == 2
    assert "Did you mean oidc-down?" in capsys.readouterr().err


def test_the_page_has_every_fault() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/drill.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE)
    assert table == list(describe_faults())
