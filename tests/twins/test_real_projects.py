"""What is said of a publisher that was assumed, by whether the real index has its project."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from simulator.indexes import indexes
from simulator.publisher_records import PublisherForm
from simulator.run_events import TokenExchanged
from simulator.twins.github_api.facts import RepositoryFacts

from .distributions import Form, wheel
from .driving import Rig, Start, publisher
from .minting import exchange
from .uploading import Uploader, renamed
from .upstream import connected
from .world import Page, World

PYPI = indexes()["pypi"]
SIMPLE, JSON = f"{PYPI.simple_url.rstrip('/')}/demo/", f"https://{PYPI.main_host}/pypi/demo/json"
MANAGE = f"https://{PYPI.main_host}/manage"


@pytest.fixture
def world() -> Iterator[World]:
    world = World(PYPI.main_host)
    yield world
    world.close()


def holding(world: World, **urls: str) -> None:
    world.pages[SIMPLE] = Page(body=json.dumps({"name": "demo", "files": [], "meta": {"_last-serial": 1}}).encode())
    told = {"info": {"name": "demo", "version": "1", "project_urls": urls}, "releases": {"1": []}}
    world.pages[JSON] = Page(body=json.dumps(told).encode())


def form(rig: Rig) -> PublisherForm:
    rig.twins.assume(publisher())
    rig.twins.ask_index("pypi", "Demo")
    assert exchange(rig.job()).is_success
    ((form,),) = [event.forms for event in rig.seen(TokenExchanged)]
    return form


def test_a_project_that_it_has_is_registered_in_its_settings(start: Start, world: World) -> None:
    holding(world)
    told = form(connected(start, world))
    assert (told.pending, told.there) == (False, True)
    assert told.page.startswith(f"{MANAGE}/project/demo/settings/publishing/?provider=github&owner=octo&")


def test_one_that_it_has_not_is_pending(start: Start, world: World) -> None:
    world.pages[SIMPLE] = Page(status=404)
    told = form(connected(start, world))
    assert (told.pending, told.there, told.page) == (True, False, f"{MANAGE}/account/publishing/")


@pytest.mark.parametrize("offline", [False, True])
def test_without_an_answer_it_is_unknown(start: Start, world: World, offline: bool) -> None:
    world.refused.add(PYPI.main_host)
    told = form(connected(start, world, offline=offline))
    assert (told.pending, told.there) == (True, None)


def test_nobody_is_named_whom_nobody_named(start: Start, world: World) -> None:
    holding(world)
    told = form(connected(start, world, facts=RepositoryFacts(named=False)))
    assert (told.owner, told.repository) == ("", "")
    assert told.page == (
        f"{MANAGE}/project/demo/settings/publishing/?provider=github&workflow_filename=pypi.yml&environment=pypi"
    )


def test_the_urls_of_its_newest_release(start: Start, world: World) -> None:
    holding(world, Source="https://github.com/octo/demo")
    rig = connected(start, world)
    rig.twins.assume(publisher())
    uploader = Uploader(rig)
    assert uploader.send(Form(), exchange(uploader.job).json()["token"]).is_success
    (held,) = rig.twins.released()
    assert (held.project, held.strange, held.urls) == ("demo", True, ("https://github.com/octo/demo",))


NEW = tuple(f"demo{letter}" for letter in "pqrst")


@pytest.mark.parametrize(("there", "offline", "told"), [((), False, True), (NEW[:1], False, False), ((), True, False)])
def test_more_new_projects_than_it_makes_in_a_day(
    start: Start, world: World, there: tuple[str, ...], offline: bool, told: bool
) -> None:
    for name in there:
        body = json.dumps({"name": name, "files": [{"filename": "x", "url": "x", "hashes": {}}]}).encode()
        world.pages[SIMPLE.replace("demo", name)] = Page(body=body)
    uploader = Uploader(connected(start, world, offline=offline))
    for name in NEW[:4]:
        assert uploader.send(renamed(f"{name}-0.1.0-py3-none-any.whl", wheel(name), name=name)).is_success
    assert uploader.rig.twins.new_projects() == {}
    assert uploader.send(renamed(f"{NEW[4]}-0.1.0-py3-none-any.whl", wheel(NEW[4]), name=NEW[4])).is_success
    assert uploader.rig.twins.new_projects() == ({"pypi": list(NEW)} if told else {})
