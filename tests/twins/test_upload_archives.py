"""Archives that can be read in more ways than one, or that break while they are read: refused by name."""

from __future__ import annotations

import io
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Mapping

import pytest

from simulator.indexes import indexes

from .conftest import Rig
from .distributions import Form, metadata, tarred, wheel, zipped
from .test_uploads import Uploader, renamed

SEE = f"See https://docs.{indexes()['pypi'].main_host}/archives for more information"
INFO = "demo-0.1.0.dist-info"
MARK = f"{INFO}/WHEEL"
END = b"PK\x05\x06"
CENTRAL = b"PK\x01\x02"


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


class _Pipe(io.RawIOBase):
    """What is written to it cannot be gone back to."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def streamed() -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr(MARK, "x")
    return bytes(pipe.data)


def twice() -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(MARK, "x")
        archive.writestr(MARK, "x")
    return out.getvalue()


def commented() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo(MARK)
        entry.comment = b"a comment"
        archive.writestr(entry, "x")
    return out.getvalue()


def extra(*fields: tuple[int, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo(MARK)
        entry.extra = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in fields)
        archive.writestr(entry, "x")
    return out.getvalue()


def patched(content: bytes, mark: bytes, offset: int, new: bytes) -> bytes:
    """Other bytes at an offset from the last such mark."""
    at = content.rindex(mark) + offset
    return content[:at] + new + content[at + len(new) :]


def inserted(content: bytes, mark: bytes, new: bytes, moved: int) -> bytes:
    """Bytes before the first such mark; the end record tells that the directory moved so much."""
    at = content.index(mark)
    changed = content[:at] + new + content[at:]
    (offset,) = struct.unpack_from("<L", content, content.rindex(END) + 16)
    return patched(changed, END, 16, struct.pack("<L", offset + moved))


WHOLE = zipped({MARK: "x", "demo.py": ""}, stored=True)
HIDDEN = zipped({"evil.py": "evil"}, stored=True)
HIDDEN_LOCAL = HIDDEN[: HIDDEN.index(CENTRAL)]
UNICODE = b"\x01" + bytes(4)

ZIPS: Mapping[str, tuple[bytes, str]] = {
    "streamed": (streamed(), "ZIP contains a data descriptor"),
    "one name twice": (twice(), "Duplicate filename in local headers"),
    "comment of a member": (commented(), "Comment in central directory"),
    "trailing data": (WHOLE + b"x", "Trailing data"),
    "two archives": (patched(WHOLE, END, 20, struct.pack("<H", 0)) + b"\n", "Trailing data"),
    "hidden member": (
        inserted(WHOLE, CENTRAL, HIDDEN_LOCAL, len(HIDDEN_LOCAL)),
        "Filename not in central directory",
    ),
    "bytes between records": (inserted(WHOLE, CENTRAL, b"XXXX", 4), "Unknown record signature"),
    "size": (patched(WHOLE, b"PK\x03\x04", 18, struct.pack("<L", 1)), "Mis-matched data size"),
    "unpacked size": (patched(WHOLE, b"PK\x03\x04", 22, struct.pack("<L", 9)), "Mis-matched file size"),
    "records": (patched(WHOLE, END, 8, struct.pack("<HH", 9, 9)), "Mismatched central directory records"),
    "records on this disk": (patched(WHOLE, END, 8, struct.pack("<H", 9)), "Malformed zip file"),
    "control character": (
        WHOLE.replace(b"demo.py", b"de\x01o.py"),
        "Invalid character in filename",
    ),
    "not UTF-8": (WHOLE.replace(b"demo.py", b"de\xffo.py"), "Filename not unicode"),
    "field twice": (extra((0x7075, UNICODE), (0x7075, UNICODE)), "Invalid duplicate extra in local file"),
    "control character in a field": (extra((0x7075, UNICODE + b"\x01")), "Invalid character in filename"),
    "field that is not UTF-8": (extra((0x7075, UNICODE + b"\xff")), "Filename not valid UTF-8"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_file_that_reads_in_two_ways(sender: Uploader, case: str) -> None:
    content, said = ZIPS[case]
    assert sender.refused(renamed(Form().filename, content)) == (
        400,
        f"Invalid distribution file. ZIP archive not accepted: {said}. {SEE}",
    )


def test_a_large_zip_file_of_the_newer_kind_is_taken(sender: Uploader) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel())) as source, zipfile.ZipFile(out, "w") as archive:
        for name in source.namelist():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(source.read(name))
    answer = sender.send(renamed(Form().filename, out.getvalue()))
    assert (answer.status_code, answer.text) == (200, "")


def test_a_sparse_member_of_an_sdist(sender: Uploader) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, headers in (("PKG-INFO", {}), ("hole", {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1"})):
            entry = tarfile.TarInfo(f"demo-0.1.0/{name}")
            text = metadata("demo", "0.1.0").encode()
            entry.size, entry.pax_headers = len(text), headers
            archive.addfile(entry, io.BytesIO(text))
    said = f"Invalid distribution file. tar archive not accepted: Sparse members are not allowed. {SEE}"
    assert sender.refused(renamed("demo-0.1.0.tar.gz", out.getvalue())) == (400, said)


def test_braces_in_names_are_only_names(sender: Uploader) -> None:
    content = tarred({"{0}/setup.py": ""})
    said = "Invalid distribution file. PKG-INFO not found at {0}/PKG-INFO"
    assert sender.refused(renamed("demo-0.1.0.tar.gz", content)) == (400, said)
