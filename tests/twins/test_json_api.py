"""The JSON API, the integrity API and the pages of projects."""

from __future__ import annotations

import hashlib

import pytest

from simulator.indexes import indexes
from simulator.twins.pypi.catalogue import Catalogue, Flag, Release, Status

from .baselines import change
from .distributions import Form, metadata, sdist_form
from .driving import Job, Rig
from .index_pages import address, demo, release, upload, yank

PYPI, TEST = indexes()["pypi"], indexes()["testpypi"]
URL = f"https://{PYPI.main_host}/pypi"
V1 = "application/vnd.pypi.integrity.v1+json"
METADATA = {
    "author_email": "A <a@example.org>",
    "classifiers": ["Programming Language :: Python :: 3", "Typing :: Typed"],
    "description": "# Demo",
    "description_content_type": "text/markdown",
    "keywords": "one,two",
    "license_expression": "MIT",
    "metadata_version": "2.4",
    "project_urls": ["Homepage, https://example.org/", "Source, https://example.org/git"],
    "provides_extra": ["fast"],
    "requires_dist": ["idna>=3", "cffi; extra == 'fast'"],
    "requires_python": ">=3.9",
}


@pytest.fixture
def job(rig: Rig) -> Job:
    """A job of an index that has a wheel and an sdist of demo 0.1.0."""
    job = rig.job()
    upload(rig, job, Form().but(name="Demo", **METADATA))
    upload(rig, job, sdist_form())
    return job


class TestProject:
    def test_its_metadata_is_that_of_the_first_file(self, job: Job) -> None:
        answer = job.http.get(f"{URL}/demo/json")
        whole = answer.json()
        page = f"https://{PYPI.main_host}/project/demo/"
        assert whole["info"] == {
            "author": None,
            "author_email": "A <a@example.org>",
            "bugtrack_url": None,
            "classifiers": METADATA["classifiers"],
            "description": "# Demo",
            "description_content_type": "text/markdown",
            "docs_url": None,
            "download_url": None,
            "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
            "dynamic": None,
            "home_page": None,
            "keywords": "one,two",
            "license": None,
            "license_expression": "MIT",
            "license_files": None,
            "maintainer": None,
            "maintainer_email": None,
            "name": "demo",
            "package_url": page,
            "platform": None,
            "project_url": page,
            "project_urls": {"Homepage": "https://example.org/", "Source": "https://example.org/git"},
            "provides_extra": ["fast"],
            "release_url": f"{page}0.1.0/",
            "requires_dist": METADATA["requires_dist"],
            "requires_python": ">=3.9",
            "summary": "a demo",
            "version": "0.1.0",
            "yanked": False,
            "yanked_reason": None,
        }
        assert whole.keys() == {"info", "last_serial", "ownership", "releases", "urls", "vulnerabilities"}
        assert whole["ownership"] == {"roles": [{"role": "Owner", "user": "pysim"}], "organization": None}
        assert whole["last_serial"] == int(answer.headers["x-pypi-last-serial"])
        assert whole["releases"] == {"0.1.0": whole["urls"]}
        assert answer.headers["cache-control"] == "max-age=900, public"
        assert answer.text == job.http.get(f"{URL}/demo/json/").text

    def test_its_files(self, job: Job) -> None:
        content = Form().content
        file = job.http.get(f"{URL}/demo/json").json()["urls"][0]
        assert file == {
            "comment_text": None,
            "core-metadata": {"sha256": hashlib.sha256(metadata("demo", "0.1.0").encode()).hexdigest()},
            "digests": {
                "blake2b_256": hashlib.blake2b(content, digest_size=32).hexdigest(),
                "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
            "downloads": -1,
            "filename": Form().filename,
            "has_sig": False,
            "md5_digest": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "packagetype": "bdist_wheel",
            "python_version": "py3",
            "requires_python": ">=3.9",
            "size": len(content),
            "upload_time": "2026-09-21T14:13:20",
            "upload_time_iso_8601": "2026-09-21T14:13:20.000000Z",
            "url": address(PYPI, content, Form().filename),
            "yanked": False,
            "yanked_reason": None,
        }
        assert job.http.get(file["url"]).content == content

    def test_the_default_version_is_final_and_not_yanked(self, rig: Rig, job: Job) -> None:
        for version in ("0.9", "1.0rc1", "0.10"):
            upload(rig, job, release("demo", version))

        def default() -> str:
            return str(job.http.get(f"{URL}/demo/json").json()["info"]["version"])

        assert default() == "0.10"
        for yanked, following in (("0.10", "0.9"), ("0.9", "0.1.0"), ("0.1.0", "1.0rc1"), ("1.0rc1", "0.10")):
            change(rig, lambda catalogue, yanked=yanked: yank_version(catalogue, yanked))  # type: ignore[misc]
            assert default() == following
        said = job.http.get(f"{URL}/demo/json").json()
        assert list(said["releases"]) == ["0.1.0", "0.10", "0.9", "1.0rc1"]
        assert (said["info"]["yanked"], said["info"]["yanked_reason"]) == (True, "why 0.10")
        assert {(file["yanked"], file["yanked_reason"]) for file in said["urls"]} == {(True, "why 0.10")}

    def test_yanked_without_a_reason(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: yank(catalogue, ""))
        info = job.http.get(f"{URL}/demo/0.1.0/json").json()["info"]
        assert (info["yanked"], info["yanked_reason"]) == (True, None)

    def test_one_in_quarantine(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: catalogue.set_status(demo(catalogue), Status.QUARANTINED))
        for path in ("demo/json", "demo/0.1.0/json"):
            assert job.http.get(f"{URL}/{path}").status_code == 404

    def test_one_of_somebody_else(self, rig: Rig, job: Job) -> None:
        def give(catalogue: Catalogue) -> None:
            catalogue.set_owner(catalogue.add_project("theirs"), "eve")
            catalogue.add_release(Release(project="theirs", version="1", created=0, metadata={}))

        change(rig, give)
        said = job.http.get(f"{URL}/theirs/json").json()
        assert said["ownership"]["roles"] == [{"role": "Owner", "user": "eve"}]
        assert (said["urls"], said["releases"], said["info"]["classifiers"]) == ([], {"1": []}, [])


def add_empty(catalogue: Catalogue) -> None:
    catalogue.add_project("empty")


def yank_version(catalogue: Catalogue, version: str) -> None:
    release = next(each for each in catalogue.releases("demo") if each.version == version)
    catalogue.yank(release, f"why {version}")


class TestRelease:
    @pytest.mark.parametrize("version", ["0.1.0", "0.1", "v0.1.0"])
    def test_is_found_in_any_spelling(self, job: Job, version: str) -> None:
        for slash in ("", "/"):
            said = job.http.get(f"{URL}/demo/{version}/json{slash}").json()
            assert said["info"]["version"] == "0.1.0"
            assert "releases" not in said
            assert len(said["urls"]) == 2

    @pytest.mark.parametrize("path", ["demo/9/json", "demo/nonsense/json", "nobody/json"])
    def test_that_is_not_there(self, job: Job, path: str) -> None:
        answer = job.http.get(f"{URL}/{path}")
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})

    def test_a_project_without_any(self, rig: Rig, job: Job) -> None:
        change(rig, add_empty)
        answer = job.http.get(f"{URL}/empty/json")
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})

    def test_names_have_one_address(self, job: Job) -> None:
        for path, place in (("DEMO/json", "demo/json"), ("Demo/0.1.0/json", "demo/0.1.0/json")):
            answer = job.http.get(f"{URL}/{path}")
            assert (answer.status_code, answer.headers["location"]) == (301, f"/pypi/{place}")


DOCUMENT = {
    "version": 1,
    "attestation_bundles": [
        {
            "publisher": {
                "kind": "GitHub",
                "repository": "o/r",
                "workflow": "w.yml",
                "environment": None,
                "claims": None,
            },
            "attestations": [],
        }
    ],
}


class TestProvenance:
    def url(self, filename: str = Form().filename, version: str = "0.1.0") -> str:
        return f"https://{PYPI.main_host}/integrity/demo/{version}/{filename}/provenance"

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [("", V1), ("*/*", V1), (V1, V1), ("application/json", "application/json")],
    )
    def test_of_a_file_that_has_it(self, rig: Rig, job: Job, accept: str, kind: str) -> None:
        change(rig, lambda catalogue: catalogue.add_provenance(Form().filename, DOCUMENT))
        answer = job.http.get(self.url(), headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, kind, DOCUMENT)
        files = job.http.get(
            f"{PYPI.simple_url}demo/", headers={"accept": "application/vnd.pypi.simple.v1+json"}
        ).json()
        assert [file["provenance"] for file in files["files"]] == [self.url(), None]

    def test_goes_with_its_file(self, rig: Rig, job: Job) -> None:
        def delete(catalogue: Catalogue) -> None:
            catalogue.add_provenance(Form().filename, DOCUMENT)
            catalogue.remove_project(demo(catalogue))
            assert catalogue.provenance(Form().filename) is None

        change(rig, delete)
        auth = ("__token__", rig.twins.upload_token("pypi"))
        again = job.http.post(PYPI.upload_url, data=Form().data, files=Form().files, auth=auth)
        assert (again.status_code, "previously used by a file that has since been deleted" in again.text) == (400, True)

    def test_of_a_file_that_has_none(self, job: Job) -> None:
        answer = job.http.get(self.url())
        assert answer.status_code == 404
        assert answer.json() == {"message": f"No provenance available for {Form().filename}"}
        for other in (self.url("demo-9.tar.gz"), self.url(version="9")):
            assert job.http.get(other).status_code == 404

    @pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0"])
    def test_is_nothing_but_json(self, job: Job, accept: str) -> None:
        answer = job.http.get(self.url(), headers={"accept": accept})
        assert (answer.status_code, answer.json()) == (406, {"message": "Request not acceptable"})

    def test_may_be_switched_off(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: catalogue.raise_flag(Flag.NO_ATTESTATIONS))
        answer = job.http.get(self.url())
        assert (answer.status_code, answer.json()) == (403, {"message": "Attestations temporarily disabled"})


class TestPages:
    def test_of_a_project_and_of_a_release(self, rig: Rig, job: Job) -> None:
        upload(rig, job, release("demo", "2").but(summary="<b>new</b>"))
        site = f"https://{PYPI.main_host}/project/demo/"
        newest = job.http.get(site)
        assert (newest.status_code, "<h1>demo 2</h1>" in newest.text) == (200, True)
        assert "&lt;b&gt;new&lt;/b&gt;" in newest.text
        older = job.http.get(f"{site}0.1.0/").text
        assert "<h1>demo 0.1.0</h1>" in older
        assert address(PYPI, sdist_form().content, sdist_form().filename) in older
        assert job.http.get(f"{site}9/").status_code == 404

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("/p/demo/", "/project/demo/"),
            ("/p/demo/1/", "/project/demo/1/"),
            ("/pypi/demo/", "/project/demo/"),
            ("/pypi/demo/1/", "/project/demo/1/"),
            ("/packages/x/y.whl", f"https://{PYPI.files_host}/packages/x/y.whl"),
            ("/project/demo", "/project/demo/"),
            ("/project/demo/0.1.0", "/project/demo/0.1.0/"),
            ("/project/Demo/", "/project/demo/"),
            ("/project/Demo/0.1.0/", "/project/demo/0.1.0/"),
        ],
    )
    def test_have_one_address(self, job: Job, path: str, place: str) -> None:
        answer = job.http.get(f"https://{PYPI.main_host}{path}")
        assert (answer.status_code, answer.headers["location"]) == (301, place)

    def test_of_testpypi_are_on_its_own_site(self, rig: Rig) -> None:
        job = rig.job()
        upload(rig, job, Form(), "testpypi")
        assert job.http.get(f"https://{TEST.main_host}/project/demo/0.1.0/").status_code == 200
        said = job.http.get(f"https://{TEST.main_host}/pypi/demo/json").json()
        assert said["info"]["package_url"] == f"https://{TEST.main_host}/project/demo/"
        assert said["urls"][0]["url"].startswith(f"https://{TEST.files_host}/packages/")
        assert job.http.get(f"{URL}/demo/json").status_code == 404


@pytest.mark.parametrize("path", ["", "/"])
def test_the_classifiers_as_tools_ask_for_them(job: Job, path: str) -> None:
    answer = job.http.get(f"{URL}{path}", params={":action": "list_classifiers"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert {"Framework :: Pytest", "Typing :: Typed"} <= set(answer.text.splitlines())
