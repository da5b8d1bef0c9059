"""Distributions are read from the artifacts' own bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.archives import DIRECTORY
from simulator.positions import Span
from simulator.rehearsal.distributions import (
    Distribution,
    excessive_in_artifacts,
    in_artifacts,
    named_in_artifacts,
    read_distribution,
)
from simulator.rehearsal.projects import project_names, projects_of
from simulator.twins.base import StoredArtifact
from tests.fuzzing import fuzzed

METADATA = b"Metadata-Version: 2.4\nName: My.Demo\nVersion: 1.0\n\nText\n"


def wheel() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("my_demo-1.0.dist-info/METADATA", METADATA)
        archive.writestr(
            "my_demo-1.0.dist-info/entry_points.txt", "[console_scripts]\nMy-Demo = demo:main\n[gui_scripts]\ng = x:y\n"
        )
    return file.getvalue()


def sdist() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("my_demo-1.0/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA))
    return file.getvalue()


def test_wheels_and_sdists_of_an_artifact(tmp_path: Path) -> None:
    path = tmp_path / "dist.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("my_demo-1.0-py3-none-any.whl", wheel())
        archive.writestr("nested/my_demo-1.0.tar.gz", sdist())
        archive.writestr("notes.txt", "no distribution")
        archive.writestr("broken-1.0-py3-none-any.whl", b"PK no zip")
    artifact = StoredArtifact(job_id="build", name="dist", size=1, digest="sha256:0", archive=path)
    found = in_artifacts([artifact])
    assert [(item.kind, item.project, item.version, item.scripts) for item in found] == [
        ("wheel", "my-demo", "1.0", ("My-Demo",)),
        ("sdist", "my-demo", "1.0", ()),
    ]


def test_an_artifact_that_is_no_zip_has_none(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"raw")
    assert in_artifacts([StoredArtifact(job_id="b", name="n", size=3, digest="", archive=path)]) == ()


def test_a_file_of_an_artifact_that_is_read_no_further(tmp_path: Path) -> None:
    path, name = tmp_path / "dist.zip", "demo-1.0.tar.gz"
    packed = gzip.compress(bytes(1 << 20))
    with zipfile.ZipFile(path, "w") as archive, archive.open(name, "w") as member:
        entry = tarfile.TarInfo("demo-1.0/zeros")
        entry.size = 2 << 30
        member.write(gzip.compress(entry.tobuf(tarfile.GNU_FORMAT)))
        for _ in range(2 << 10):
            member.write(packed)
    artifact = StoredArtifact(job_id="b", name="n", size=1, digest="", archive=path, files=[name])
    assert (in_artifacts([artifact]), excessive_in_artifacts([artifact])) == ((), (name,))


def test_the_projects_that_files_are_named_after(tmp_path: Path) -> None:
    files = ["dist/My_Demo-1.0.tar.gz", "my_demo-1.0-py3-none-any.whl", "other-1-py3-none-any.whl", "a.whl", "b.zip"]
    artifact = StoredArtifact(job_id="b", name="n", size=1, digest="", archive=tmp_path / "a", files=files)
    assert named_in_artifacts([artifact]) == ("my-demo", "other")


def test_other_files_are_no_distribution() -> None:
    assert read_distribution("x.zip", partial(io.BytesIO, wheel())) is None
    assert isinstance(read_distribution("x.whl", partial(io.BytesIO, wheel())), Distribution)


def test_console_scripts_of_an_sdist() -> None:
    file = io.BytesIO()
    members = {
        "my_demo-1.0/PKG-INFO": METADATA,
        "my_demo-1.0/pyproject.toml": b'[project.scripts]\ndemo = "demo:main"\n',
        "my_demo-1.0/src/my_demo.egg-info/entry_points.txt": b"[console_scripts]\ndemo = demo:main\nother = demo:x\n",
    }
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    found = read_distribution("my_demo-1.0.tar.gz", partial(io.BytesIO, file.getvalue()))
    assert found is not None
    assert found.scripts == ("demo", "other")


FILES = [
    ("pyproject.toml", b'[build-system]\nrequires = []\n[project]\nname = "My_Demo"\n  version  = "1"\n'),
    ("a/pyproject.toml", b"[tool.x]"),
    ("b/pyproject.toml", b"broken ["),
    ("c/pyproject.toml", b"[project]\nname = 3"),
    ("d/pyproject.toml", b'[project]\nname="b"\ndynamic = ["version"]\n[tool.x]\nversion = "2"\n'),
]


def test_project_names() -> None:
    assert project_names(FILES) == ("my-demo", "b")


def test_where_versions_are_set() -> None:
    found = {name: project.span_of_key("project", "version") for name, project in projects_of(FILES).items()}
    assert found == {"my-demo": Span(file="pyproject.toml", line=5, column=14), "b": None}


def of_gzip(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part) for part in parts)


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


ZEROS = gzip.compress(bytes(1 << 20), 9)
UNBOUNDED = {
    "pax header": of_gzip(header("pax", 1 << 30, tarfile.XHDTYPE)) + ZEROS * 64,
    "long name": of_gzip(header("././@LongLink", 1 << 30, tarfile.GNUTYPE_LONGNAME)) + ZEROS * 64,
    "large PKG-INFO": of_gzip(header("my_demo-1.0/PKG-INFO", 1 << 26)) + ZEROS * 64,
}


@pytest.mark.parametrize("content", UNBOUNDED.values(), ids=UNBOUNDED)
def test_an_sdist_without_bounds_is_none(content: bytes) -> None:
    tracemalloc.start()
    try:
        assert read_distribution("my_demo-1.0.tar.gz", partial(io.BytesIO, content)) is None
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def with_zeros(name: str, megabytes: int) -> bytes:
    """A wheel with a member of zeros."""
    file = io.BytesIO(wheel())
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for _ in range(megabytes):
            member.write(bytes(1 << 20))
    return file.getvalue()


def test_a_large_wheel_of_an_artifact_is_never_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "dist.zip"
    name = "my_demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        content = io.BytesIO(wheel())
        with zipfile.ZipFile(content, "a") as inner, inner.open("zeros", "w") as zeros:
            for _ in range(48):
                zeros.write(bytes(1 << 20))
        member.write(content.getvalue())
    del content
    tracemalloc.start()
    try:
        (found,) = in_artifacts([StoredArtifact(job_id="b", name="n", size=1, digest="", archive=path)])
        with found.open() as file:
            hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert found.members["zeros"] == 48 << 20
    assert found.read(["zeros", "nothing"]) == {}


@pytest.mark.parametrize("part", ["METADATA", "RECORD", "entry_points.txt"])
def test_large_parts_of_a_wheel(part: str) -> None:
    content = with_zeros(f"other-1.0.dist-info/{part}", 33)
    tracemalloc.start()
    try:
        read_distribution("other-1.0-py3-none-any.whl", partial(io.BytesIO, content))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_a_central_directory_without_end() -> None:
    entry = struct.pack("<4s42x", b"PK\x01\x02")
    directory = entry * (DIRECTORY // len(entry) + 1)
    content = directory + struct.pack("<4s8xLLH", b"PK\x05\x06", len(directory), 0, 0)
    tracemalloc.start()
    try:
        assert read_distribution("other-1.0-py3-none-any.whl", partial(io.BytesIO, content)) is None
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@fuzzed
@given(st.sampled_from(["a-1.whl", "a-1.tar.gz"]), st.data())
def test_no_exception_from_broken_files(filename: str, data: st.DataObject) -> None:
    content = bytearray(wheel() if filename.endswith("whl") else gzip.decompress(sdist()))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        content = content or bytearray(1)
    whole = bytes(content) if filename.endswith("whl") else gzip.compress(content)
    found = read_distribution(filename, partial(io.BytesIO, whole))
    assert found is None or found.project
