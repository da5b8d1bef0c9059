"""What installing clients make of the states of an index: yanked, archived, quarantined, and metadata beside wheels."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.run_events import TwinRequest
from simulator.twins.pypi.catalogue import Catalogue, Status

from .baselines import change
from .distributions import Form
from .driving import Job, Rig
from .index_clients import Install, pip, said, uv_pip
from .index_pages import demo, release, upload

CLIENTS: Mapping[str, Install] = {"pip": pip, "uv": uv_pip}
pytestmark = [
    pytest.mark.clients,
    pytest.mark.parametrize("client", CLIENTS),
    # a2wsgi and pypiserver leave a file to the garbage collector when a client goes away in its middle.
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


@pytest.fixture
def job(rig: Rig) -> Job:
    """A job of an index that has demo 0.1.0 and 0.2.0."""
    job = rig.job()
    upload(rig, job, Form())
    upload(rig, job, release("demo", "0.2.0"))
    return job


def yank_newest(catalogue: Catalogue) -> None:
    catalogue.yank(catalogue.releases("demo")[1], "it breaks")


def test_a_yanked_release_is_for_who_asks_for_it(rig: Rig, job: Job, client: str) -> None:
    change(rig, yank_newest)
    for requirement, version in (("demo", "0.1.0"), ("demo==0.2.0", "0.2.0")):
        done = CLIENTS[client](job, "install", "--target", version, requirement)
        assert done.returncode == 0, said(done)
        assert (job.folder / version / f"demo-{version}.dist-info").is_dir()
    assert "it breaks" in said(done)


def test_a_project_in_quarantine_is_not_there(rig: Rig, job: Job, client: str) -> None:
    change(rig, lambda catalogue: catalogue.set_status(demo(catalogue), Status.ARCHIVED))
    assert CLIENTS[client](job, "install", "--target", "here", "demo").returncode == 0
    change(rig, lambda catalogue: catalogue.set_status(demo(catalogue), Status.QUARANTINED))
    done = CLIENTS[client](job, "install", "--target", "there", "demo")
    assert done.returncode == 1
    words = {"pip": "No matching distribution found for demo", "uv": "there are no versions of demo"}
    assert words[client] in said(done)


def test_metadata_is_read_beside_the_wheel(rig: Rig, job: Job, client: str) -> None:
    done = CLIENTS[client](job, "install", "--target", "here", "demo")
    assert done.returncode == 0, said(done)
    paths = [event.path for event in rig.seen(TwinRequest) if event.method == "GET"]
    (beside,) = [path for path in paths if path.endswith(".metadata")]
    assert paths.index(beside) < paths.index(beside.removesuffix(".metadata"))
