"""What clients are told by outside systems that fail, and that the failing ends: over the wire, and by real clients."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from simulator.indexes import indexes
from simulator.run_events import FaultInjected, FileUploaded, TokenExchanged
from simulator.twins.injection.faults import parse_faults
from tests.toolkit.install import Toolkit

from .artifact_protocol import Toolkit as Protocol
from .distributions import Form, sdist_form, write_dists
from .driving import Job, Rig, Start, publisher
from .index_clients import pip, twine, uv_publish
from .minting import exchange, id_token
from .scripts import workspace

PYPI = indexes()["pypi"]
TEST = indexes()["testpypi"]
AUDIENCE = f"https://{PYPI.upload_host}/_/oidc/audience"


def faulty(start: Start, *faults: str) -> Rig:
    return start(faults=parse_faults(faults))


def fired(rig: Rig) -> list[str]:
    return [event.fault for event in rig.seen(FaultInjected)]


def upload(job: Job, token: str, form: Form | None = None) -> httpx.Response:
    form = form or Form()
    headers = {"accept": "*/*"}
    return job.http.post(PYPI.upload_url, data=form.data, files=form.files, auth=("__token__", token), headers=headers)


def exchanged(job: Job) -> str:
    token: str = exchange(job).json()["token"]
    return token


def second_refused(start: Start, fault: str) -> tuple[Rig, Job, str]:
    """A publisher's token that is good for the first file and not for the second; the text of that refusal."""
    rig = faulty(start, fault)
    rig.twins.assume(publisher())
    job = rig.job()
    token = exchanged(job)
    assert upload(job, token).status_code == 200
    answer = upload(job, token, sdist_form())
    assert answer.status_code == 403
    return rig, job, answer.text


class TestUploads:
    def test_the_nth_request_is_answered_by_the_cdn(self, start: Start) -> None:
        rig = faulty(start, "upload-503=2")
        job, token = rig.job(), rig.twins.upload_token("pypi")
        assert upload(job, token).status_code == 200
        answer = upload(job, token, sdist_form())
        assert (answer.status_code, answer.reason_phrase) == (503, "Service Unavailable")
        assert answer.headers["content-type"].startswith("text/html")
        assert "Sorry, something went wrong" in answer.text
        assert [file.filename for file in rig.twins.published()] == [Form().filename]
        assert upload(job, token, sdist_form()).status_code == 200
        assert fired(rig) == ["upload-503=2"]
        assert rig.twins.fired() == ("upload-503=2",)

    def test_twine_tries_again_at_once(self, start: Start) -> None:
        rig = faulty(start, "upload-503")
        job = rig.job()
        built = write_dists(job.folder / "dist")
        done = twine(job, built, token=rig.twins.upload_token("pypi"))
        assert done.returncode == 0, done.stdout
        assert 'Received "503: Service Unavailable"' in done.stdout
        assert "Package upload appears to have failed. Retry 1 of 5." in " ".join(done.stdout.split())
        assert len(rig.twins.published()) == 2

    def test_uv_gives_up_at_once(self, start: Start) -> None:
        rig = faulty(start, "upload-503=2")
        job, token = rig.job(), rig.twins.upload_token("pypi")
        built = write_dists(job.folder / "dist")
        done = uv_publish(job, built, token=token)
        assert done.returncode == 2
        assert "Server returned status code 503 Service Unavailable." in done.stderr
        assert len(rig.twins.published()) == 1
        assert uv_publish(job, built, token=token).returncode == 0
        assert len(rig.twins.published()) == 2

    def test_twine_gives_up_after_five_and_leaves_a_part(self, start: Start) -> None:
        rig = faulty(start, "upload-503=2+")
        job = rig.job()
        built = write_dists(job.folder / "dist")
        token = rig.twins.upload_token("pypi")
        done = twine(job, built, token=token)
        assert done.returncode == 1
        assert "Retry 5 of 5." in done.stdout
        assert "HTTPError: 503 Service Unavailable" in done.stdout
        assert [file.filename for file in rig.twins.published()] == [built[0].name]
        rig.twins.mend()
        again = twine(job, built, token=token)
        assert again.returncode == 0, again.stdout
        assert [file.filename for file in rig.twins.published()] == [path.name for path in built]
        assert fired(rig) == ["upload-503=2+"] * 5

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("index-read-only", "Read-only mode: Uploads are temporarily disabled."),
            ("uploads-disabled", "New uploads are temporarily disabled. See "),
            ("projects-disabled", "New project registration temporarily disabled. See "),
            ("email-unverified", "does not have a verified primary email address."),
            ("no-two-factor", "does not have two-factor authentication enabled."),
        ],
    )
    def test_a_state_of_the_index_or_the_user(self, start: Start, fault: str, words: str) -> None:
        rig = faulty(start, fault)
        job, token = rig.job(), rig.twins.upload_token("pypi")
        answer = upload(job, token)
        assert answer.status_code == 403
        assert words in answer.text
        (event,) = rig.seen(FileUploaded)
        assert (event.status, fired(rig)) == (403, [fault])
        assert rig.seen(FaultInjected)[0].what == event.message
        rig.twins.mend()
        assert upload(job, token).status_code == 200

    def test_a_kept_index_is_in_no_state_of_a_fault(self, start: Start, tmp_path: Path) -> None:
        first = start(folder=tmp_path / "one", faults=parse_faults(["index-read-only"]))
        first.twins.mend()
        first.twins.keep_index()
        second = start(folder=tmp_path / "two")
        assert upload(second.job(), second.twins.upload_token("pypi")).status_code == 200

    def test_a_token_expires_between_two_files(self, start: Start) -> None:
        rig, job, said = second_refused(start, "token-expired=2")
        assert "Invalid API Token: token is expired, token is expired" in said
        assert fired(rig) == ["token-expired=2"]
        assert upload(job, exchanged(job), sdist_form()).status_code == 200

    def test_a_users_token_does_not_expire(self, start: Start) -> None:
        rig = faulty(start, "token-expired=1")
        assert upload(rig.job(), rig.twins.upload_token("pypi")).status_code == 200
        assert rig.twins.fired() == ()

    def test_the_publisher_is_removed_between_two_files(self, start: Start) -> None:
        rig, job, said = second_refused(start, "publisher-removed=2")
        assert "Invalid or non-existent authentication information." in said
        assert exchange(job).json()["errors"][0]["code"] == "invalid-publisher"
        rig.twins.mend()
        assert upload(job, exchanged(job), sdist_form()).status_code == 200

    def test_words_in_the_reason_phrase(self, start: Start) -> None:
        rig = faulty(start, "reason-phrase")
        job = rig.job()
        answer = upload(job, rig.twins.upload_token("pypi"), Form().but(version="1.0+local"))
        assert answer.status_code == 400
        assert answer.reason_phrase.startswith("The use of local versions in '1.0+local' is not allowed.")
        assert not [name for name in answer.headers if "pysim" in name]
        assert job.http.get(AUDIENCE).reason_phrase == "OK"

    def test_twine_shows_the_reason_phrase(self, start: Start) -> None:
        rig = faulty(start, "reason-phrase")
        job = rig.job()
        built = write_dists(job.folder / "dist", version="0.1.0+local")
        done = twine(job, built[:1], token=rig.twins.upload_token("pypi"))
        assert "The use of local versions in '0.1.0+local' is not allowed." in " ".join(done.stdout.split())


class TestExchange:
    def test_trusted_publishing_turned_off(self, start: Start) -> None:
        rig = faulty(start, "trusted-publishing-disabled")
        rig.twins.assume(publisher())
        job = rig.job()
        answer = job.http.get(AUDIENCE)
        assert (answer.status_code, answer.json()) == (403, {"message": "Trusted publishing functionality not enabled"})
        self.refused(exchange(job))
        assert fired(rig) == ["trusted-publishing-disabled"] * 2

    def test_publishing_from_github_turned_off(self, start: Start) -> None:
        rig = faulty(start, "github-publishing-disabled")
        rig.twins.assume(publisher())
        job = rig.job()
        assert job.http.get(AUDIENCE).status_code == 200
        token = id_token(job)
        self.refused(exchange(job, token))
        assert fired(rig) == ["github-publishing-disabled"]
        rig.twins.mend()
        assert exchange(job, token).status_code == 200  # what is refused uses no ID token up

    def refused(self, answer: httpx.Response) -> None:
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {"code": "not-enabled", "description": "github trusted publishing functionality not enabled"}
        ]

    def test_an_index_that_is_down(self, start: Start) -> None:
        rig = faulty(start, "index-down")
        job = rig.job()
        assert job.http.get(AUDIENCE).status_code == 503
        assert exchange(job).status_code == 503
        assert upload(job, rig.twins.upload_token("pypi")).status_code == 503
        assert job.http.get(PYPI.simple_url).status_code == 200  # the CDN still has its pages
        assert fired(rig) == ["index-down"] * 3

    def test_a_page_in_place_of_a_token(self, start: Start) -> None:
        rig = faulty(start, "mint-503")
        rig.twins.assume(publisher())
        job = rig.job()
        answer = exchange(job)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert rig.seen(TokenExchanged) == []

    def test_the_id_package_shows_what_github_said(self, start: Start, python: str) -> None:
        rig = faulty(start, "oidc-down")
        job = rig.job()
        done = job.run(python, "-m", "id", "pypi", env=job.resolver_env)
        assert done.returncode != 0
        assert "GitHub: OIDC token request failed (code=500, body=" in done.stderr
        assert fired(rig) == ["oidc-down"]
        rig.twins.mend()
        assert job.run(python, "-m", "id", "pypi", env=job.resolver_env).stdout.count(".") == 2

    def test_the_publishers_are_removed_before_the_exchange(self, start: Start) -> None:
        rig = faulty(start, "publisher-removed")
        rig.twins.assume(publisher())
        job = rig.job()
        (error,) = exchange(job).json()["errors"]
        assert "Publisher with matching claims was not found" in error["description"]
        rig.twins.mend()
        assert exchange(job).status_code == 200


class TestOneIndex:
    def test_only_it_fails_and_its_requests_are_counted(self, start: Start) -> None:
        rig = faulty(start, "upload-503=2@pypi", "index-read-only@testpypi")
        job = rig.job()
        auth = ("__token__", rig.twins.upload_token("testpypi"))
        for _ in range(2):
            answer = job.http.post(TEST.upload_url, data=Form().data, files=Form().files, auth=auth)
            assert answer.status_code == 403
        token = rig.twins.upload_token("pypi")
        assert [upload(job, token).status_code for _ in range(3)] == [200, 503, 200]
        assert fired(rig) == ["index-read-only@testpypi"] * 2 + ["upload-503=2@pypi"]

    def test_only_its_publishers_are_removed(self, start: Start) -> None:
        rig = faulty(start, "publisher-removed@testpypi")
        rig.twins.assume(publisher())
        rig.twins.assume(publisher(index="testpypi"))
        job = rig.job()
        assert exchange(job).status_code == 200
        assert exchange(job, index="testpypi").status_code == 422


def test_a_mismatch_before_the_removal_is_not_its_doing(start: Start) -> None:
    rig = faulty(start, "publisher-removed=2")
    rig.twins.assume(publisher(workflow="other.yml"))
    assert exchange(rig.job()).status_code == 422
    assert fired(rig) == []


class TestServices:
    def test_the_artifact_service_speaks_json(self, start: Start) -> None:
        rig = faulty(start, "artifacts-500=2")
        toolkit = Protocol(rig.job())
        assert toolkit.call("ListArtifacts").status_code == 200
        answer = toolkit.call("ListArtifacts")
        assert (answer.status_code, answer.json()) == (500, {"code": "internal", "msg": "internal server error"})
        assert toolkit.call("ListArtifacts").status_code == 200

    def test_githubs_own_client_tries_again(self, start: Start, toolkit: Toolkit) -> None:
        rig = faulty(start, "artifacts-500=1")
        job = workspace(rig.job("build", id_token=False), toolkit)
        (job.folder / "a.txt").write_text("one")
        assert job.run("return (await client(4).uploadArtifact('dist', ['a.txt'], '.')).id") == 1
        assert "Attempt 1 of 5 failed with error: Failed request: (500) Internal Server Error" in job.log
        assert fired(rig) == ["artifacts-500=1"]

    def test_slow_answers(self, start: Start) -> None:
        rig = faulty(start, "slow=0.2")
        job = rig.job()
        begun = time.monotonic()
        assert job.http.get(AUDIENCE).status_code == 200
        assert 0.2 <= time.monotonic() - begun < 5
        job.http.get(PYPI.simple_url)
        assert [event.what for event in rig.seen(FaultInjected)] == ["audience: answered after 0.2 seconds"]


class TestDelay:
    def test_a_new_project_is_not_there_yet(self, start: Start) -> None:
        rig = faulty(start, "index-delay=30")
        job = rig.job()
        upload(job, rig.twins.upload_token("pypi"))
        page = f"{PYPI.simple_url}demo/"
        assert job.http.get(page).status_code == 404
        rig.clock.now += 31
        assert Form().filename in job.http.get(page).text
        assert fired(rig) == ["index-delay=30"]

    def test_pip_does_not_find_what_was_just_published(self, start: Start) -> None:
        rig = faulty(start, "index-delay")
        job, token = rig.job(), rig.twins.upload_token("pypi")
        upload(job, token, Form())
        rig.clock.now += 61
        upload(job, token, sdist_form())
        shown = job.http.get(f"{PYPI.simple_url}demo/").text
        assert (Form().filename in shown, sdist_form().filename in shown) == (True, False)
        done = pip(job, "download", "--no-deps", "--no-binary", ":all:", "demo")
        assert done.returncode == 1
        assert "No matching distribution found for demo" in done.stderr
        done = pip(job, "download", "--no-deps", "demo")
        assert done.returncode == 0, done.stderr


def test_several_faults_at_once(start: Start) -> None:
    rig = faulty(start, "slow=0.1", "mint-503", "upload-503=3")
    job, token = rig.job(), rig.twins.upload_token("pypi")
    assert exchange(job).status_code == 503
    assert upload(job, token).status_code == 200
    assert rig.twins.fired() == ("slow=0.1", "mint-503")
