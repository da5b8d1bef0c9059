"""What the state of the index, of the user and of the project lets an upload do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.twins.pypi.catalogue import Catalogue, Flag, Status

from .baselines import change
from .distributions import Form, sdist, sdist_form, wheel
from .driving import Rig, publisher
from .minting import exchange
from .uploading import HELP, PYPI, Uploader, renamed


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


FLAGS: Mapping[Flag, str] = {
    Flag.READ_ONLY: "Read-only mode: Uploads are temporarily disabled.",
    Flag.NO_UPLOADS: (f"New uploads are temporarily disabled. See {HELP}#admin-intervention for more information."),
    Flag.NO_PROJECTS: (
        f"New project registration temporarily disabled. See {HELP}#admin-intervention for more information."
    ),
    Flag.UNVERIFIED_EMAIL: (
        "User 'pysim', associated with the API token used, does not have a verified primary email address. Please add "
        "a verified primary email before attempting to upload to PyPI. "
        f"See {HELP}#verified-email for more information."
    ),
    Flag.NO_SECOND_FACTOR: (
        "User 'pysim', associated with the API token used, does not have two-factor authentication enabled. Please "
        "enable two-factor authentication before attempting to upload to PyPI. "
        f"See {HELP}#two-factor-authentication for more information."
    ),
}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_state_refuses_new_projects(sender: Uploader, flag: Flag) -> None:
    change(sender.rig, lambda catalogue: catalogue.raise_flag(flag))
    assert sender.refused(Form()) == (403, FLAGS[flag])


@pytest.mark.parametrize("flag", FLAGS)
def test_a_state_and_a_project_that_is_there(sender: Uploader, flag: Flag) -> None:
    assert sender.send(Form()).is_success
    change(sender.rig, lambda catalogue: catalogue.raise_flag(flag))
    if flag is Flag.NO_PROJECTS:
        assert sender.send(sdist_form()).is_success
    else:
        assert sender.refused(sdist_form()) == (403, FLAGS[flag])


@pytest.mark.parametrize("flag", [Flag.UNVERIFIED_EMAIL, Flag.NO_SECOND_FACTOR, Flag.NO_PROJECTS])
def test_a_token_of_a_publisher_is_no_user(sender: Uploader, flag: Flag) -> None:
    assert sender.send(Form()).is_success
    sender.rig.twins.assume(publisher())
    token = exchange(sender.job).json()["token"]
    change(sender.rig, lambda catalogue: catalogue.raise_flag(flag))
    assert sender.send(sdist_form(), token).is_success


@pytest.mark.parametrize("flag", [Flag.READ_ONLY, Flag.NO_UPLOADS])
def test_an_index_that_takes_nothing_asks_for_no_token(sender: Uploader, flag: Flag) -> None:
    change(sender.rig, lambda catalogue: catalogue.raise_flag(flag))
    assert sender.refused(Form().but(protocol_version="2"), "pypi-nonsense") == (403, FLAGS[flag])


INACTIVE = (
    "Organization account owning this project is inactive. This may be due to inactive billing for Company "
    "Organizations, or administrator intervention for Community Organizations. "
    f"Please contact support+orgs@{PYPI.main_host}."
)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("is_user", [True, False])
def test_the_status_of_a_project(sender: Uploader, status: Status, is_user: bool) -> None:
    assert sender.send(Form()).is_success
    sender.rig.twins.assume(publisher())
    token = sender.token if is_user else exchange(sender.job).json()["token"]

    def take_nothing(catalogue: Catalogue) -> None:
        project = catalogue.project("demo")
        assert project
        catalogue.set_status(project, status)

    change(sender.rig, take_nothing)
    who = "user 'pysim'" if is_user else "given token"
    denied = f"The {who} isn't allowed to upload to project 'demo'. See {HELP}#project-name for more information."
    expected = (400, INACTIVE) if status is Status.INACTIVE_ORGANIZATION else (403, denied)
    assert sender.refused(sdist_form(), token) == expected


def named(name: str) -> Form:
    """An upload to a project of that name."""
    return renamed(f"{name}-0.1.0.tar.gz", sdist(name), name=name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Spam.Eggs", "The name 'Spam.Eggs' isn't allowed."),
        ("dem0", "The name 'dem0' is too similar to an existing project."),
        ("d-e-m-o", "The name 'd-e-m-o' is too similar to an existing project."),
        ("Tomllib", "The name 'Tomllib' isn't allowed (conflict with Python Standard Library module name)."),
    ],
)
def test_names_that_no_project_may_have(sender: Uploader, name: str, said: str) -> None:
    assert sender.send(Form()).is_success
    change(sender.rig, lambda catalogue: catalogue.prohibit("spam-eggs"))
    assert sender.refused(named(name)) == (400, f"{said} See {HELP}#project-name for more information.")


def test_a_user_creates_twenty_projects_an_hour(sender: Uploader) -> None:
    for number in range(20):
        name = f"demo{chr(ord('p') + number % 10)}{number}"
        form = renamed(f"{name}-0.1.0-py3-none-any.whl", wheel(name), name=name)
        assert sender.send(form).status_code == 200
    assert sender.refused(Form()) == (429, "Too many new projects created")
    assert sender.send(Form()).json()["title"] == "Too Many Requests"
    sender.rig.clock.now += 3600
    assert sender.send(Form()).is_success


def test_a_null_in_a_field(sender: Uploader) -> None:
    status, said = sender.refused(Form().but(version="1\0"))
    assert (status, said.partition(". ")[0]) == (400, r"'1\\x00' is invalid for 'version'")


BAD_ATTESTATIONS = "Invalid attestations supplied during upload: "
MALFORMED = f"{BAD_ATTESTATIONS}Malformed attestations: "


def test_attestations_with_the_token_of_a_user(sender: Uploader) -> None:
    said = f"{BAD_ATTESTATIONS}Attestations are only supported when using Trusted Publishing"
    assert sender.refused(Form().but(attestations="[{}]")) == (400, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", f"{MALFORMED}an empty attestation set is not permitted"),
        ("{}", f"{MALFORMED}1 validation error for list[Attestation]\n  Input should be a valid array [type=list_type"),
        ("[", f"{MALFORMED}1 validation error for list[Attestation]\n  Invalid JSON: EOF while parsing a list"),
        ("[" * 100_000, f"{MALFORMED}1 validation error for list[Attestation]\n  Invalid JSON: recursion limit"),
        ("[{}]", f"{MALFORMED}3 validation errors for list[Attestation]\n0.version\n  Field required"),
    ],
)
def test_attestations_of_a_publisher(sender: Uploader, text: str, said: str) -> None:
    sender.rig.twins.assume(publisher())
    token = exchange(sender.job).json()["token"]
    status, told = sender.refused(Form().but(attestations=text), token)
    assert (status, told[: len(said)]) == (400, said)
