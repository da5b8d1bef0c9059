"""Projects that somebody else has, and releases that the real index has: what becomes of uploads and exchanges."""

from __future__ import annotations

import pytest

from simulator.run_events import Notice
from simulator.twins.pypi.catalogue import Catalogue

from .baselines import change, imported
from .distributions import Form, sdist_form
from .driving import Rig, Start, publisher
from .minting import NOT_FOUND, exchange, refusal
from .uploading import HELP, Uploader


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


def taken(catalogue: Catalogue) -> None:
    catalogue.set_owner(catalogue.add_project("demo"), "eve")


def test_a_user_may_not_upload_to_it(sender: Uploader) -> None:
    change(sender.rig, taken)
    denied = (
        f"The user 'pysim' isn't allowed to upload to project 'demo'. See {HELP}#project-name for more information."
    )
    assert sender.refused(Form()) == (403, denied)


def test_no_publisher_of_it_is_assumed(sender: Uploader) -> None:
    change(sender.rig, taken)
    sender.rig.twins.assume(publisher())
    said = f"valid token, but no corresponding publisher ({NOT_FOUND})"
    assert refusal(exchange(sender.job)) == ("invalid-publisher", said)
    (notice,) = sender.rig.seen(Notice)
    assert notice.message == "The project 'demo' is eve's on the index: no publisher of it can be assumed."


def test_a_declared_publisher_is_one_that_they_registered(start: Start) -> None:
    sender = Uploader(start(publishers=[publisher()]))
    change(sender.rig, taken)
    token = exchange(sender.job).json()["token"]
    assert sender.send(Form(), token).is_success


def test_the_other_projects_of_an_assumed_publisher_stay(sender: Uploader) -> None:
    change(sender.rig, taken)
    sender.rig.twins.assume(publisher())
    sender.rig.twins.assume(publisher(project="other"))
    token = exchange(sender.job).json()["token"]
    status, said = sender.refused(Form(), token)
    assert (status, said.split(", ")[0]) == (
        403,
        "Invalid API Token: OIDC scoped token is not valid for project 'demo'",
    )


def test_a_version_that_the_real_index_has(sender: Uploader) -> None:
    change(sender.rig, imported)
    status, said = sender.refused(Form())
    assert status == 400
    assert said.startswith(
        f"File already exists ({Form().filename!r}, with blake2_256 hash {Form().data['blake2_256_digest']!r})."
    )
    assert sender.send(sdist_form()).is_success
    sender.rig.clock.now += 15 * 86_400
    late = Form(filename="demo-0.1.0-py2-none-any.whl")
    assert sender.refused(late) == (400, "Uploading new files to releases older than 14 days is not allowed.")


def test_a_kept_index_keeps_what_is_elsewhere(sender: Uploader) -> None:
    change(sender.rig, imported)
    assert sender.send(sdist_form()).is_success
    sender.rig.twins.keep_index()
    kept = sender.rig.settings.baseline / "current" / "pypi" / "packages"
    assert [path.name for path in kept.iterdir()] == [sdist_form().filename]
