"""The artifact service with much data: whole, and in constant memory.

PYSIM_SCALE_MIB is how much a single artifact holds; `.ci/run` asks for a GiB.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.toolkit.install import Toolkit as Packages

from .artifact_protocol import Toolkit, digest
from .driving import Rig
from .scripts import workspace

MIB = 1 << 20
SIZE = int(os.environ.get("PYSIM_SCALE_MIB", "128")) * MIB
GROWTH = 64 * MIB
BLOCK = 8 * MIB


def peak(*, reset: bool = False) -> int:
    """The most memory that this process had in use at once, since the last reset: the twins run in it."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_a_large_artifact_takes_no_memory(rig: Rig, toolkit: Packages) -> None:
    """Up and down through GitHub's own client; it compares the digests itself."""
    build, publish = (workspace(rig.job(name), toolkit) for name in ("build", "publish"))
    with (build.folder / "big.bin").open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    build.run("await client(6).listArtifacts()")  # what is made once is made
    before = peak(reset=True)
    up = build.run("return await client(6).uploadArtifact('big', ['big.bin'], '.', {compressionLevel: 0})")
    (build.folder / "big.bin").unlink()
    assert up["size"] > SIZE
    down = publish.run("""
        const {artifact} = await client(6).getArtifact('big')
        return await client(6).downloadArtifact(artifact.id, {path: 'out', expectedHash: artifact.digest})
    """)
    grown = peak() - before
    assert not down.get("digestMismatch")
    assert (publish.folder / "out/big.bin").stat().st_size == SIZE
    assert f"sha256:{up['digest']}" == rig.twins.artifacts()[0].digest
    assert grown < GROWTH, f"{grown / MIB:.0f} MiB more for {SIZE / MIB:.0f} MiB"
    shutil.rmtree(publish.folder / "out")


def test_many_uploads_at_once_are_whole(rig: Rig) -> None:
    job = Toolkit(rig.job("build"))
    blocks = [os.urandom(BLOCK), os.urandom(1000)]

    def upload(number: int) -> str:
        whole = [number.to_bytes(4, "big") + blocks[0][4:], blocks[1]]
        url = job.create(f"artifact-{number}")
        names = [base64.b64encode(f"{'x' * 36}{index:012}".encode()).decode() for index in range(2)]
        for index in (1, 0):
            query = httpx.QueryParams({"comp": "block", "blockid": names[index]})
            assert job.http.put(f"{url}&{query}", content=whole[index], timeout=120).status_code == 201
        listed = "".join(f"<Latest>{name}</Latest>" for name in names)
        assert job.http.put(f"{url}&comp=blocklist", content=listed, timeout=120).status_code == 201
        expected = digest(b"".join(whole))
        size = str(BLOCK + 1000)
        assert job.call("FinalizeArtifact", name=f"artifact-{number}", size=size, hash=expected).json()["ok"]
        return expected

    with ThreadPoolExecutor(50) as pool:
        expected = dict(enumerate(pool.map(upload, range(50))))
    assert {int(one.name.removeprefix("artifact-")): one.digest for one in rig.twins.artifacts()} == expected
