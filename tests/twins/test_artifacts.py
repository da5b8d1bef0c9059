"""The artifact protocol, as the toolkit's clients speak it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from simulator.run_events import ArtifactStored

from .artifact_protocol import SERVICE, Toolkit, digest
from .driving import Rig


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    return out.getvalue()


@pytest.fixture
def build(rig: Rig) -> Toolkit:
    return Toolkit(rig.job("build", id_token=False))


@pytest.fixture
def publish(rig: Rig) -> Toolkit:
    return Toolkit(rig.job("publish"))


def test_one_job_stores_and_another_gets_the_same_bytes(rig: Rig, build: Toolkit, publish: Toolkit) -> None:
    content = archive(**{"a.txt": "a", "sub/b.txt": "b"})
    number = build.store("dist", content)
    answer = publish.fetch("dist")
    assert (answer.content, answer.headers["content-type"]) == (content, "application/zip")
    (stored,) = rig.twins.artifacts()
    assert (stored.archive.read_bytes(), stored.job_id, number) == (content, "build", "1")
    event = ArtifactStored(
        job_id="build", name="dist", size=len(content), digest=digest(content), files=("a.txt", "sub/b.txt")
    )
    assert rig.seen(ArtifactStored) == [event]


def test_blocks_are_put_together_in_the_order_of_the_list(build: Toolkit, publish: Toolkit) -> None:
    blocks = [bytes([number]) * 100_000 for number in range(5)]
    url = build.create("dist")
    build.put(url, *blocks, order=[3, 1, 4, 1, 0, 2, 3])  # some twice, as after a lost answer
    whole = b"".join(blocks)
    assert build.call("FinalizeArtifact", name="dist", size=len(whole), hash=digest(whole)).json()["ok"]
    assert publish.fetch("dist").content == whole


def test_fields_may_be_in_camel_case(build: Toolkit) -> None:
    build.store("a", b"1")
    build.store("b", b"2")
    assert [artifact["name"] for artifact in build.listed(nameFilter="b")] == ["b"]
    assert [artifact["name"] for artifact in build.listed(id_filter="1")] == ["a"]
    assert build.listed(name_filter="c") == []


def test_a_listed_artifact_names_the_job_that_made_it(build: Toolkit, publish: Toolkit) -> None:
    build.store("dist", b"12345")
    (found,) = publish.listed()
    assert found["workflow_job_run_backend_id"] == build.ids["workflow_job_run_backend_id"]
    assert (found["size"], found["digest"], found["database_id"]) == ("5", digest(b"12345"), "1")
    assert found["created_at"] == "2026-09-21T14:13:20.000Z"


def test_a_name_is_taken_for_the_whole_run_until_it_is_deleted(build: Toolkit, publish: Toolkit) -> None:
    build.store("dist", b"1")
    again = publish.call("CreateArtifact", name="dist", version=4)
    assert again.status_code == 409
    assert again.json() == {
        "code": "already_exists",
        "msg": "an artifact with this name already exists on the workflow run",
    }
    assert publish.call("DeleteArtifact", **build.ids, name="dist").json() == {"ok": True, "artifact_id": "1"}
    assert publish.store("dist", b"2") == "2"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"size": "4"}, "the artifact has 3 bytes, not 4"),
        ({"size": "3", "hash": digest(b"other")}, "the artifact's digest is"),
        ({"size": "x"}, "size is no number"),
    ],
)
def test_what_arrived_is_compared_with_what_was_sent(
    rig: Rig, build: Toolkit, fields: dict[str, str], said: str
) -> None:
    build.put(build.create("dist"), b"123")
    answer = build.call("FinalizeArtifact", name="dist", **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert answer.json()["msg"].startswith(said)
    assert rig.twins.artifacts() == []


def test_an_artifact_without_content_is_not_finished(build: Toolkit) -> None:
    build.create("dist")
    assert build.call("FinalizeArtifact", name="dist", size="0").status_code == 412
    assert build.listed() == []


def test_a_single_file_keeps_its_type_and_name(build: Toolkit, publish: Toolkit) -> None:
    build.store("notes.txt", b"text", version=7, mime_type="text/plain")
    answer = publish.fetch("notes.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''notes.txt"


@pytest.mark.parametrize("name", ["", "a/b", "..\\x", "a:b", 'a"b'])
def test_bad_names_are_refused(build: Toolkit, name: str) -> None:
    assert build.call("CreateArtifact", name=name, version=4).json()["code"] == "invalid_argument"


def test_a_name_made_of_dots_stays_in_its_folder(rig: Rig, build: Toolkit) -> None:
    build.store("..", b"1")
    (stored,) = rig.twins.artifacts()
    assert stored.archive.parent == rig.settings.folder / "artifacts"


def test_tokens_and_ids_are_those_of_the_job(build: Toolkit, publish: Toolkit) -> None:
    assert build.call("CreateArtifact", name="x", **publish.ids).json()["code"] == "permission_denied"
    build.token = publish.token
    answer = build.call("ListArtifacts")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_signed_url_is_good_for_one_thing(build: Toolkit) -> None:
    url = build.create("dist")
    assert len(httpx.URL(url).params["sig"]) >= 64
    assert build.http.put(url.replace("/blob/1", "/blob/2") + "&comp=blocklist").status_code == 403
    assert build.http.get(url).status_code == 404
    assert build.http.put(f"{url}x", content=b"1").status_code == 403


def test_everything_is_answered_in_json(build: Toolkit) -> None:
    headers = {"authorization": f"Bearer {build.token}"}
    for path in (f"{SERVICE}/Nothing", "twirp/github.actions.results.api.v1.OtherService/Do", "x"):
        answer = build.http.post(build.base + path, headers=headers, json={})
        assert (answer.status_code, answer.json()["code"]) == (501, "unimplemented")
        assert path in answer.json()["msg"]
    answer = build.http.post(f"{build.base}{SERVICE}/ListArtifacts", headers=headers, content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_what_is_read_as_a_whole_may_not_be_large(build: Toolkit) -> None:
    url = build.create("dist")
    assert build.http.put(f"{url}&comp=blocklist", content=b" " * (9 << 20)).status_code == 413
    answer = build.call("CreateArtifact", name="x" * (2 << 20))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_an_upload_that_breaks_off_leaves_nothing(rig: Rig, build: Toolkit) -> None:
    url = build.create("dist")

    def content() -> Any:
        yield b"1" * 100_000
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        build.http.put(f"{url}&comp=block&blockid=eA%3D%3D", content=content())
    answer = build.http.put(f"{url}&comp=blocklist", content="<BlockList><Latest>eA==</Latest></BlockList>")
    assert (answer.status_code, "InvalidBlockList" in answer.text) == (400, True)
    kept = [path for path in (rig.settings.folder / "artifacts").rglob("*") if path.is_file() and path.stat().st_size]
    assert kept == []
