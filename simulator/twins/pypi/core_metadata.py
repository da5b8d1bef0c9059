"""The metadata of a wheel, as an index hands it out beside the wheel (PEP 658). Judges nothing."""

from __future__ import annotations

from pathlib import Path

from simulator.archives import BROKEN, TooMuchError, opened_zip
from simulator.twins.pypi.members import read_member


def core_metadata(wheel: Path, filename: str) -> bytes | None:
    """The content of METADATA; None when the file is no wheel or has none. `filename` is the wheel's own name."""
    place = f"{'-'.join(filename.split('-')[:2])}.dist-info/METADATA"
    if not filename.endswith(".whl"):
        return None
    try:
        with opened_zip(wheel) as archive:
            return read_member(archive, place)
    except (*BROKEN, TooMuchError, KeyError):
        return None
