"""Placeholder wheels are wheels: an index and twine take them, and they say what they are."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from functools import partial
from pathlib import Path

import pytest

from simulator.rehearsal.distributions import Distribution, read_distribution
from simulator.rehearsal.placeholders.names import PlannedWheel
from simulator.rehearsal.placeholders.wheels import MARK, make_wheel
from simulator.twins.pypi.foresight import foresee
from tests.rehearsal.built.making import built

NAME = "demo-1.0-cp312-cp312-macosx_10_12_x86_64.macosx_11_0_arm64.whl"
MEMBERS = {"demo/__init__.py": "VALUE = 1\n", "demo/_c.so": "binary"}


def distribution(name: str) -> Distribution:
    found = read_distribution(name, partial(io.BytesIO, built(name, MEMBERS)))
    assert found is not None
    return found


@pytest.mark.parametrize("model", ["demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "demo-1.0.tar.gz"])
def test_it_is_a_whole_wheel_with_the_metadata_of_its_model(model: str, tmp_path: Path) -> None:
    source = distribution(model)
    path = make_wheel(PlannedWheel(filename=NAME, model=source), tmp_path, "macOS")
    made = read_distribution(path.name, lambda: path.open("rb"))
    assert made is not None
    assert (made.project, made.version, made.metadata) == ("demo", "1.0", source.metadata)
    assert set(made.record or ()) == set(made.members)
    assert made.repeated == ()
    with zipfile.ZipFile(path) as wheel:
        assert wheel.testzip() is None
        head = wheel.read("demo-1.0.dist-info/WHEEL").decode()
        assert (
            "in the place of a wheel that a job on macOS would build"
            in wheel.read(f"demo-1.0.dist-info/{MARK}").decode()
        )
        rows = csv.reader(io.StringIO(wheel.read("demo-1.0.dist-info/RECORD").decode()))
        hashes = {name: digest for name, digest, _ in rows if digest}
        for name, digest in hashes.items():
            found = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={found}", name
        if source.kind == "wheel":
            assert wheel.read("demo/_c.so") == b"binary"
    assert [line for line in head.splitlines() if line.startswith("Tag")] == [
        "Tag: cp312-cp312-macosx_10_12_x86_64",
        "Tag: cp312-cp312-macosx_11_0_arm64",
    ]


def test_of_a_huge_wheel_the_metadata_alone_is_there_and_recorded(tmp_path: Path) -> None:
    name = "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    content = built(name, {"demo/__init__.py": "", "demo/_c.so": "0" * (65 << 20), "entry_points.txt": "[a]\nb = c\n"})
    source = read_distribution(name, partial(io.BytesIO, content))
    assert source is not None
    path = make_wheel(PlannedWheel(filename=NAME, model=source), tmp_path, "macOS")
    made = read_distribution(path.name, lambda: path.open("rb"))
    assert made is not None
    assert {member.partition("/")[2] for member in made.members} == {
        "METADATA",
        "entry_points.txt",
        "WHEEL",
        MARK,
        "RECORD",
    }
    assert set(made.record or ()) == set(made.members)
    assert made.metadata == source.metadata
    assert list(foresee([path], baseline=tmp_path / "index")) == []


def test_the_index_takes_it(tmp_path: Path) -> None:
    source = distribution("demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl")
    path = make_wheel(PlannedWheel(filename=NAME, model=source), tmp_path, "macOS")
    assert list(foresee([path], baseline=tmp_path / "index")) == []


def test_one_of_no_platform_is_the_file_itself(tmp_path: Path) -> None:
    source = distribution("demo-1.0-py3-none-any.whl")
    path = make_wheel(PlannedWheel(filename=source.filename, model=source, same=True), tmp_path, "Windows")
    assert path.read_bytes() == source.open().read()
