"""Archives that can be read in more ways than one, or that break while they are read: refused by name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Mapping

import pytest

from simulator.indexes import indexes
from simulator.run_events import Notice

from .distributions import Form, metadata, sdist, sdist_form, tarred, wheel, zipped
from .driving import Rig, Start, publisher
from .minting import exchange
from .uploading import Uploader, renamed

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
    content = tarred({"{0}/setup.py": "", "{0}/setup.cfg": ""})
    said = "Invalid distribution file. PKG-INFO not found at {0}/PKG-INFO"
    assert sender.refused(renamed("demo-0.1.0.tar.gz", content)) == (400, said)


def with_entry_points(content: str | bytes, *, encoding: str = "utf-8") -> Form:
    out = io.BytesIO(wheel("demo", "0.1.0"))
    with zipfile.ZipFile(out) as source:
        files = {name: source.read(name) for name in source.namelist()}
    files[f"{INFO}/entry_points.txt"] = content.encode(encoding) if isinstance(content, str) else content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return renamed(Form().filename, out.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        "demo = demo:main\n",
        "[console_scripts]\na = x:y\na = x:z\n",
        "[console_scripts]\nno value\n",
        "[console_scripts]\n../evil = demo:main\n",
        "[gui_scripts]\na b = demo:main\n",
        b"[console_scripts]\n\xff = demo:main\n",
    ],
)
def test_entry_points_that_cannot_be_read(sender: Uploader, content: str | bytes) -> None:
    said = f"Wheel {Form().filename!r} has invalid entry points defined in the entry_points.txt file"
    assert sender.refused(with_entry_points(content)) == (400, said)


@pytest.mark.parametrize(
    "content", ["", "[console_scripts]\nA.b-c_1 = demo:main [x]\n[my.group]\nany name: at all = demo:%(x)s\n"]
)
def test_entry_points_that_are_taken(sender: Uploader, content: str) -> None:
    answer = sender.send(with_entry_points(content))
    assert (answer.status_code, answer.text) == (200, "")


def test_a_wheel_whose_name_leaves_no_room_for_that_of_its_metadata(sender: Uploader) -> None:
    long = "d" * 220
    form = renamed(f"{long}-0.1.0-1{'0' * 10}-py3-none-any.whl", wheel(long), name=long)
    assert len(form.filename) > 246
    assert sender.refused(form) == (400, f"Filename is too long: {form.filename!r}")


@pytest.mark.parametrize(
    ("platform", "is_taken"),
    [
        ("win_arm64", True),
        ("win32.win_amd64", True),
        ("macosx_10_9_universal2", True),
        ("macosx_12_0_x86_64", True),
        ("macosx_12_1_x86_64", False),
        ("macosx_16_0_arm64", False),
        ("manylinux2014_ppc64", True),
        ("manylinux_2_31_riscv64", True),
        ("manylinux2014_riscv64", False),
        ("musllinux_1_2_armv7l", True),
        ("musllinux_1_2_ppc64", False),
        ("linux_armv7l", True),
        ("linux_aarch64", False),
        ("any.linux_x86_64", False),
        ("ios_13_0_arm64_iphoneos", True),
        ("android_21_arm64_v8a", True),
        ("pyemscripten_2025_0_wasm32", True),
        ("emscripten_3_1_58_wasm32", False),
    ],
)
def test_platform_tags(sender: Uploader, platform: str, is_taken: bool) -> None:
    form = renamed(f"demo-0.1.0-cp312-cp312-{platform}.whl")
    if is_taken:
        assert sender.send(form).status_code == 200
    else:
        tag = platform.rpartition(".")[2]
        said = f"Binary wheel {form.filename!r} has an unsupported platform tag {tag!r}."
        assert sender.refused(form) == (400, said)


def test_an_sdist_that_is_a_zip_file_too(sender: Uploader) -> None:
    content = sdist() + wheel()
    said = "Invalid distribution file. File is both a zip and a tar file"
    assert sender.refused(renamed("demo-0.1.0.tar.gz", content)) == (400, said)


POLICY = f"https://{indexes()['pypi'].main_host}/policy/acceptable-use-policy/"
ENCRYPTED: Mapping[str, tuple[str, str]] = {
    "demo/__init__.py": ("from x import __pyarmor__\n__pyarmor__(__name__, __file__, b'x')\n", "PyArmor"),
    "demo/A.PY": ("__pyarmor_enter__()\n", "PyArmor"),
    "demo/code.pye": ("---BEGIN PYE FILE---\nx\n---END PYE FILE---\n", "SourceDefender"),
}


@pytest.mark.parametrize("path", ENCRYPTED)
@pytest.mark.parametrize("is_sdist", [True, False])
def test_code_that_was_encrypted(sender: Uploader, path: str, is_sdist: bool) -> None:
    text, tool = ENCRYPTED[path]
    said = f"Invalid distribution file. {tool}-encrypted content is not allowed. See {POLICY} for more information."
    if is_sdist:
        files = {"demo-0.1.0/PKG-INFO": metadata("demo", "0.1.0"), f"demo-0.1.0/{path}": text}
        form = renamed("demo-0.1.0.tar.gz", tarred(files))
    else:
        form = renamed(Form().filename, zipped({MARK: "", path: text}))
    assert sender.refused(form) == (400, said)


def test_words_of_such_tools_elsewhere(sender: Uploader) -> None:
    files = {
        "demo-0.1.0/PKG-INFO": metadata("demo", "0.1.0"),
        "demo-0.1.0/README": "__pyarmor_enter__",
        "demo-0.1.0/half.pye": "---BEGIN PYE FILE---",
        "demo-0.1.0/large.py": "#" * (5 << 20) + "__pyarmor_enter__",
    }
    assert sender.send(renamed("demo-0.1.0.tar.gz", tarred(files))).status_code == 200


def repacked(content: bytes, how: str) -> bytes:
    """The same tar file, packed in another way or not at all."""
    plain = gzip.decompress(content)
    return {"plain": plain, "bzip2": bz2.compress(plain), "xz": lzma.compress(plain)}[how]


@pytest.mark.parametrize("how", ["plain", "bzip2", "xz"])
def test_a_tar_file_that_is_packed_in_another_way(sender: Uploader, how: str) -> None:
    form = renamed("demo-0.1.0.tar.gz", repacked(sdist(), how))
    assert sender.refused(form) == (400, "Invalid distribution file. None")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"demo-0.1.0/PKG-INFO": ""}, "PKG-INFO not found at demo-0.1.0/PKG-INFO/PKG-INFO"),
        ({"demo-0.1.0/a/PKG-INFO": "", "demo-0.1.0/a/b": ""}, None),
        ({"./demo-0.1.0/PKG-INFO": "", "./demo-0.1.0/b": ""}, "PKG-INFO not found at demo-0.1.0/PKG-INFO"),
        ({"/demo-0.1.0/PKG-INFO": "", "demo-0.1.0/b": ""}, "Incorrect number of top-level directories in sdist"),
        ({"PKG-INFO": "", "setup.py": ""}, "Incorrect number of top-level directories in sdist"),
        ({}, "Incorrect number of top-level directories in sdist"),
    ],
)
def test_the_top_of_an_sdist_is_what_all_its_names_begin_with(
    sender: Uploader, files: Mapping[str, str], said: str | None
) -> None:
    form = renamed("demo-0.1.0.tar.gz", tarred(files))
    if said is None:
        assert sender.send(form).status_code == 200
    else:
        assert sender.refused(form) == (400, f"Invalid distribution file. {said}")


def test_a_member_that_nobody_reads_may_be_broken(sender: Uploader) -> None:
    """The index reads what it looks at; the installer will find out."""
    with zipfile.ZipFile(io.BytesIO(wheel())) as source:
        files = {name: source.read(name).decode() for name in source.namelist()}
    content = zipped({**files, "demo.so": "y" * 99}, stored=True).replace(b"yyy", b"yxy")
    assert sender.send(renamed(Form().filename, content)).status_code == 200
    content = zipped({**files, "other.py": "y" * 99}, stored=True).replace(b"yyy", b"yxy")
    assert sender.refused(renamed("demo-0.1.0-py2-none-any.whl", content)) == (400, "Invalid distribution file. None")


class TestMails:
    """What the index would mail about an upload."""

    def test_a_record_that_differs(self, sender: Uploader) -> None:
        with zipfile.ZipFile(io.BytesIO(wheel())) as source:
            files = {name: source.read(name).decode() for name in source.namelist() if name != "demo.py"}
        form = renamed(Form().filename, zipped({**files, "demo/new.py": "", f"{INFO}/RECORD.jws": ""}))
        assert sender.send(form).status_code == 200
        (mail,) = sender.rig.seen(Notice)
        assert mail.message == (
            "The index would mail its owners: Deprecation notice for recent wheel distribution upload to 'demo'."
        )
        assert "it does not list demo/new.py and the wheel does not hold demo.py" in str(mail.hint)

    def test_not_about_a_record_that_is_right_or_of_a_wheel_that_is_refused(self, sender: Uploader) -> None:
        assert sender.send(Form()).status_code == 200
        assert sender.refused(renamed("demo-0.1.0-py2-none-any.whl", zipped({MARK: "", f"{INFO}/RECORD": ""})))
        assert sender.rig.seen(Notice) == []

    def test_a_token_beside_a_publisher_once_for_each_project(self, start: Start) -> None:
        sender = Uploader(start(publishers=[publisher(project="Demo")]))
        for form in (Form(), sdist_form()):
            assert sender.send(form).status_code == 200
        (mail,) = sender.rig.seen(Notice)
        assert "API token used to upload to project demo despite Trusted Publishing enabled." in mail.message
        assert "pypi.yml in https://github.com/octo/demo (environment pypi)" in str(mail.hint)

    def test_not_where_the_publisher_is_only_assumed_or_did_it_itself(self, sender: Uploader) -> None:
        sender.rig.twins.assume(publisher())
        assert sender.send(Form()).status_code == 200
        assert sender.send(sdist_form(), exchange(sender.job).json()["token"]).status_code == 200
        assert sender.rig.seen(Notice) == []
