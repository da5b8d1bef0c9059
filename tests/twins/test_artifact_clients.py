"""The artifact service as GitHub's own @actions/artifact speaks to it: the clients of upload-artifact v4 to v7."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterable
from pathlib import Path

import pytest

from simulator.run_events import ArtifactStored, Notice
from simulator.twins.artifact_store import Artifact, ArtifactStore
from tests.toolkit.install import Toolkit

from .driving import Rig
from .scripts import ScriptError, Scripts, workspace

VERSIONS = (2, 4, 6)
RUN = {"run_id": "77"}
CONFLICT = (
    "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: "
    "an artifact with this name already exists on the workflow run"
)


def content(size: int) -> bytes:
    """Incompressible, the same each time."""
    return hashlib.shake_128(size.to_bytes(8, "big")).digest(size)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def build(rig: Rig, toolkit: Toolkit) -> Scripts:
    return workspace(rig.job("build", id_token=False, claims=RUN), toolkit)


@pytest.fixture
def publish(rig: Rig, toolkit: Toolkit) -> Scripts:
    return workspace(rig.job("publish", claims=RUN, permissions={"actions": "write"}), toolkit)


@pytest.mark.parametrize("version", VERSIONS)
def test_from_one_job_to_another(rig: Rig, build: Scripts, publish: Scripts, version: int) -> None:
    (build.folder / "in/sub").mkdir(parents=True)
    (build.folder / "in/sub/a b.txt").write_text("text")
    (build.folder / "in/big.bin").write_bytes(content(30_000_000))  # four blocks, sent at once
    up = build.run(f"""
        const files = ['in/sub/a b.txt', 'in/big.bin']
        return await client({version}).uploadArtifact('dist', files, 'in', {{retentionDays: 3, compressionLevel: 0}})
    """)
    (stored,) = rig.seen(ArtifactStored)
    assert (up["id"], up["size"], f"sha256:{up['digest']}") == (1, stored.size, stored.digest)
    assert sorted(stored.files) == ["big.bin", "sub/a b.txt"]  # the client adds them as their content comes in
    down = publish.run(f"""
        const {{artifact}} = await client({version}).getArtifact('dist')
        const {{artifacts}} = await client({version}).listArtifacts()
        const expectedHash = artifact.digest
        const got = await client({version}).downloadArtifact(artifact.id, {{path: 'out', expectedHash}})
        return {{artifact, artifacts, mismatch: Boolean(got.digestMismatch)}}
    """)
    assert down["artifacts"] == [down["artifact"]]
    assert (down["artifact"]["name"], down["artifact"]["size"]) == ("dist", stored.size)
    assert not down["mismatch"]
    assert tree(publish.folder / "out") == tree(build.folder / "in")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_name_that_is_taken_and_replaced(build: Scripts, publish: Scripts, version: int) -> None:
    (build.folder / "a.txt").write_text("one")
    (publish.folder / "a.txt").write_text("two")
    upload = f"return (await client({version}).uploadArtifact('dist', ['a.txt'], '.')).id"
    assert build.run(upload) == 1
    with pytest.raises(ScriptError) as refused:
        publish.run(upload)
    assert str(refused.value) == CONFLICT
    removed = f"const {{id}} = await client({version}).deleteArtifact('dist')"
    assert publish.run(f"{removed}\nreturn id") == 1
    assert publish.run(upload) == 2
    found = build.run(
        f"return (await client({version}).listArtifacts({{latest: true}})).artifacts.map((one) => one.id)"
    )
    assert found == [2]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_artifact_that_is_not_there(build: Scripts, version: int) -> None:
    with pytest.raises(ScriptError, match="Artifact not found for name: none"):
        build.run(f"await client({version}).getArtifact('none')")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_signature_is_masked_and_hides_nothing_else(build: Scripts, version: int) -> None:
    (build.folder / "a.txt").write_text("text")
    build.run(f"await client({version}).uploadArtifact('dist', ['a.txt'], '.')")
    masked = {line.removeprefix("::add-mask::") for line in build.log.splitlines() if line.startswith("::add-mask::")}
    assert len(masked) == 1
    assert all(len(text) >= 64 for text in masked)


@pytest.mark.parametrize(("name", "kind"), [("notes.txt", "text/plain"), ("data.bin", "application/octet-stream")])
def test_a_file_that_is_not_zipped(rig: Rig, build: Scripts, publish: Scripts, name: str, kind: str) -> None:
    (build.folder / name).write_bytes(b"just this")
    build.run(f"await client(6).uploadArtifact('ignored', ['{name}'], '.', {{skipArchive: true}})")
    assert [artifact.name for artifact in rig.twins.artifacts()] == [name]
    publish.run(f"""
        const {{artifact}} = await client(6).getArtifact('{name}')
        await client(6).downloadArtifact(artifact.id, {{path: 'out'}})
    """)
    assert tree(publish.folder / "out") == {name: b"just this"}


@pytest.mark.parametrize(("maker", "user"), [(2, 6), (4, 6), (6, 2)])
def test_old_and_new_clients_together(build: Scripts, publish: Scripts, maker: int, user: int) -> None:
    """The old ones call the type of their zips `zip`, which the new one would not unpack."""
    (build.folder / "a.txt").write_text("text")
    build.run(f"await client({maker}).uploadArtifact('dist', ['a.txt'], '.')")
    publish.run(f"""
        const {{artifact}} = await client({user}).getArtifact('dist')
        await client({user}).downloadArtifact(artifact.id, {{path: 'out'}})
    """)
    assert tree(publish.folder / "out") == {"a.txt": b"text"}


@pytest.mark.parametrize("version", VERSIONS)
def test_blocks_that_are_sent_again(
    rig: Rig, build: Scripts, publish: Scripts, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    receive, failed = ArtifactStore.receive, set()

    async def faulty(store: ArtifactStore, artifact: Artifact, block: str, body: AsyncIterable[bytes]) -> None:
        if block not in failed:
            failed.add(block)
            async for _ in body:
                pass
            raise OSError("no room for a moment")
        await receive(store, artifact, block, body)

    monkeypatch.setattr(ArtifactStore, "receive", faulty)
    (build.folder / "big.bin").write_bytes(content(20_000_000))
    build.run(f"await client({version}).uploadArtifact('dist', ['big.bin'], '.', {{compressionLevel: 0}})")
    assert len(failed) == 3
    assert sum("no room" in notice.message for notice in rig.seen(Notice)) == 3
    publish.run(f"await client({version}).downloadArtifact((await client({version}).getArtifact('dist')).artifact.id)")
    assert tree(publish.folder) == tree(build.folder)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_changed_on_the_way_is_noticed(rig: Rig, build: Scripts, publish: Scripts, version: int) -> None:
    (build.folder / "a.txt").write_bytes(os.urandom(100))
    build.run(f"await client({version}).uploadArtifact('dist', ['a.txt'], '.', {{compressionLevel: 0}})")
    (stored,) = rig.twins.artifacts()
    whole = stored.archive.read_bytes()
    stored.archive.write_bytes(whole.replace(b"a.txt", b"b.txt"))
    assert publish.run(f"""
        const {{artifact}} = await client({version}).getArtifact('dist')
        return (await client({version}).downloadArtifact(artifact.id, {{expectedHash: artifact.digest}})).digestMismatch
    """)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_way_over_the_api(rig: Rig, build: Scripts, publish: Scripts, version: int) -> None:
    """With a token the client asks the REST API, and follows its redirect to the content."""
    (build.folder / "a.txt").write_text("text")
    for name in ("one", "two"):
        build.run(f"await client({version}).uploadArtifact('{name}', ['a.txt'], '.', {{retentionDays: 3}})")
    find = """
        const findBy = {token: 'ghs_publish', workflowRunId: 77, repositoryOwner: 'octo', repositoryName: 'demo'}
    """
    found = publish.run(f"{find} return (await client({version}).listArtifacts({{findBy}})).artifacts")
    assert {(one["id"], one["name"]) for one in found} == {(1, "one"), (2, "two")}
    publish.run(f"""{find}
        const {{artifact}} = await client({version}).getArtifact('two', {{findBy}})
        await client({version}).downloadArtifact(artifact.id, {{path: 'out', findBy}})
        await client({version}).deleteArtifact('one', {{findBy}})
    """)
    assert tree(publish.folder / "out") == {"a.txt": b"text"}
    assert [artifact.name for artifact in rig.twins.artifacts()] == ["two"]
