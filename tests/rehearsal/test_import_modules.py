"""Which of a project's installed modules are imported, and whose fault it is that one cannot be."""

from __future__ import annotations

import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

SCRIPT = Path("simulator/rehearsal/inside/import_modules.py").resolve()


def tried(folder: Path, files: Mapping[str, str]) -> tuple[int, list[str]]:
    """The exit code, and the lines about the modules of a project that installed these files."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    dist = "demo-1.0.dist-info"
    record = "".join(f"{name},,\n" for name in (*files, f"{dist}/METADATA", f"{dist}/RECORD"))
    metadata = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
    for name, content in {**files, f"{dist}/METADATA": metadata, f"{dist}/RECORD": record}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    done = subprocess.run(
        [folder / "bin/python", "-I", SCRIPT, "demo"], capture_output=True, text=True, check=False, cwd=folder
    )
    return done.returncode, done.stdout.splitlines()


READS = "from pathlib import Path\nDATA = (Path(__file__).parent / 'data.json').read_text()\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "demo is imported"),
        ("try:\n    import nothing\nexcept ImportError:\n    pass\n", "demo is imported"),
        ("print('a word')", "demo is imported"),
        ("from demo import lost", "error: demo: ImportError: "),
        ("import demo.lost", "error: demo: ModuleNotFoundError: No module named 'demo.lost'"),
        (READS, "error: demo: FileNotFoundError: "),
        ("def f(:\n", "error: demo: SyntaxError: "),
        ("import importlib.metadata as m\nm.version('other')", "note: demo: PackageNotFoundError: "),
        ("import nothing", "note: demo: ModuleNotFoundError: No module named 'nothing'"),
        ("raise ImportError('install demo[gui]')", "note: demo: ImportError: install demo[gui]"),
        ("open('/etc/demo.conf')", "note: demo: FileNotFoundError: "),
        ("import os\nos.environ['DISPLAY_X']", "note: demo: KeyError: 'DISPLAY_X'"),
        ("raise SystemExit('no terminal')", "note: demo: SystemExit: no terminal"),
        ("import os\nos._exit(3)", "note: demo: it ends Python with 3"),
        ("raise ImportError('libGL.so.1: cannot open shared object file', name='demo.c')", "note: demo: ImportError: "),
    ],
)
def test_a_package(tmp_path: Path, content: str, said: str) -> None:
    code, lines = tried(tmp_path, {"demo/__init__.py": content})
    assert lines[-1].startswith(said)
    assert code == (1 if said.startswith("error") else 0)


def test_which_modules(tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": "",
        "demo/inner/__init__.py": "raise ValueError",
        "space/one/__init__.py": "",
        "space/one/two/__init__.py": "",
        "alone.py": "import space.one.lost",
        "tests/__init__.py": "raise ValueError",
        "demo/data.json": "{}",
        "../../../bin/demo": "",
    }
    code, lines = tried(tmp_path, files)
    assert code == 1
    assert lines == [
        "error: alone: ModuleNotFoundError: No module named 'space.one.lost'",
        "demo is imported",
        "space.one is imported",
    ]
