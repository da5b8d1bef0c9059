"""The archives of upload-artifact, as other programs unpack them."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from simulator.actions.builtin.toolkit.archive import BLOCK, write_archive

NOISE = hashlib.shake_128(b"noise").digest(3 * BLOCK + 7)
TEXT = b"".join(b"line %d of a text\n" % number for number in range(300_000))
CONTENTS = {
    "empty": b"",
    "small": b"x",
    "text": TEXT,
    "noise": NOISE,
    "noise and text": NOISE[:BLOCK] + TEXT + NOISE,
    "whole blocks": TEXT[: 2 * BLOCK],
    "zeros": bytes(5 * BLOCK),
}


class Sink(io.RawIOBase):
    """A stream that is written once, like an upload."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.content += data
        return len(data)


def packed(folder: Path, level: int) -> bytes:
    sink = Sink()
    write_archive(sink, {folder / name: f"in/{name}" for name in CONTENTS}, level)
    return bytes(sink.content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    for name, content in CONTENTS.items():
        (made / name).write_bytes(content)
    (made / "text").chmod(0o755)
    return made


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_nothing_is_lost(folder: Path, tmp_path: Path, level: int) -> None:
    content = packed(folder, level)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(f"in/{name}") for name in CONTENTS} == CONTENTS
        assert archive.getinfo("in/text").external_attr >> 16 & 0o777 == 0o755
    (tmp_path / "a.zip").write_bytes(content)
    subprocess.run(["unzip", "-tq", tmp_path / "a.zip"], check=True, capture_output=True)


def test_it_is_as_small_as_one_stream(folder: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in CONTENTS:
            archive.write(folder / name, f"in/{name}")
    assert len(packed(folder, 6)) < 1.01 * len(whole.getvalue())


def test_it_is_the_same_each_time(folder: Path) -> None:
    for name in CONTENTS:
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    assert packed(folder, 6) == packed(folder, 6)
