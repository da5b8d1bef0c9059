"""Child processes of the simulator itself (git, mmdebstrap, the local engine's launcher): argv only, never a shell.

Commands of workflow steps do not come through here: they run inside a sandbox.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from simulator.errors import ProcessError

Child = subprocess.Popen[bytes]

_LAST_LINES = 15
GRACE = 5.0  # seconds between SIGTERM and SIGKILL


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """A program that ended."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text, without the last line feed."""
        return self.stdout.decode(errors="replace").rstrip("\n")

    @property
    def complaint(self) -> str:
        """What the program said of its failure, on one line."""
        text = (self.stderr or self.stdout).decode(errors="replace").strip()
        return " ".join(text.split()) or f"exit code {self.code}"


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    clean_env: bool = False,
    stdin: bytes = b"",
    timeout: float | None = None,
    check: bool = True,
) -> Completed:
    """Run a program to its end.

    `env` is added to this process's environment, or with `clean_env` is all of it. Raises ProcessError when the
    program is missing, takes longer than `timeout` seconds, or (with `check`) ends with another code than 0.
    """
    words = tuple(str(word) for word in argv)
    with start(words, cwd=cwd, env=env, clean_env=clean_env) as child:
        try:
            out, err = child.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            stop(child)
            raise ProcessError(f"{words[0]} took longer than {timeout:g} s", hint=f"Run: {' '.join(words)}") from error
        except BaseException:
            stop(child)
            raise
    done = Completed(argv=words, code=child.returncode, stdout=out, stderr=err)
    if check and done.code != 0:
        raise ProcessError(f"{words[0]} failed: {done.complaint}", hint=f"Run: {' '.join(words)}")
    return done


def read_head(
    argv: Sequence[str | Path], most: int, *, cwd: Path | None = None, env: Mapping[str, str]
) -> bytes | None:
    """What a program prints, as far as `most` bytes; one that has more to print is ended. None when it fails.

    `env` is all of its environment. Raises ProcessError when the program is missing.
    """
    with start(argv, cwd=cwd, env=env, clean_env=True, stderr=subprocess.DEVNULL) as child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.close()
            data = child.stdout.read(most)
            is_cut = len(data) == most
            if not is_cut:
                child.wait()
        finally:
            stop(child)
    return data if is_cut or child.returncode == 0 else None


def stream(argv: Sequence[str | Path], on_line: Callable[[str], None], *, env: Mapping[str, str] | None = None) -> None:
    """Run a program to its end and hand over each line of its output and error; `env` as in `run`.

    Raises ProcessError, with the last lines, when the program is missing or ends with another code than 0.
    """
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with start(argv, env=env, stderr=subprocess.STDOUT) as child:
        try:
            if child.stdin is not None:
                child.stdin.close()
            for raw in child.stdout or ():
                line = raw.decode(errors="replace").rstrip("\r\n")
                last.append(line)
                on_line(line)
        except BaseException:
            stop(child)
            raise
    if child.returncode != 0:
        words = " ".join(str(word) for word in argv)
        said = "\n".join(last) or f"exit code {child.returncode}"
        raise ProcessError(f"{argv[0]} failed: {said}", hint=f"Run: {words}")


def start(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    clean_env: bool = False,
    pass_fds: Sequence[int] = (),
    stderr: IO[bytes] | int = subprocess.PIPE,
    apart: bool = False,
) -> Child:
    """Start a program with pipes to all of its streams; the caller ends it with `stop`.

    With `apart` it is in a session of its own, where no Ctrl-C reaches it.
    With `clean_env` the program sees `env` alone. Raises ProcessError when the program is missing.
    """
    words = [str(word) for word in argv]
    environment = dict(env or {}) if clean_env else {**os.environ, **(env or {})}
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=apart,
        )
    except OSError as error:
        if cwd is not None and not cwd.is_dir():
            raise ProcessError(f"Cannot run {words[0]} in {cwd}: {error.strerror}", hint="Was it removed?") from error
        raise ProcessError(f"Cannot run {words[0]}: {error.strerror}", hint=f"Install {words[0]}.") from error


def stop(child: Child, *, patience: float = 0.0, grace: float = GRACE) -> int:
    """End a program that `start` made; safe to call twice.

    It gets `patience` seconds to end by itself, then SIGTERM, and SIGKILL after `grace` seconds more.
    """
    steps: tuple[Callable[[], None], ...] = (child.terminate, child.kill)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    for step in steps:
        if child.poll() is not None:
            break
        step()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    return child.wait()
