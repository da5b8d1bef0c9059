"""The twins as a whole: their start and end, their jobs, their certificate."""

from __future__ import annotations

import json
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.errors import TwinError
from simulator.indexes import indexes
from simulator.run_events import ArtifactStored, Notice, TwinRequest
from simulator.twins import gateway
from simulator.twins.authority import KEY_FILE, Authority
from simulator.twins.base import JobGrant, Twins
from simulator.twins.hosts import OIDC, certificate_names
from simulator.twins.injection.faults import parse_faults
from simulator.twins.server import LocalTwins

from .driving import Rig, Start

KEYS = f"https://{OIDC}/.well-known/jwks"


def test_they_are_what_the_seam_says(rig: Rig) -> None:
    twins: Twins = rig.twins
    assert twins.ports == [80, 443]
    assert b"BEGIN CERTIFICATE" in twins.ca_bundle


def test_they_end_without_a_trace(start: Start) -> None:
    rig = start()
    job = rig.job()
    job.http.get(KEYS)
    folder = job.access.gateway.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    rig.twins.__exit__(None, None, None)
    assert not folder.exists()
    assert "twins" not in {thread.name for thread in threading.enumerate()}
    rig.twins.close_job("publish")
    assert (rig.twins.artifacts(), rig.twins.published()) == ([], [])  # still answered


def test_they_open_nothing_before_they_run(rig: Rig) -> None:
    twins = LocalTwins(rig.settings, rig.events.append)
    assert (twins.ports, twins.fired()) == ([80, 443], ())
    asks: list[Callable[[], object]] = [
        lambda: twins.open_job(JobGrant(job_id="a", id_token=False, claims={})),
        lambda: twins.ca_bundle,
        twins.artifacts,
        twins.published,
        twins.keep_index,
    ]
    for ask in asks:
        with pytest.raises(TwinError, match="not running"):
            ask()


def test_they_touch_no_file_before_they_run(rig: Rig, tmp_path: Path) -> None:
    new = tmp_path / "new"
    folders = {name: new / name for name in ("folder", "cache", "baseline", "authority")}
    twins = LocalTwins(replace(rig.settings, **folders), rig.events.append)  # type: ignore[arg-type]
    assert not new.exists()
    with twins:
        assert {path.name for path in new.iterdir()} == {"folder", "authority"}
        assert b"BEGIN CERTIFICATE" in twins.ca_bundle


def test_what_cannot_start_leaves_nothing_behind(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(rig.settings, folder=tmp_path / "other", faults=parse_faults(["index-read-only"]))
    twins = LocalTwins(settings, rig.events.append)
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "PATH_LIMIT", 1)
        with pytest.raises(TwinError, match="too long a path"):
            twins.__enter__()
    assert [thread.name for thread in threading.enumerate()].count("twins") == 1  # of the rig
    with twins:
        twins.open_job(JobGrant(job_id="a", id_token=False, claims={}))


def test_what_the_user_supplies_is_of_no_job(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/demo.whl").write_bytes(b"wheel")
    rig.job("supplied")
    rig.twins.supply("77", "wheels", tmp_path / "wheels")
    (event,) = rig.seen(ArtifactStored)
    assert (event.job_id, event.name, event.files) == ("supplied by you", "wheels", ("demo.whl",))
    assert [stored.workflow_run for stored in rig.twins.artifacts()] == ["77"]
    with pytest.raises(TwinError, match="wheels"):
        rig.twins.supply("77", "a/wheels", tmp_path / "wheels")


def test_a_job_is_open_once(rig: Rig) -> None:
    rig.job("a")
    with pytest.raises(TwinError, match="open already"):
        rig.twins.open_job(JobGrant(job_id="a", id_token=False, claims={}))
    rig.twins.close_job("a")
    rig.job("a")


def test_each_request_is_recorded_with_its_own_job(rig: Rig) -> None:
    jobs = [rig.job(name) for name in ("build (3.12, ubuntu)", "publish")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: jobs[number % 2].http.get(KEYS), range(20)))
    seen = [event.job_id for event in rig.seen(TwinRequest)]
    assert (seen.count("build (3.12, ubuntu)"), seen.count("publish")) == (10, 10)


def test_what_reached_no_twin_is_recorded_as_what_did(rig: Rig) -> None:
    """Docker's daemon fetches images past the gateway."""
    request = TwinRequest(
        job_id="a", twin="outside", method="GET", host="registry.example", path="/v2/img/manifests/1", status=200
    )
    rig.twins.record(request)
    assert rig.seen(TwinRequest) == [request]
    (line,) = (rig.settings.folder / "access.jsonl").read_text().splitlines()
    assert {key: value for key, value in json.loads(line).items() if key != "at"} == {
        "job": "a", "twin": "outside", "method": "GET", "host": "registry.example", "path": "/v2/img/manifests/1",
        "status": 200,
    }  # fmt: skip


def test_a_name_of_any_length_gets_a_socket(rig: Rig) -> None:
    access = rig.twins.open_job(JobGrant(job_id="ü/" * 300, id_token=False, claims={}))
    assert len(bytes(access.gateway)) < 108


def test_a_closed_job_is_refused_on_what_is_open_still(rig: Rig) -> None:
    job = rig.job()
    assert job.http.get(KEYS).status_code == 200
    rig.twins.close_job("publish")
    with pytest.raises(Exception, match=r"."):
        job.http.get(KEYS)


def test_a_fault_of_a_twin_is_told_and_ends_one_request_alone(rig: Rig) -> None:
    job = rig.job()
    for path in (rig.settings.folder / "index" / "testpypi").glob("*.sqlite3"):
        path.unlink()
    answer = job.http.get(f"{indexes()['testpypi'].simple_url}x/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    (notice,) = rig.seen(Notice)
    assert "The stand-in testpypi failed" in notice.message
    assert job.http.get(KEYS).status_code == 200


def test_a_long_head_may_come_in_pieces(rig: Rig) -> None:
    """A token that its holder narrowed has no bounds but the server's."""
    job, host = rig.job(), indexes()["pypi"].upload_host
    head = f"GET /legacy/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: token {'x' * 60_000}\r\n\r\n".encode()
    trusted = ssl.create_default_context(cafile=str(job.ca_file))
    with (
        socket.create_connection(("127.0.0.1", job.direct_port), timeout=20) as plain,
        trusted.wrap_socket(plain, server_hostname=host) as client,
    ):
        for start in range(0, len(head), 20_000):
            client.sendall(head[start : start + 20_000])
            time.sleep(0.02)
        assert client.recv(99).startswith(b"HTTP/1.1 200 ")


def test_bad_requests_make_no_noise(
    rig: Rig, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    job, host = rig.job(), indexes()["pypi"].upload_host

    def broken() -> Iterator[bytes]:
        yield b"--x\r\n"
        raise OSError("gone")

    form = {"content-type": "multipart/form-data; boundary=x"}
    with pytest.raises(OSError, match="gone"):
        job.http.post(f"https://{host}/legacy/", content=broken(), headers=form)
    assert job.http.post(f"https://{host}/legacy/", content=b"x", headers=form).status_code == 400
    stranger = ssl.create_default_context()
    for said in (b"PYSIM/1 443\n\x16\x03\x01", b"PYSIM/1 80\nGET / nonsense\r\n\r\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(job.access.gateway))
            connection.sendall(said)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(job.access.gateway))
        connection.sendall(b"PYSIM/1 443\n")
        with pytest.raises(ssl.SSLError, match="verify failed"):
            stranger.wrap_socket(connection, server_hostname=host)
    rig.twins.__exit__(None, None, None)
    assert [event.status for event in rig.seen(TwinRequest) if event.path == "/legacy/"] == [499, 400]
    assert capfd.readouterr().err == ""
    assert rig.seen(Notice) == []
    assert [record for record in caplog.records if record.name == "asyncio"] == []


class TestAuthority:
    def test_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(4) as pool:
            made = {authority.certificate for authority in pool.map(lambda _: Authority.load(tmp_path), range(4))}
        assert len(made) == 1
        assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
        assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600

    def test_says_what_to_do_about_a_broken_one(self, tmp_path: Path) -> None:
        (tmp_path / KEY_FILE).write_text("x")
        with pytest.raises(TwinError) as caught:
            Authority.load(tmp_path)
        assert str(tmp_path / KEY_FILE) in caught.value.hint

    @pytest.mark.parametrize("host", [name.replace("*.", "any.") for name in certificate_names()])
    def test_speaks_for_every_host_of_the_twins(self, rig: Rig, host: str) -> None:
        trust = ssl.create_default_context(cadata=rig.twins.ca_bundle.decode())
        with socket.socket(socket.AF_UNIX) as connection:
            access = rig.twins.open_job(JobGrant(job_id="a", id_token=False, claims={}))
            connection.connect(str(access.gateway))
            connection.sendall(b"PYSIM/1 443\n")
            with trust.wrap_socket(connection, server_hostname=host) as tls:
                assert tls.version() == "TLSv1.3"
