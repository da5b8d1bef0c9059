"""The first process of a sandbox: runs commands and moves files for pysim, over JSON lines on its standard streams.

Knows no workflow and no engine. Standard library only, Python 3.8 or newer. One thread and one `poll`, so that `fork`
is safe and nothing that a command does can block another; the end of standard input ends the sandbox.

Started as `agent.py CONFIG` with CONFIG a JSON object: `user` and `group` (numbers that commands run as; null when the
agent itself is that user) and `forwarder` (an argv that says `ready` on its standard output).

Requests, one JSON object a line, `id` chosen by pysim:
  {id, op: "run", argv, cwd, env, timeout, root, files: {path: [data, mode]}, collect: [path]}
      answers {id, out}... {id, done: {code, reason, error, files: {path: data}, large: [path]}}
  {id, op: "cancel"}                                   ends the command of that id
  {id, op: "write", path, mode, data, more}            repeated with the same id while `more`
  {id, op: "copy", path, data, more}                   the same; the data is a tar archive
  {id, op: "read", path, most}                         answers {id, out}..., `most` bytes of it
  {id, op: "which", program, path}
  {id, op: "orphans", variable: "NAME=value"}          answers {id, done: [[pid, name]]}
  {id, op: "serve", argv}                              a program that stays and says `ready`, as the agent's own user
Each ends with {id, done: value} or {id, error: {type, message}}. Data is base64.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import errno
import grp
import io
import json
import os
import pwd
import select
import signal
import stat
import sys
import tarfile
import tempfile
import time
from typing import IO, Any, Callable, Iterator  # noqa: UP035

CHUNK = 65536
LONGEST_LINE = (1 << 20) + 1  # bytes of output up to a line feed; by one more than it shows pysim knows of the cut
OUTBOX_LIMIT = 1 << 20  # past this many bytes not yet taken by pysim, commands are left to wait
LONGEST_PAUSE = 86400.0  # seconds; poll takes no more than an int of milliseconds
OOM_SCORE = "500"  # as GitHub's runner has it: where memory is short, a command is ended before the sandbox
OUTPUT_GRACE = 5.0  # seconds that a child may keep the output open after its command ended
PR_SET_DUMPABLE = 4  # linux/prctl.h
STAGES = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, None))  # as GitHub's runner ends a step


class Running:
    """A command that was started and not yet reported."""

    def __init__(self, number: int, pid: int, pipe: int, timeout: float | None, collect: list[str]) -> None:
        self.number = number
        self.collect = collect
        self.pid = pid
        self.pipe: int | None = pipe
        self.line = 0  # bytes of output since its last line feed
        self.code: int | None = None
        self.reason = "exited"
        self.stages = iter(STAGES)
        self.deadline = None if timeout is None else time.monotonic() + timeout

    def cut(self, data: bytes) -> bytes:
        """The output, at most a CHUNK, without what its first line has beyond the longest."""
        first, feed, rest = data.partition(b"\n")
        shown = first[: max(0, LONGEST_LINE - self.line)] + feed + rest
        self.line = len(data) - data.rfind(b"\n") - 1 if feed else self.line + len(first)
        return shown

    def end(self, reason: str) -> None:
        """Begin the three steps, unless they have begun."""
        if self.code is None and self.reason == "exited":
            self.reason = reason
            self.next_stage()

    def next_stage(self) -> None:
        number, wait = next(self.stages)
        self.deadline = None if wait is None else time.monotonic() + wait
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def ended(self, status: int) -> None:
        """Take the wait status of the command's own process."""
        self.code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        self.deadline = time.monotonic() + OUTPUT_GRACE

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.code is None and self.deadline is not None and now >= self.deadline:
            if self.reason == "exited":
                self.end("timed-out")
            else:
                self.next_stage()

    def hold(self, now: float) -> None:
        """Let no time pass for the output that is left: pysim is what it waits for."""
        if self.code is not None:
            self.deadline = now + OUTPUT_GRACE

    def finished(self, now: float) -> bool:
        return self.code is not None and (self.pipe is None or (self.deadline is not None and now >= self.deadline))


class Agent:
    """The state of the sandbox's first process."""

    def __init__(self, user: int | None, group: int | None, forwarder: list[str]) -> None:
        self.user = user
        self.group = group
        self.groups = groups_of(user, group)
        self.forwarder = forwarder
        self.forwarder_pid = 0
        self.running: dict[int, Running] = {}
        self.pipes: dict[int, Running | None] = {}  # None: nobody waits for this output any more
        self.uploads: dict[int, IO[bytes] | None] = {}  # None: failed, the rest is dropped
        self.downloads: dict[int, IO[bytes]] = {}
        self.inbox = bytearray()
        self.outbox = bytearray()
        self.operations: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "run": self.run,
            "cancel": self.cancel,
            "write": self.upload,
            "copy": self.upload,
            "read": self.read,
            "which": self.which,
            "orphans": self.orphans,
            "serve": self.serve_also,
        }

    def serve(self) -> None:
        """Answer requests until standard input ends."""
        wake, wake_write = os.pipe()
        for end in (wake, wake_write, 1):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.start_forwarder()
        self.send(done={"pid": os.getpid()}, id=0)
        while True:
            for ready, _ in self.poller(wake).poll(self.pause()):
                if ready == 0:
                    self.receive()
                elif ready == wake:
                    os.read(wake, CHUNK)
                elif ready != 1:
                    self.output(ready)
            self.reap()
            self.pump_downloads()
            self.finish()
            self.flush()

    def poller(self, wake: int) -> select.poll:
        poller = select.poll()
        poller.register(0, select.POLLIN)
        poller.register(wake, select.POLLIN)
        if self.outbox:
            poller.register(1, select.POLLOUT)
        for pipe, command in self.pipes.items():
            if command is None or len(self.outbox) < OUTBOX_LIMIT:
                poller.register(pipe, select.POLLIN)
        return poller

    def pause(self) -> float | None:
        """Milliseconds until something is due."""
        if self.downloads and len(self.outbox) < OUTBOX_LIMIT:
            return 0
        due = [command.deadline for command in self.running.values() if command.deadline is not None]
        return min(max(0.0, min(due) - time.monotonic()), LONGEST_PAUSE) * 1000 + 1 if due else None

    def send(self, **message: Any) -> None:
        self.outbox += json.dumps(message).encode() + b"\n"

    def flush(self) -> None:
        while self.outbox:
            try:
                sent = os.write(1, self.outbox[:CHUNK])
            except BlockingIOError:
                return
            except BrokenPipeError:
                os._exit(0)
            del self.outbox[:sent]

    def receive(self) -> None:
        data = os.read(0, CHUNK)
        if not data:
            os._exit(0)
        self.inbox += data
        if b"\n" in data:
            *lines, rest = bytes(self.inbox).split(b"\n")
            self.inbox = bytearray(rest)
            for line in lines:
                self.request(json.loads(line))

    def request(self, request: dict[str, Any]) -> None:
        number = request["id"]
        try:
            self.operations[request["op"]](number, request)
        except (OSError, tarfile.TarError) as error:
            if request.get("more"):
                self.uploads[number] = None
            self.send(id=number, error={"type": type(error).__name__, "message": str(error)})

    # Commands

    def run(self, number: int, request: dict[str, Any]) -> None:
        error = self.bring(request["files"])
        if error is not None:
            self.ended(number, 126, "exited", [], error)
            return
        become = None if request["root"] else self.become_user
        pid, pipe, failure = spawn(request["argv"], request["cwd"], request["env"], become)
        if failure:
            os.close(pipe)
            os.waitpid(pid, 0)
            error = (
                f"An error occurred trying to start process '{request['argv'][0]}'"
                f" with working directory '{request['cwd']}'. {os.strerror(failure[1])}"
            )
            code = 127 if failure == ("exec", errno.ENOENT) else 126
            self.ended(number, code, "exited", request["collect"], error)
            return
        command = Running(number, pid, pipe, request["timeout"], request["collect"])
        self.running[pid] = self.pipes[pipe] = command

    def bring(self, files: dict[str, tuple[str, int]]) -> str | None:
        """Write a command's files; why one could not be, for which an earlier command or a full disk is to blame."""
        with self.as_user():
            for path, (data, mode) in files.items():
                try:
                    write_file(io.BytesIO(base64.b64decode(data)), path, mode)
                except OSError as error:
                    return f"{error.strerror}: '{path}'"
        return None

    def ended(self, number: int, code: int | None, reason: str, collect: list[str], error: str | None = None) -> None:
        files, large = gather(collect)
        self.send(id=number, done={"code": code, "reason": reason, "error": error, "files": files, "large": large})

    def become_user(self) -> None:
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write(OOM_SCORE)
        if self.user is None or self.group is None:
            return
        os.setgroups(self.groups)
        os.setgid(self.group)
        os.setuid(self.user)

    def cancel(self, number: int, _: dict[str, Any]) -> None:
        for command in self.running.values():
            if command.number == number:
                command.end("cancelled")

    def output(self, pipe: int) -> None:
        data = os.read(pipe, CHUNK)
        command = self.pipes[pipe]
        if not data:
            self.pipes.pop(pipe)
            os.close(pipe)
            if command is not None:
                command.pipe = None
        elif command is not None and (shown := command.cut(data)):
            self.send(id=command.number, out=base64.b64encode(shown).decode())

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.running:
                self.running[pid].ended(status)
            elif pid == self.forwarder_pid:
                self.start_forwarder()

    def finish(self) -> None:
        """Report the commands whose process ended and whose output is complete or waited for long enough."""
        now = time.monotonic()
        for pid, command in list(self.running.items()):
            command.tick(now)
            if command.pipe is not None and len(self.outbox) >= OUTBOX_LIMIT:
                command.hold(now)
            if not command.finished(now):
                continue
            del self.running[pid]
            if command.pipe is not None:
                self.pipes[command.pipe] = None
            if command.reason != "exited":
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            self.ended(command.number, command.code, command.reason, command.collect)

    def start_forwarder(self) -> None:
        self.forwarder_pid, trouble = self.start_server(self.forwarder)
        if trouble:
            self.send(id=0, error={"type": "OSError", "message": f"the forwarder did not start: {trouble}"})
            self.flush()
            os._exit(1)

    def serve_also(self, number: int, request: dict[str, Any]) -> None:
        _, trouble = self.start_server(request["argv"])
        if trouble:
            raise OSError(trouble)
        self.send(id=number, done=None)

    def start_server(self, argv: list[str]) -> tuple[int, str]:
        """Start a program that stays: its pid, and why it did not say that it is ready, if so."""
        pid, pipe, failure = spawn(argv, "/", dict(os.environ), None)
        said = b""
        while not failure and b"\n" not in said:
            data = os.read(pipe, CHUNK)
            if not data:
                break
            said += data
        if said == b"ready\n":
            self.pipes[pipe] = None
            return pid, ""
        os.close(pipe)
        return pid, said.decode(errors="replace").strip() or str(failure)

    # Files

    @contextlib.contextmanager
    def as_user(self) -> Iterator[None]:
        """Act on files as the user that commands run as."""
        if self.user is None or self.group is None:
            yield
            return
        os.setegid(self.group)
        os.seteuid(self.user)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)

    def upload(self, number: int, request: dict[str, Any]) -> None:
        if number not in self.uploads:
            self.uploads[number] = tempfile.SpooledTemporaryFile(max_size=OUTBOX_LIMIT)  # noqa: SIM115
        content = self.uploads[number]
        if not request["more"]:
            del self.uploads[number]
        if content is None:
            return
        content.write(base64.b64decode(request["data"]))
        if request["more"]:
            return
        content.seek(0)
        with content, self.as_user():
            path = request["path"]
            unpack(content, path) if request["op"] == "copy" else write_file(content, path, request["mode"])
        self.send(id=number, done=None)

    def read(self, number: int, request: dict[str, Any]) -> None:
        path = request["path"]
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        with open(path, "rb") as source:
            self.downloads[number] = io.BytesIO(source.read(request["most"]))

    def pump_downloads(self) -> None:
        for number, content in list(self.downloads.items()):
            if len(self.outbox) >= OUTBOX_LIMIT:
                return
            data = content.read(CHUNK)
            if data:
                self.send(id=number, out=base64.b64encode(data).decode())
            else:
                content.close()
                del self.downloads[number]
                self.send(id=number, done=None)

    def which(self, number: int, request: dict[str, Any]) -> None:
        folders = (folder for folder in request["path"].split(os.pathsep) if folder.startswith("/"))
        paths = (os.path.join(folder, request["program"]) for folder in folders)
        usable = (path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK))
        self.send(id=number, done=next(usable, None))

    def orphans(self, number: int, request: dict[str, Any]) -> None:
        ended = end_marked(request["variable"])
        with self.as_user():  # without CAP_SYS_PTRACE not even root may look at the processes of another user
            ended.update(end_marked(request["variable"]))
        self.send(id=number, done=list(ended.items()))


def end_marked(variable: str) -> dict[int, str]:
    """Kill the processes with a variable in their environment that this user may look at: number and name of each."""
    ended = {}
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as variables:
            if variable.encode() in variables.read().split(b"\0"):
                with open(f"/proc/{pid}/comm", errors="replace") as name:
                    ended[int(pid)] = name.read().rstrip("\n")
                os.kill(int(pid), signal.SIGKILL)
    return ended


def gather(paths: list[str]) -> tuple[dict[str, str], list[str]]:
    """The files that are there: the content of those up to a chunk, and the paths of larger ones."""
    files: dict[str, str] = {}
    large = []
    for path in paths:
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(os.stat(path).st_mode):
                continue
            with open(path, "rb") as source:
                data = source.read(CHUNK + 1)
            if len(data) > CHUNK:
                large.append(path)
            else:
                files[path] = base64.b64encode(data).decode()
    return files, large


def groups_of(user: int | None, group: int | None) -> list[int]:
    """The supplementary groups of the user that commands run as."""
    if user is None or group is None:
        return []
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        return [group]
    return [group, *(entry.gr_gid for entry in grp.getgrall() if name in entry.gr_mem)]


def spawn(
    argv: list[str], cwd: str, env: dict[str, str], become: Callable[[], None] | None
) -> tuple[int, int, tuple[str, int] | None]:
    """Start a program in a session of its own: its pid, the pipe of its output, and why it did not start, if so."""
    pipe, pipe_write = os.pipe()
    trouble, trouble_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(argv, cwd, env, become, pipe_write, trouble_write)
    os.close(pipe_write)
    os.close(trouble_write)
    with open(trouble, "rb") as report:
        said = report.read().decode()
    stage, _, number = said.partition(" ")
    return pid, pipe, (stage, int(number)) if said else None


def child(
    argv: list[str], cwd: str, env: dict[str, str], become: Callable[[], None] | None, output: int, trouble: int
) -> None:
    """The life of a started process up to its program. Never returns."""
    stage = "start"
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        if become is not None:
            become()
        os.umask(0o022)
        stage = "cwd"
        os.chdir(cwd)
        stage = "exec"
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        os.write(trouble, f"{stage} {error.errno}".encode())
    finally:
        os._exit(127)


def write_file(content: IO[bytes], path: str, mode: int) -> None:
    """Write a file, making its folders."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as target:
        for data in iter(lambda: content.read(CHUNK), b""):
            target.write(data)
        os.fchmod(target.fileno(), mode)


def unpack(content: IO[bytes], path: str) -> None:
    """Unpack a tar archive into a folder, making it."""
    os.makedirs(path, exist_ok=True)
    with tarfile.open(fileobj=content, mode="r:") as archive:
        archive.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        archive.extractall(path)  # noqa: S202


def main() -> None:
    """Serve as the configuration on the command line says."""
    config = json.loads(sys.argv[1])
    # Commands may be of the agent's own user: this keeps them from tracing it and from its streams in /proc/1/fd.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    Agent(config["user"], config["group"], config["forwarder"]).serve()


if __name__ == "__main__":
    main()
