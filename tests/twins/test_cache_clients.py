"""The cache service as GitHub's own @actions/cache speaks to it: the clients of actions/cache v4 and v5."""

from __future__ import annotations

import hashlib

import pytest

from simulator.run_events import CacheUsed
from tests.toolkit.install import Toolkit

from .driving import Rig
from .scripts import Scripts, workspace

PROTOCOLS = {"v2": {}, "v1": {"ACTIONS_CACHE_SERVICE_V2": ""}}


@pytest.fixture(params=[(4, "v2"), (4, "v1"), (6, "v2"), (6, "v1")], ids="client {0[0]} {0[1]}".format)
def client(request: pytest.FixtureRequest) -> tuple[int, str]:
    number, protocol = request.param
    return number, protocol


@pytest.fixture
def scripts(rig: Rig, toolkit: Toolkit, client: tuple[int, str]) -> Scripts:
    return workspace(rig.job("build"), toolkit, **PROTOCOLS[client[1]])


def test_save_and_restore(rig: Rig, scripts: Scripts, client: tuple[int, str]) -> None:
    use = f"const {{saveCache, restoreCache}} = cache({client[0]})\n"
    folder = scripts.folder / "kept"
    folder.mkdir()
    (folder / "a.bin").write_bytes(content := hashlib.shake_128(b"a").digest(3_000_000))
    assert scripts.run(use + "return await restoreCache(['kept'], 'k-1', ['k-']) ?? 'miss'") == "miss"
    assert scripts.run(use + "return await saveCache(['kept'], 'k-1')") > 0
    (folder / "a.bin").unlink()
    assert scripts.run(use + "return await restoreCache(['kept'], 'k-1')") == "k-1"
    assert (folder / "a.bin").read_bytes() == content
    (folder / "a.bin").unlink()
    assert scripts.run(use + "return await restoreCache(['kept'], 'k-2', ['x', 'k-'])") == "k-1"
    assert (folder / "a.bin").read_bytes() == content
    assert scripts.run(use + "return await restoreCache(['other'], 'k-1') ?? 'miss'") == "miss"
    assert scripts.run(use + "return await saveCache(['kept'], 'k-1')") == -1
    assert "Failed to save: Unable to reserve cache with key k-1, another job may be creating this cache" in scripts.log
    assert [event.outcome for event in rig.seen(CacheUsed)] == ["miss", "saved", "hit", "hit", "miss"]


def test_the_protocol_is_the_one_that_was_meant(rig: Rig, scripts: Scripts, client: tuple[int, str]) -> None:
    scripts.run(f"await cache({client[0]}).restoreCache(['kept'], 'k')")
    text = (rig.settings.folder / "access.jsonl").read_text()
    assert ("CacheService/GetCacheEntryDownloadURL" in text) == (client[1] == "v2")
    assert ("_apis/artifactcache/cache" in text) == (client[1] == "v1")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_blocks_that_are_sent_at_once(rig: Rig, toolkit: Toolkit, protocol: str) -> None:
    scripts = workspace(rig.job("build"), toolkit, **PROTOCOLS[protocol])
    whole = hashlib.shake_128(b"big").digest(150_000_000)
    (scripts.folder / "big.bin").write_bytes(whole)
    scripts.run("await cache(6).saveCache(['big.bin'], 'big')")
    (scripts.folder / "big.bin").unlink()
    assert scripts.run("return await cache(6).restoreCache(['big.bin'], 'big')") == "big"
    assert (scripts.folder / "big.bin").read_bytes() == whole
    blocks = [line for line in (rig.settings.folder / "access.jsonl").read_text().splitlines() if '"PATCH"' in line]
    assert (len(blocks) > 1) == (protocol == "v1")


def test_a_job_that_may_only_read(rig: Rig, toolkit: Toolkit) -> None:
    scripts = workspace(rig.job("build"), toolkit, ACTIONS_CACHE_MODE="read")
    (scripts.folder / "a").write_text("a")
    scripts.run("await cache(6).saveCache(['a'], 'k')")
    assert rig.seen(CacheUsed) == []
