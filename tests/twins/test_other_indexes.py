"""The stand-in for other indexes: it takes files under their hosts, and nothing that is uploaded leaves pysim."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from simulator.run_events import FileUploaded, TwinRequest

from .distributions import Form, sdist_form
from .driving import Job, Rig
from .index_clients import beside

HOST = "packages.example.com"
URL = f"https://{HOST}/projects/demo/upload"
AUTH = ("octo", "hunter2")


def send(job: Job, form: Form, *, url: str = URL, auth: tuple[str, str] = AUTH) -> httpx.Response:
    return job.http.post(url, data=form.data, files=form.files, auth=auth)


def test_it_takes_files(rig: Rig) -> None:
    job = rig.job()
    rig.twins.take_uploads(HOST)
    assert send(job, Form()).status_code == 200
    assert send(job, sdist_form(), url=f"https://{HOST}/legacy/").status_code == 200
    uploads = rig.seen(FileUploaded)
    assert [(each.index, each.project, each.version, each.status) for each in uploads] == [
        (HOST, "demo", "0.1.0", 200),
        (HOST, "demo", "0.1.0", 200),
    ]
    assert all(each.size and len(each.sha256) == 64 for each in uploads)
    assert rig.twins.taken_elsewhere() == {HOST: 2}
    assert rig.twins.published() == []


def test_it_wants_a_credential(rig: Rig) -> None:
    job = rig.job()
    rig.twins.take_uploads(HOST)
    assert job.http.post(URL, data=Form().data, files=Form().files).status_code == 401
    assert send(job, Form(), auth=("", "")).status_code == 401
    assert rig.seen(FileUploaded)[-1].status == 401
    assert rig.twins.taken_elsewhere() == {}


def test_what_is_no_upload_is_not_there(rig: Rig) -> None:
    job = rig.job()
    rig.twins.take_uploads(HOST)
    assert job.http.get(f"https://{HOST}/simple/demo/").status_code == 404  # this run is offline
    assert job.http.post(URL, data={"token": "x"}, auth=AUTH).status_code == 404
    assert job.http.delete(URL, auth=AUTH).status_code == 404
    assert {request.twin for request in rig.seen(TwinRequest)} == {"other-index"}


def test_other_hosts_stay_what_they_are(rig: Rig) -> None:
    job = rig.job()
    rig.twins.take_uploads("github.com")
    rig.twins.take_uploads("192.0.2.1")
    assert send(job, Form(), url="https://github.com/octo/demo/legacy/").status_code == 403
    with pytest.raises(httpx.HTTPError):
        send(job, Form(), url=f"https://other.{HOST}/legacy/")
    assert rig.twins.taken_elsewhere() == {}


@pytest.mark.clients
@pytest.mark.parametrize("tool", ["twine", "uv"])
def test_clients(rig: Rig, tmp_path: Path, tool: str) -> None:
    job, form = rig.job(), Form()
    rig.twins.take_uploads(HOST)
    file = tmp_path / form.filename
    file.write_bytes(form.content)
    known = ["-u", "octo", "-p", "x", str(file)]
    twine = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--repository-url", URL, *known]
    uv = [beside("uv"), "publish", "--no-config", "--publish-url", URL, *known]
    done = job.run(*twine, env=job.resolver_env) if tool == "twine" else job.run(*uv)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rig.twins.taken_elsewhere() == {HOST: 1}
