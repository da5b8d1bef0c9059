"""Pending publishers: the project that the first exchange makes, and what keeps it from that."""

from __future__ import annotations

import pytest

from simulator.run_events import Notice
from simulator.twins.pypi.store import Store

from .distributions import Form
from .driving import Rig, Start, publisher
from .minting import NOT_FOUND, caveats, exchange, has_project, id_token, refusal
from .uploading import Uploader

DAY = 86_400
NOBODY = ("invalid-publisher", f"valid token, but no corresponding publisher ({NOT_FOUND})")


def test_the_first_exchange_makes_the_project_and_an_ordinary_publisher(start: Start) -> None:
    rig = start(publishers=[publisher(project="New.Project", pending=True)])
    job = rig.job()
    token = id_token(job)
    assert exchange(job, token).status_code == 200
    assert has_project(job, "new-project")
    assert "created the project 'New.Project'" in str(rig.seen(Notice)[0].hint)
    assert refusal(exchange(job, token)) == ("invalid-reuse-token", "invalid token: already used")
    assert exchange(job).status_code == 200
    assert len(rig.seen(Notice)) == 1


def test_it_joins_the_ordinary_publisher_with_its_values(start: Start) -> None:
    rig = start(publishers=[publisher(project="old"), publisher(project="new", pending=True)])
    token = exchange(rig.job()).json()["token"]
    assert len(caveats(token)[1][1]) == 2


def test_one_that_does_not_fit_is_passed_over(start: Start) -> None:
    waiting = publisher(project="new", environment="release", pending=True)
    rig = start(publishers=[waiting, publisher()])
    job = rig.job()
    assert exchange(job).status_code == 200
    assert not has_project(job, "new")


def test_a_project_that_exists_removes_it_once(start: Start) -> None:
    first = start(publishers=[publisher(project="new")])
    assert exchange(first.job()).status_code == 200
    first.twins.keep_index()
    first.stack.close()
    rig = start(publishers=[publisher(project="New", pending=True)], folder=first.settings.folder.parent / "second")
    job = rig.job("second")
    token = id_token(job)
    assert refusal(exchange(job, token)) == ("invalid-pending-publisher", "valid token, but project already exists")
    assert refusal(exchange(job, token)) == NOBODY


def test_a_kept_index_knows_what_the_pending_publisher_became(start: Start) -> None:
    waiting = publisher(project="new", pending=True)
    first = start(publishers=[waiting])
    assert exchange(first.job()).status_code == 200
    first.twins.keep_index()
    first.stack.close()
    rig = start(publishers=[waiting], folder=first.settings.folder.parent / "second")
    assert exchange(rig.job("second")).status_code == 200


def test_a_name_that_is_refused_leaves_it_waiting(start: Start) -> None:
    rig = start(publishers=[publisher(project="asyncio", pending=True)])
    job = rig.job()
    token = id_token(job)
    for _ in range(2):
        code, said = refusal(exchange(job, token))
        assert code == "invalid-payload"
        assert said.startswith("The name 'asyncio' isn't allowed (conflict with Python Standard Library module name).")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("demo", "invalid-pending-publisher", "valid token, but project already exists"),
        ("dem0", "invalid-payload", "The name 'dem0' is too similar to an existing project. See"),
    ],
)
def test_a_project_that_the_user_makes_since_leaves_it(rig: Rig, name: str, code: str, said: str) -> None:
    uploader = Uploader(rig)
    rig.twins.assume(publisher(project=name, pending=True))
    assert uploader.send(Form()).is_success
    found, text = refusal(exchange(uploader.job))
    assert (found, text[: len(said)]) == (code, said)


@pytest.mark.parametrize("name", ["dem0", "demo"])
def test_a_project_that_somebody_else_makes_takes_it_away(rig: Rig, name: str) -> None:
    rig.twins.assume(publisher(project=name, pending=True))
    with Store(rig.settings.folder / "index" / "pypi").transaction() as catalogue:
        catalogue.set_owner(catalogue.add_project("Demo"), "ann")
    assert refusal(exchange(rig.job())) == NOBODY
    (mail,) = rig.seen(Notice)
    assert mail.message == f"The index would mail its user: Pending trusted publisher invalidated for {name}."
    assert str(mail.hint).startswith("ann has the project 'Demo'")


@pytest.mark.parametrize(("days", "waits"), [(29.9, True), (30, False)])
def test_it_waits_for_thirty_days(start: Start, days: float, waits: bool) -> None:
    rig = start()
    rig.twins.assume(publisher(project="new", pending=True, registered=rig.clock.now - days * DAY))
    answer = exchange(rig.job())
    assert (answer.status_code == 200) is waits
    assert waits or refusal(answer) == NOBODY


def test_an_owner_that_was_registered_again_is_another(rig: Rig) -> None:
    rig.twins.assume(publisher(owner_id="1"))
    assert refusal(exchange(rig.job())) == NOBODY
