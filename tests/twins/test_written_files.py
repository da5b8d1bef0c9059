"""What the twins write on disk: no file is written or read through a link that somebody put at its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from simulator.run_events import TwinRequest
from simulator.twins.blobs import Blocks
from simulator.twins.github_api.release_store import ReleaseStore
from simulator.twins.records import Records


async def _body() -> AsyncIterator[bytes]:
    yield b"theirs"


def record(folder: Path) -> None:
    request = TwinRequest(job_id="a", twin="pypi", method="GET", host="example.org", path="/", status=200)
    Records(folder / "access.jsonl", lambda _: None, lambda: 0.0).add(request)


def receive(folder: Path) -> None:
    asyncio.run(_receive(folder))


async def _receive(folder: Path) -> None:
    blocks = Blocks(folder / "blocks")
    (folder / "blocks/draft-1").symlink_to(folder.parent / "mine")
    await blocks.receive("a", _body())


def assemble(folder: Path) -> None:
    blocks = Blocks(folder / "blocks")
    asyncio.run(blocks.receive("a", _body()))
    (block,) = (folder / "blocks").iterdir()
    block.unlink()
    block.symlink_to(folder.parent / "mine")
    blocks.assemble(["a"], folder / "whole")
    assert (folder / "whole").read_bytes() != b"mine"


def store_asset(folder: Path) -> None:
    (folder / "1").mkdir()
    (folder / "1/.2").symlink_to(folder.parent / "mine")
    asyncio.run(ReleaseStore(folder, []).receive(1, 2, "name", _body()))


@pytest.mark.parametrize("write", [record, receive, assemble, store_asset])
def test_no_link_is_followed(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "mine").write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "access.jsonl").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match=r"Too many levels of symbolic links|File exists"):
        write(folder)
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (folder / "whole").exists()
