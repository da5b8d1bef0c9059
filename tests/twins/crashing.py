"""Kills an index at every line of the code that stores what it is sent, and looks at what the next one finds.

A program: `python -m tests.twins.crashing FOLDER TIMES`. Prints how often it killed; fails with what went wrong. Each
life is a forked process of its own, because one that was killed has no other way to end.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from simulator.twins.pypi import catalogue, minting, store, upload

from .desk import Desk
from .distributions import Form, sdist, sdist_form, wheel
from .driving import publisher

TRACED = {str(module.__file__) for module in (catalogue, minting, store, upload)}
PENDING = publisher(project="waiting", pending=True)
FORMS: Mapping[str, Form] = {form.filename: form for form in (sdist_form(), Form())}
LATER = Form(filename="waiting-0.1.0.tar.gz", content=sdist("waiting")).but(name="waiting")
Tell = Callable[[str], None]


class Killer:
    """Counts the lines that this process executes of the traced files, and dies before the one of a number."""

    def __init__(self, number: int | None) -> None:
        self.number, self.count = number, 0

    def __enter__(self) -> None:
        threading.settrace(self._call)
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._line if frame.f_code.co_filename in TRACED else None

    def _line(self, _frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self.number:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def live(folder: Path, killer: Killer, tell: Tell) -> None:
    """Take two files of a user and one of a pending publisher; tell each that was answered with 200."""
    with Desk(folder, publishers=[PENDING]) as desk:
        token = desk.user_token()
        with killer:
            for form in FORMS.values():
                assert desk.upload(form, token).status_code == 200
                tell(form.filename)
            minted = desk.minted()
            tell("waiting")
            assert desk.upload(LATER, minted).status_code == 200
            tell(LATER.filename)


def look(folder: Path, told: set[str]) -> None:
    """What was told is there and whole, nothing else is there in part, and everything can be sent once more."""
    with Desk(folder, publishers=[PENDING]) as desk:
        _check_files(desk, told)
        token = desk.user_token()
        for form in FORMS.values():
            answer = desk.upload(form, token)
            assert answer.status_code == 200, answer.text
        answer = desk.upload(LATER, desk.minted())
        assert answer.status_code == 200, answer.text
        _check_files(desk, {*FORMS, LATER.filename, "waiting"})
        changed = Form(filename=Form().filename, content=wheel(body="changed = True\n"))
        assert desk.upload(changed, token).status_code == 400


def _check_files(desk: Desk, told: set[str]) -> None:
    packages = desk.store.packages
    with desk.store.reading() as index:
        projects = [project.name for project in index.projects()]
        files = {file.filename: file for project in projects for file in index.files(project)}
        releases = [release for project in projects for release in index.releases(project)]
    for name in told - {"waiting"}:
        assert name in files, f"{name} was answered with 200 and is gone"
    assert "waiting" in projects or "waiting" not in told, "a project that an exchange made is gone"
    assert set(projects) <= {file.project for file in files.values()} | {"waiting"}, "a project without a file"
    assert {release.project for release in releases} == {file.project for file in files.values()}
    assert {path.name for path in packages.iterdir()} == set(files), "a file that nobody was told of"
    assert not any((packages.parent / "staging").iterdir()), "a staged file is left"
    for name, file in files.items():
        content = (packages / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256, f"{name} is not whole"
        assert name in desk.get(f"/simple/{file.project}/").text


def _fork(work: Callable[[Tell], None]) -> tuple[int, set[str]]:
    """How a process ended that does some work, and what it told before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            work(lambda text: (os.write(writing, f"{text}\n".encode()), None)[1])
            status = 0
        except BaseException:  # noqa: BLE001 - whatever it is, this process must end here
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = set(told.read().split())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines


def main(folder: Path, most: int) -> int:
    """Kill at each line in turn, or at so many of them."""
    whole, told = Killer(None), set[str]()
    live(folder / "whole", whole, told.add)  # here, so that no process after it needs to import anything
    look(folder / "whole", told)
    step = -(-whole.count // most)
    numbers = range(1, whole.count + 1, step)
    for number in numbers:
        place = folder / str(number)
        status, told = _fork(lambda tell: live(place, Killer(number), tell))  # noqa: B023 - it runs before the next
        if status == -signal.SIGKILL:
            status, _ = _fork(lambda _tell: look(place, told))  # noqa: B023
        if status:
            sys.stderr.write(f"killed before line {number}, {sorted(told)} told: {place}\n")
            return 1
    sys.stdout.write(f"{len(numbers)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
