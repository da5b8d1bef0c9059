"""Distributions are read from the artifacts' own bytes."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from simulator.positions import Span
from simulator.rehearsal.distributions import Distribution, in_artifacts, read_distribution
from simulator.rehearsal.projects import project_names, projects_of
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
    found = read_distribution("my_demo-1.0.tar.gz", file.getvalue())
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
