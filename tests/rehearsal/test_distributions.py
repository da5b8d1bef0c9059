"""Distributions are read from the artifacts' own bytes."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from simulator.rehearsal.distributions import Distribution, in_artifacts, read_distribution
from simulator.rehearsal.projects import project_names
from simulator.twins.base import StoredArtifact

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


def test_other_files_are_no_distribution() -> None:
    assert read_distribution("x.zip", wheel()) is None
    assert isinstance(read_distribution("x.whl", wheel()), Distribution)


def test_project_names() -> None:
    files = [b'[project]\nname = "My_Demo"', b"[tool.x]", b"broken [", b"[project]\nname = 3", b'[project]\nname="b"']
    assert project_names(files) == ("my-demo", "b")
