"""Placeholder wheels as files: with the content and the metadata of what was built here, and with a mark."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from packaging.tags import parse_tag

from simulator.archives import CHUNK, open_zip
from simulator.planning.runners import System
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.placeholders.names import PlannedWheel, base_name
from simulator.safe_files import new_file

MARK: Final = "pysim-placeholder.txt"
"""The file in `.dist-info` by which a placeholder is known."""
_SAID: Final = "Made by pysim in the place of a wheel that a job on {} would build. Neither install nor publish it.\n"
_LARGEST: Final = 64 << 20  # bytes that a wheel unpacks to, of which a placeholder has all: there may be many
_KEPT: Final = ("METADATA", "entry_points.txt", "top_level.txt")


def make_wheel(planned: PlannedWheel, folder: Path, system: System) -> Path:
    """Write a placeholder into a folder, and give its path. Raises what is in `archives.BROKEN` for a broken model."""
    path = folder / planned.filename
    if planned.same:
        with planned.model.open() as source, new_file(path) as target:
            shutil.copyfileobj(source, target, CHUNK)
        return path
    tags = sorted(map(str, parse_tag("-".join(planned.filename.removesuffix(".whl").split("-")[-3:]))))
    head = ["Wheel-Version: 1.0", "Generator: pysim", "Root-Is-Purelib: false"]
    wheel = "".join(f"{line}\n" for line in (*head, *(f"Tag: {tag}" for tag in tags)))
    info = f"{base_name(planned.model)}.dist-info"
    own = {"WHEEL": wheel.encode(), MARK: _SAID.format(system).encode()}
    with new_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        if planned.model.kind == "wheel":
            info = _copy(planned.model, made)
        else:
            own["METADATA"] = next(iter(planned.model.read([_information(planned.model)]).values()), b"")
        rows = _recorded(planned.model, f"{info}/RECORD", made.namelist())
        for name, content in own.items():
            made.writestr(f"{info}/{name}", content)
            rows.append(_row(f"{info}/{name}", content))
        made.writestr(f"{info}/RECORD", _lines([*rows, (f"{info}/RECORD", "", "")]))
    return path


def _copy(model: Distribution, made: zipfile.ZipFile) -> str:
    """Copy all but what is written anew, of a huge one the metadata alone; gives the folder of the metadata."""
    whole = sum(model.members.values()) <= _LARGEST
    info = next(name.partition("/")[0] for name in model.members if name.endswith(".dist-info/METADATA"))
    with model.open() as source, open_zip(source) as wheel:
        for member in wheel.infolist():
            top, _, name = member.filename.rpartition("/")
            written = top == info and name in {"WHEEL", "RECORD", MARK}
            if member.is_dir() or written or not (whole or (top == info and name in _KEPT)):
                continue
            copied = zipfile.ZipInfo(member.filename, member.date_time)
            copied.compress_type, copied.external_attr = zipfile.ZIP_DEFLATED, member.external_attr
            with wheel.open(member) as content, made.open(copied, "w") as target:
                shutil.copyfileobj(content, target, CHUNK)
    return info


def _information(sdist: Distribution) -> str:
    return next((name for name in sdist.members if name.count("/") == 1 and name.endswith("/PKG-INFO")), "")


def _recorded(model: Distribution, record: str, copied: Sequence[str]) -> list[Sequence[str]]:
    """The rows that a wheel has in RECORD for members that were copied of it."""
    names = frozenset(copied)
    said = model.read([record]).get(record, b"").decode(errors="replace")
    return [row for row in csv.reader(io.StringIO(said)) if row and row[0] in names]


def _row(name: str, content: bytes) -> Sequence[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return name, f"sha256={digest}", str(len(content))


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
