"""What strangers wrote is parsed and rendered within limits, and what is beyond them has no answer."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email
from packaging.requirements import Requirement

from simulator.bounded.work import judge, parse_fields, render
from tests.fuzzing import fuzzed

ROOT = Path(__file__).parent.parent
RST, MARKDOWN = "text/x-rst", "text/markdown"
NESTED = "\n".join(f"{'  ' * depth}- a\n" for depth in range(400))
ROW = "+" + "-+" * 60 + "\n"
HOSTILE = {
    "quotations": (MARKDOWN, ">" * 200_000),
    "nested lists": (RST, NESTED),
    "more than is sent": (MARKDOWN, "x" * (9 << 20)),
}


MEASURED = """
import resource, sys
from pathlib import Path
from simulator.bounded.work import render
kind, text = sys.argv[1], Path(sys.argv[2]).read_text()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert render(kind, text) is None
after = render(kind, ".. image:: a.png" if kind == "text/x-rst" else "![a](a.png)")
assert after is not None and after.pictures == ["a.png"]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize(("kind", "text"), HOSTILE.values(), ids=HOSTILE)
def test_beyond_the_bounds(kind: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "description"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, kind, file], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    own, child = map(int, done.stdout.split())
    assert own < 100_000
    assert child < 300_000


def test_metadata_beyond_the_bounds() -> None:
    assert parse_fields(b"Classifier: a\n" * 2_000_000) is None
    assert parse_fields(b"Name: a\n") == {"name": "a"}


def test_what_is_rendered() -> None:
    shown = render(RST, "Demo\n\n`docs <x.html>`_\n\n.. image:: a.png\n")
    assert shown is not None
    assert (shown.is_rendered, shown.pictures, shown.links) == (True, ["a.png"], ["x.html"])
    broken = render(RST, "Demo\n==\n\n.. nonsense::\n")
    assert broken is not None
    assert not broken.is_rendered
    assert "nonsense" in broken.said


def test_what_packaging_says() -> None:
    judged = judge({"metadata_version": "2.1", "name": "a b", "version": "1"}, ["a>1", "b @ https://c", "!"])
    assert judged is not None
    assert judged.problems == [("name", "'a b' is invalid for 'name'")]
    told = [judged.requirements[text] for text in ("a>1", "b @ https://c", "!")]
    assert [(each.url, each.text, each.error is None) for each in told] == [
        (None, "a>1", True),
        ("https://c", str(Requirement("b @ https://c")), True),
        (None, "", False),
    ]


def test_one_process_serves_many_threads() -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: parse_fields(f"Name: n{number}\n".encode()), range(50)))
    assert found == [{"name": f"n{number}"} for number in range(50)]


def test_it_needs_no_folder_and_no_variable_and_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "from simulator.bounded.work import _WORKER, parse_fields\n"
        "assert parse_fields(b'Name: a\\n') == {'name': 'a'}\n"
        "print(_WORKER._child.pid)\n"
    )
    argv = [sys.executable, "-P", "-c", program]
    done = subprocess.run(argv, cwd=tmp_path, env={}, capture_output=True, check=True, timeout=60)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@fuzzed
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: f"Name: {text}".encode())))
def test_no_exception_from_metadata(content: bytes) -> None:
    assert parse_fields(content) == parse_email(content)[0]


MARKUP = ("* ", "- ", "\n", "  ", "`", "``", "_", "[", "](", ")", "![", "<", ">", "|", "+-", "=", "a", ":", "..", "\\")


@fuzzed
@given(st.sampled_from([RST, MARKDOWN]), st.lists(st.sampled_from(MARKUP), max_size=60).map("".join) | st.text())
def test_no_exception_from_descriptions(kind: str, text: str) -> None:
    shown = render(kind, text)
    assert shown is None or isinstance(shown.is_rendered, bool)


@fuzzed
@given(st.dictionaries(st.sampled_from(["name", "version", "license_expression"]), st.text()), st.lists(st.text()))
def test_no_exception_from_requirements(raw: dict[str, object], texts: list[str]) -> None:
    judged = judge({"metadata_version": "2.4", **raw}, texts)
    assert judged is None or judged.requirements.keys() == set(texts)
