"""Archives that unpack without end, and a program that sends them to an index: `python -m tests.twins.bombs FOLDER`.

For each it prints what the index said, the seconds that it took, and by how many megabytes its memory grew.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import struct
import sys
import tarfile
import time
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from .desk import Desk, said
from .distributions import Form, metadata, sdist_form, tarred, wheel, zipped

MB = 1 << 20
INFO = "demo-0.1.0.dist-info"


def _packed_zeros(size: int) -> bytes:
    """Packed zeros, a megabyte at a time: packed streams may follow one another."""
    return gzip.compress(bytes(MB), 9) * (size // MB)


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT))


START = gzip.compress(gzip.decompress(tarred({"demo-0.1.0/PKG-INFO": metadata("demo", "0.1.0")}))[:1024])


def zeros() -> bytes:
    """One member of eight gigabytes."""
    return START + _header("demo-0.1.0/zeros", 8 << 30) + _packed_zeros(8 << 30)


def long_name() -> bytes:
    """A name of two gigabytes, which is read before the member that has it."""
    return START + _header("././@LongLink", 2 << 30, tarfile.GNUTYPE_LONGNAME) + _packed_zeros(2 << 30)


def pax_header() -> bytes:
    """A header of two gigabytes."""
    return START + _header("pax", 2 << 30, tarfile.XHDTYPE) + _packed_zeros(2 << 30)


def first_header() -> bytes:
    """One that comes before everything, where one only asks what kind of file it is."""
    return _header("pax", 2 << 30, tarfile.XHDTYPE) + _packed_zeros(2 << 30)


def members() -> bytes:
    """Ten million empty members of one name."""
    entry = tarfile.TarInfo("demo-0.1.0/a").tobuf(tarfile.GNU_FORMAT)
    return START + gzip.compress(entry * 2048, 9) * 5000


def half() -> bytes:
    """A member that is within what is read, and nothing after it."""
    return START + _header("demo-0.1.0/zeros", 256 * MB) + _packed_zeros(256 * MB)


def names() -> bytes:
    """Members of long names, each its own."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        for number in range(40_000):
            entry = tarfile.TarInfo(f"demo-0.1.0/{number:08}{'x' * 4000}")
            packed.write(entry.tobuf(tarfile.PAX_FORMAT))
    return START + out.getvalue()


def headers_for_all() -> bytes:
    """Headers for all members that follow, each with keys of its own."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        for number in range(2000):
            headers = {f"k{number}.{each}": "v" * 900 for each in range(100)}
            packed.write(tarfile.TarInfo.create_pax_global_header(headers))
            packed.write(tarfile.TarInfo(f"demo-0.1.0/{number}").tobuf(tarfile.GNU_FORMAT))
    return START + out.getvalue()


def chain() -> bytes:
    """Headers about headers."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        for _ in range(20_000):
            entry = tarfile.TarInfo("././@LongLink")
            entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 2
            packed.write(entry.tobuf(tarfile.GNU_FORMAT) + b"a\0".ljust(512, b"\0"))
    return START + out.getvalue()


def zip_ratio() -> bytes:
    """A wheel with a gigabyte of zeros."""
    return _with_zeros("zeros", 1 << 30)


def zip_marker() -> bytes:
    """A wheel whose WHEEL is large, as large as the index takes for what the rest weighs."""
    return _with_zeros(f"{INFO}/WHEEL", 300 * MB, ballast=12 * MB)


def zip_record() -> bytes:
    """One whose RECORD is."""
    return _with_zeros(f"{INFO}/RECORD", 300 * MB, ballast=12 * MB)


def zip_metadata() -> bytes:
    """One whose METADATA is."""
    return _with_zeros(f"{INFO}/METADATA", 300 * MB, ballast=12 * MB)


def zip_source() -> bytes:
    """One with a large source file."""
    return _with_zeros("demo/zeros.py", 300 * MB, ballast=12 * MB)


def _with_zeros(name: str, size: int, ballast: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel())) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.namelist():
            if entry != name:
                made.writestr(zipfile.ZipInfo(entry), source.read(entry))
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with made.open(info, "w") as member:
            for _ in range(size // MB):
                member.write(bytes(MB))
        made.writestr(zipfile.ZipInfo("ballast"), bytes(range(256)) * (ballast // 256))
    return out.getvalue()


def overlap() -> bytes:
    """A thousand members that are one and the same stretch of the file."""
    kernel = zipped({"a": "\0" * 50_000})
    (offset,) = struct.unpack_from("<L", kernel, kernel.rindex(b"PK\x05\x06") + 16)
    local, central = kernel[:offset], kernel[offset : kernel.rindex(b"PK\x05\x06")]
    names = [*(f"{number:04}".encode() for number in range(1000)), f"{INFO}/WHEEL".encode()]
    records = b"".join(central[:28] + struct.pack("<H", len(name)) + central[30:46] + name for name in names)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(records), len(local), 0)
    return local + records + end


def zip_directory() -> bytes:
    """A central directory of a million members."""
    local, _, _ = zipped({"a": ""}).partition(b"PK\x01\x02")
    directory = (struct.pack("<4s24xH16x", b"PK\x01\x02", 1) + b"a") * (1 << 20)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), len(local), 0)
    return local + directory + end


def nested() -> bytes:
    """Archives in archives, which nobody has asked for."""
    inner = bytes(64)
    for level in range(50):
        out = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(zipfile.ZipInfo(f"{level}.zip"), inner)
        inner = out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel())) as source, zipfile.ZipFile(out, "w") as made:
        for entry in source.namelist():
            made.writestr(zipfile.ZipInfo(entry), source.read(entry))
        made.writestr(zipfile.ZipInfo("demo/inner.zip"), inner)
    return out.getvalue()


TARS: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (zeros, half, long_name, pax_header, first_header, members, names, headers_for_all, chain)
}
ZIPS: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (zip_ratio, zip_directory, zip_marker, zip_record, zip_metadata, zip_source, overlap, nested)
}


def main(folder: Path) -> None:
    """Send them all, one after the other."""
    for kind, made in {**TARS, **ZIPS}.items():
        form = Form(filename=(sdist_form() if kind in TARS else Form()).filename, content=made())
        with Desk(folder / kind) as desk:
            token = desk.user_token()
            before, start = _memory(), time.monotonic()
            answer = desk.upload(form, token)
            taken = {"seconds": round(time.monotonic() - start, 1), "grown": _memory() - before}
        words = said(answer)[1] if answer.status_code != 200 else "OK"
        sys.stdout.write(f"{json.dumps({'kind': kind, 'said': words, 'size': len(form.content), **taken})}\n")


def _memory() -> int:
    """The most that this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main(Path(sys.argv[1]))
