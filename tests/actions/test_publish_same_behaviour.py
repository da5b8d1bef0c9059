"""gh-action-pypi-publish: one table of situations for the built-in one, and line by line beside the action's own code.

The second needs a clone of the action (PYSIM_CLONES) and is skipped without. Signing is left out: the real programs
sign with a public service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import yaml

from simulator.actions.builtin.registry import BUILTIN
from simulator.indexes import IndexName, indexes
from simulator.run_events import TwinRequest
from simulator.twins.base import Publisher
from tests.actions.clones import real_action
from tests.actions.driving import Driver, Outcome, job_environment
from tests.actions.index import Index, serve
from tests.actions.publish_situations import MAIN, OWN, SITUATIONS, SOME, TRUSTED, Situation
from tests.actions.publishing import ACTION, NEWEST, OLD, Story, run_builtin, run_real, story
from tests.twins.distributions import wheel, write_dists
from tests.twins.driving import Rig, Start, publisher

pytestmark = pytest.mark.clients


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serve(tmp_path) as running:
        yield running


Run = Callable[[Driver, Mapping[str, str], Mapping[str, str]], Outcome]


def live(run: Run, case: Situation, index: Index, root: Path, kind: str) -> tuple[Story, Sequence[str]]:
    """Run a situation; also the requests that were made."""
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(root / "ca.pem"))
    grant = index.grant if case.id_token else {}
    driver = Driver(root=root / kind, base={**trust, **grant, "COLUMNS": "200"})
    write_dists(driver.workspace / "dist")
    case.edit(driver.workspace)
    index.answers |= case.answers
    index.requests.clear()
    home = f"{index.url}/legacy/"
    places = {"PYPI": f"{home}?{MAIN}", "": home}
    asked = case.inputs.get("repository-url", "")
    inputs = {**case.inputs, "repository-url": places.get(asked, asked)}
    return story(run(driver, inputs, case.env), driver), tuple(index.requests)


@pytest.mark.parametrize("case", SITUATIONS.values(), ids=SITUATIONS)
def test_a_situation(case: Situation, index: Index, tmp_path: Path) -> None:
    told, requests = live(run_builtin, case, index, tmp_path, "builtin")
    whole = "\n".join(told.log)
    assert told.code == case.code, whole
    lines = iter(told.log)
    for text in case.says:
        assert any(text in line for line in lines), f"{text!r} is not said, or not there:\n{whole}"
    for text in case.silent:
        assert text not in whole
    assert case.summary in told.summary or case.summary == SOME
    assert bool(told.summary) is (case.summary != "")
    assert requests == tuple(case.requests)


COMPARED = {name: case for name, case in SITUATIONS.items() if case.same}


@pytest.mark.parametrize("case", COMPARED.values(), ids=COMPARED)
def test_line_by_line(case: Situation, index: Index, tmp_path: Path) -> None:
    real, real_requests = live(run_real, case, index, tmp_path, "real")
    ours, our_requests = live(run_builtin, case, index, tmp_path, "builtin")
    assert "\n".join(ours.log) == "\n".join(real.log)
    assert (ours.code, ours.summary, our_requests) == (real.code, real.summary, real_requests)


REFUSED_SINCE = ("user and password for PyPI", "user and password for PyPI, and nothing to publish")
THEN_TOO = {name: case for name, case in SITUATIONS.items() if name not in REFUSED_SINCE and case.same}


@pytest.mark.parametrize("case", THEN_TOO.values(), ids=THEN_TOO)
def test_an_old_release_asks_and_ends_alike(case: Situation, index: Index, tmp_path: Path) -> None:
    """Its texts were others."""
    real, real_requests = live(partial(run_real, ref=OLD), case, index, tmp_path, "real")
    ours, our_requests = live(partial(run_builtin, ref=OLD), case, index, tmp_path, "builtin")
    assert (ours.code, our_requests) == (real.code, real_requests)


# ---- against the twin of the index


@dataclass(frozen=True, kw_only=True)
class Release:
    """A step in a job of the twins; `first` releases other files of the same names before it."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    index: IndexName = "pypi"
    publishers: Sequence[Publisher] = (publisher(),)
    first: bool = False
    id_token: bool = True
    slash: bool = True
    code: int = 0
    says: Sequence[str] = ()


HIDDEN = {**TRUSTED, "print-hash": "false", "verbose": "false"}
RELEASES = {
    "by a trusted publisher": Release(inputs=TRUSTED, says=("View at:", "/project/demo/0.1.0/")),
    "on TestPyPI": Release(
        inputs=HIDDEN, index="testpypi", publishers=(publisher(index="testpypi"),), says=("View at:",)
    ),
    "on TestPyPI, with a publisher on PyPI": Release(
        inputs=HIDDEN,
        index="testpypi",
        code=1,
        says=(
            (
                "* `invalid-publisher`: valid token, but no corresponding publisher (Publisher with matching claims "
                "was not found)%0A%0AThis generally indicates"
            ),
        ),
    ),
    "of a workflow that is not registered": Release(
        inputs=HIDDEN,
        publishers=(publisher(workflow="release.yml"),),
        code=1,
        says=("* `workflow_ref`: `octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0`%0A",),
    ),
    "without an ID token": Release(
        inputs=HIDDEN,
        id_token=False,
        code=1,
        says=("the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset",),
    ),
    "of a version that exists": Release(
        inputs=TRUSTED,
        first=True,
        code=1,
        says=("File already exists ('demo-0.1.0-py3-none-any.whl', with blake2_256 hash", "HTTPError: 400 Bad Request"),
    ),
    "of a version that exists, and that may": Release(
        inputs={**TRUSTED, "skip-existing": "true"},
        first=True,
        says=("WARNING  Skipping demo-0.1.0-py3-none-any.whl because it appears to already exist",),
    ),
    "with a token that the index does not know": Release(
        inputs={**OWN, "verbose": "false"},
        code=1,
        says=("::warning title=Create a Trusted Publisher::", "HTTPError: 403 Forbidden"),
    ),
    "to an address without its last slash": Release(
        inputs={**OWN, "verbose": "false"}, slash=False, code=1, says=("RedirectDetected",)
    ),
}


def released(run: Run, case: Release, rig: Rig, root: Path) -> tuple[Story, Sequence[tuple[str, str]]]:
    """Run a release; also the requests that the index got."""
    rig.twins.assume(*case.publishers)
    job = rig.job(id_token=case.id_token)
    environment = {**job_environment(job), **job.resolver_env, "COLUMNS": "200"}
    driver = Driver(root=root, base=environment, isolated=False)
    address = indexes()[case.index].upload_url
    inputs = {**case.inputs, "repository-url": address if case.slash else address.rstrip("/")}
    if case.first:
        (driver.workspace / "dist").mkdir()
        (driver.workspace / "dist/demo-0.1.0-py3-none-any.whl").write_bytes(wheel(body="other = True\n"))
        assert run(driver, inputs, {}).code == 0
    before = len(rig.seen(TwinRequest))
    write_dists(driver.workspace / "dist")
    done = run(driver, inputs, {})
    asked = [(event.method, event.path) for event in rig.seen(TwinRequest)[before:] if event.twin == "pypi"]
    return story(done, driver), asked


@pytest.mark.parametrize("case", RELEASES.values(), ids=RELEASES)
def test_a_release(case: Release, rig: Rig, tmp_path: Path) -> None:
    told, _ = released(run_builtin, case, rig, tmp_path / "builtin")
    whole = "\n".join(told.log)
    assert told.code == case.code, whole
    lines = iter(told.log)
    for text in case.says:
        assert any(text in line for line in lines), f"{text!r} is not said, or not there:\n{whole}"


@pytest.mark.parametrize("case", RELEASES.values(), ids=RELEASES)
def test_a_release_line_by_line(case: Release, start: Start, tmp_path: Path) -> None:
    real_action(ACTION, NEWEST, tmp_path / "real/app-of-nobody")
    implementations = {"builtin": run_builtin, "real": run_real}
    told = {
        name: released(run, case, start(folder=tmp_path / f"of-{name}/run"), tmp_path / name)
        for name, run in implementations.items()
    }
    assert "\n".join(told["builtin"][0].log) == "\n".join(told["real"][0].log)
    assert told["builtin"] == told["real"]


# ---- the manifest


def test_the_inputs_are_those_of_the_real_one(tmp_path: Path) -> None:
    real = yaml.safe_load((real_action(ACTION, NEWEST, tmp_path) / "action.yml").read_text())["inputs"]
    ours = yaml.safe_load((BUILTIN[ACTION] / "action.yml").read_text())["inputs"]
    assert list(ours) == list(real)
    by_release = {"verbose", "print_hash", "attestations", "repository_url"}  # the script knows these
    for name, each in real.items():
        assert ours[name].get("deprecationMessage") == each.get("deprecationMessage")
        if name not in by_release:
            assert ours[name].get("default") == each.get("default")
