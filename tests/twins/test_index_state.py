"""What an index keeps and shows: between runs, after a crash, to a reader."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.indexes import indexes
from simulator.twins.pypi.catalogue import File, Release
from simulator.twins.pypi.store import Staged, Store

from .distributions import Form, sdist_form, wheel
from .driving import Job, Rig, Start

PYPI = indexes()["pypi"]


def upload(rig: Rig, job: Job, form: Form) -> int:
    auth = ("__token__", rig.twins.upload_token("pypi"))
    return job.http.post(PYPI.upload_url, data=form.data, files=form.files, auth=auth).status_code


def test_a_run_leaves_the_baseline_alone_until_it_is_kept(start: Start, tmp_path: Path) -> None:
    first = start(folder=tmp_path / "one", run_id="one")
    assert upload(first, first.job(), Form()) == 200
    second = start(folder=tmp_path / "two", run_id="two")
    assert upload(second, second.job(), Form()) == 200
    first.twins.keep_index()

    third = start(folder=tmp_path / "three", run_id="three")
    changed = Form(filename=Form().filename, content=wheel(body="changed = 1\n"))
    job = third.job()
    assert upload(third, job, changed) == 400
    assert upload(third, job, Form()) == 200
    assert third.twins.published() == []  # it is another run's
    assert upload(third, job, sdist_form()) == 200
    assert [file.filename for file in third.twins.published()] == ["demo-0.1.0.tar.gz"]
    third.twins.keep_index()

    last = start(folder=tmp_path / "four", run_id="four")
    page = last.job().http.get(f"{PYPI.simple_url}demo/").text
    assert page.count("<a ") == 2
    assert len(list((tmp_path / "baseline").glob("index-*"))) == 1


def test_a_kept_index_knows_no_token(start: Start, tmp_path: Path) -> None:
    first = start(folder=tmp_path / "one")
    token = first.twins.upload_token("pypi")
    first.twins.keep_index()
    second = start(folder=tmp_path / "two")
    data, files = Form().data, Form().files
    answer = second.job().http.post(PYPI.upload_url, data=data, files=files, auth=("__token__", token))
    assert answer.status_code == 403


def test_a_kept_index_survives_its_run(start: Start, tmp_path: Path) -> None:
    first = start(folder=tmp_path / "one")
    upload(first, first.job(), Form())
    first.twins.keep_index()
    for path in first.twins.published():
        path.path.unlink()
    second = start(folder=tmp_path / "two")
    answer = second.job().http.get(PYPI.readable_file_url("demo", Form().filename), follow_redirects=True)
    assert answer.content == Form().content


def test_a_file_that_the_catalogue_does_not_know_is_not_shown(rig: Rig) -> None:
    """What a crash between the two steps of an upload leaves."""
    job = rig.job()
    upload(rig, job, sdist_form())
    stray = rig.settings.folder / "index" / "pypi" / "packages" / Form().filename
    stray.write_bytes(b"half")
    assert Form().filename not in job.http.get(f"{PYPI.simple_url}demo/").text
    assert job.http.get(PYPI.file_url("ab" * 32, Form().filename)).status_code != 200
    assert upload(rig, job, Form()) == 200
    assert stray.read_bytes() == Form().content


def accept_until_killed(folder: Path) -> None:
    """Publish files one after another, as `Uploads` does."""
    store = Store(folder)
    with store.transaction() as catalogue:
        catalogue.add_project("demo")
        catalogue.add_release(Release(project="demo", version="1", created=0, metadata={}))
    number = 0
    while True:
        number += 1
        content = hashlib.shake_128(str(number).encode()).digest(200_000)
        with (folder / "source").open("w+b") as source:
            source.write(content)
            source.seek(0)
            staged = store.stage(source)
        name = f"demo-1-{number}-py3-none-any.whl"
        with store.transaction() as catalogue:
            catalogue.add_file(row(name, staged))
            store.place(staged, name)
        (folder / "count").write_text(str(number))


def row(filename: str, staged: Staged) -> File:
    return File(
        filename=filename,
        project="demo",
        version="1",
        filetype="bdist_wheel",
        pyversion="py3",
        size=staged.size,
        md5=staged.md5,
        sha256=staged.sha256,
        blake2_256=staged.blake2_256,
        requires_python=None,
        uploaded=0,
        run_id="r",
        job_id="j",
    )


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.floats(0.01, 0.2))
def test_a_killed_process_loses_no_accepted_file_and_shows_no_half_one(
    tmp_path_factory: pytest.TempPathFactory, after: float
) -> None:
    folder = tmp_path_factory.mktemp("index")
    process = multiprocessing.get_context("spawn").Process(target=accept_until_killed, args=(folder,))
    process.start()
    while not (folder / "count").exists():
        assert process.is_alive()
        time.sleep(0.01)
    time.sleep(after)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    accepted = int((folder / "count").read_text() or 0)
    store = Store(folder)
    with store.reading() as catalogue:
        visible = catalogue.files("demo")
    assert len(visible) >= max(accepted, 1)
    for file in visible:
        assert hashlib.sha256((store.packages / file.filename).read_bytes()).hexdigest() == file.sha256


def test_one_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def twice() -> None:
        with store.transaction() as catalogue:
            catalogue.add_project("a")
            catalogue.add_project("A")

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    with store.reading() as catalogue:
        assert catalogue.projects() == []
