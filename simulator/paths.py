"""Where pysim keeps things: `.pysim/` in the repository, one folder a run, and the folders of this machine.

Owns names and places, and who a run or a temporary folder belongs to; of what is in the files it knows the
mark of what pysim made.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from simulator.errors import UsageError
from simulator.made_by import MARK, is_marked, mark, user_key
from simulator.remedies import Act, remedy
from simulator.safe_files import first_link, is_component, open_folder, read_file, write_new

_RUN_ID: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_TIME: Final = "%Y%m%d-%H%M%S"
_TIME_LENGTH: Final = len("20261123-074455")
_LONGEST_NAME: Final = 40
_LONGEST_OWNER: Final = 200  # bytes
_IGNORE: Final = ".gitignore"
_WRITABLE: Final = "Make the folder writable, or rehearse a copy of the repository."
_DATA_HOME: Final = "Set XDG_DATA_HOME to a folder that you can write."
_OWNER: Final = r"(\d{1,10})-(\d*)-([0-9a-f]*)"
_TEMPORARY: Final = re.compile(rf"pysim-[a-z]+-({_OWNER})-\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A process of this machine, told apart from a later one with the same number by when it started.

    `boot` begins the kernel's boot id and `started` is the start in clock ticks since then (proc(5), /proc/[pid]/stat,
    field 22); both are empty where there is no /proc, and the number alone decides. Good within one PID namespace.
    `str()` of it can be part of a file name.
    """

    pid: int
    boot: str
    started: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        return cls(pid=os.getpid(), boot=_boot_id(), started=_start_of(os.getpid()) or "")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The owner that `str()` wrote; None when the text is none (a file cut short)."""
        match = re.fullmatch(_OWNER, text)
        return cls(pid=int(match[1]), started=match[2], boot=match[3]) if match else None

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        if self.started:
            return (self.boot, self.started) == (_boot_id(), _start_of(self.pid))
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def __str__(self) -> str:
        return f"{self.pid}-{self.started}-{self.boot}"


def _boot_id() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    return ""


def _start_of(pid: int) -> str | None:
    """Start time of a process that runs; a zombie, which only waits to be noticed, counts as gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes().decode(errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run; its name is the run's id."""

    path: Path

    @property
    def id(self) -> str:
        """Like 20261123-074455-3f9a: UTC and four random digits, sorted by time."""
        return self.path.name

    @property
    def named_at(self) -> float:
        """When it was made, as its name says, in seconds since the epoch; 0 for a name that is no id."""
        with suppress(ValueError):
            return datetime.strptime(self.id[:_TIME_LENGTH], _TIME).replace(tzinfo=UTC).timestamp()
        return 0.0

    @property
    def events(self) -> Path:
        """The record: one event a line."""
        return self.path / "events.jsonl"

    @property
    def summary(self) -> Path:
        """The result; there once the run has ended."""
        return self.path / "summary.json"

    @property
    def page(self) -> Path:
        """The report as one HTML page; there once the run has ended."""
        return self.path / "report.html"

    @property
    def logs(self) -> Path:
        """A folder a job."""
        return self.path / "logs"

    @property
    def artifacts(self) -> Path:
        """What the jobs uploaded."""
        return self.path / "artifacts"

    @property
    def clone(self) -> Path:
        """The private bare clone with the candidate tag."""
        return self.path / "source.git"

    @property
    def owner_file(self) -> Path:
        """Who runs it; gone once the run was released."""
        return self.path / "owner"

    def log(self, job_id: str, number: int, step: str) -> Path:
        """The log of a step: `logs/<job>/<NN-step>.log`."""
        return self.logs / _file_name(job_id, unique=True) / f"{number:02d}-{_file_name(step, unique=False)}.log"

    def step_summary(self, job_id: str, number: int, step: str) -> Path:
        """What a step wrote to GITHUB_STEP_SUMMARY: beside its log, as Markdown."""
        return self.log(job_id, number, step).with_suffix(".md")

    @property
    def owner(self) -> Owner | None:
        """The process that makes this run; None when it was released, or died before it could say."""
        try:
            with open_folder(self.path) as folder:
                text = read_file(folder, self.owner_file.name, _LONGEST_OWNER)
            return Owner.parse(text.decode("ascii", "replace"))
        except OSError:
            return None

    @property
    def owner_alive(self) -> bool:
        """Whether the run is still being made; False means that what it left may be removed."""
        return (owner := self.owner) is not None and owner.alive

    def require_no_links(self) -> None:
        """See that nothing in it is a link: what is shown would lie elsewhere. Raises UsageError."""
        if (link := first_link(self.path)) is not None:
            raise UsageError(
                f"{link} is a link, and pysim makes none in the folder of a run: somebody else did.",
                hint=f"Look at where it leads, and remove {link}.",
            )

    def release(self) -> None:
        """The run is over. Safe to call twice."""
        self.owner_file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the folder, also when parts of it are read-only."""
        remove_folder(self.path)


def _file_name(text: str, *, unique: bool) -> str:
    """A name that any file system takes; with `unique`, another text never gives the same one."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")[:_LONGEST_NAME].rstrip("-.") or "step"
    if not unique or name == text:
        return name
    return f"{name}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """What pysim keeps in the repository at `root`: `.pysim/`, which tells git to ignore it."""

    root: Path

    @property
    def path(self) -> Path:
        """`.pysim/`."""
        return self.root / ".pysim"

    @property
    def runs(self) -> Path:
        """A folder a run."""
        return self.path / "runs"

    @property
    def index(self) -> Path:
        """The kept state of the local indexes: the baseline that runs work on copies of."""
        return self.path / "index"

    @property
    def cache(self) -> Path:
        """What jobs keep with the cache service: the entries of this repository."""
        return self.path / "cache"

    @property
    def cache_uploads(self) -> Path:
        """Where entries are until they are whole: a folder a process, whose name begins with its owner."""
        return self.cache / "uploads"

    def create(self) -> Path:
        """Make `.pysim/` and give it back. Raises UsageError where it cannot be, or is not pysim's own."""
        self._require_inside()
        with _writing(self.path, hint=_WRITABLE):
            self.path.mkdir(exist_ok=True)
        if not self._is_marked() and self._is_bare():
            self._mark()
        self.require_own()
        with _writing(self.path, hint=_WRITABLE), open_folder(self.path) as folder, suppress(FileExistsError):
            write_new(folder, _IGNORE, "*\n")
        return self.path

    def adopt(self) -> None:
        """Let what is there count as made by pysim for this user: somebody looked. Raises UsageError."""
        self._require_inside()
        self._mark()

    def require_own(self) -> None:
        """See that pysim made `.pysim/` for this user here, if it is there: it may have come with the repository.

        Raises UsageError where it did not, and where something in it leads elsewhere.
        """
        self._require_inside()
        if not os.path.lexists(self.path) or self._is_marked() or self._is_bare():
            return
        if not self._is_marked():  # another process may have marked and filled it meanwhile
            raise UsageError(
                f"{self.path} has no mark of having been made by pysim for you at this place: it may have come with "
                "the repository.",
                hint=f"Remove {self.path} to start anew, or take it over if it is your own.",
                remedies=(remedy(Act.ADOPT_STATE),),
            )

    def _mark(self) -> None:
        with _writing(data_folder(), hint=_DATA_HOME):
            key = user_key(data_folder())
        with _writing(self.path, hint=_WRITABLE), open_folder(self.path) as folder:
            mark(folder, self.root, key)

    def _is_marked(self) -> bool:
        with suppress(OSError), open_folder(self.path) as folder:
            return is_marked(folder, self.root, _data_path())
        return False

    def _is_bare(self) -> bool:
        """Whether nothing is in it that pysim would read: a file for git, and marks."""
        with suppress(OSError):
            return all(path.name == _IGNORE or path.name.startswith(MARK) for path in self.path.iterdir())
        return False

    def _require_inside(self) -> None:
        """See that nothing in it is a link: what pysim writes, removes or hands to jobs would be elsewhere.

        The one that pysim makes names a folder beside it.
        """
        runs = [*_entries(self.runs)]
        kept = (os.walk(folder) for folder in (self.index, self.cache))
        below = (Path(folder, name) for walk in kept for folder, *names in walk for name in itertools.chain(*names))
        for path in itertools.chain([self.path], _entries(self.path), runs, below):
            if path.is_symlink() and not (path.parent == self.index and is_component(str(path.readlink()))):
                raise UsageError(
                    f"{path} is a link: pysim keeps all that it writes in {self.path.name}/ itself",
                    hint=f"Remove {path}.",
                )

    def new_run(self, now: datetime) -> RunFolder:
        """Make the folder of a run that this process makes. Raises UsageError when the repository is not writable."""
        self.create()
        with _writing(self.runs, hint=_WRITABLE):
            self.runs.mkdir(exist_ok=True)
            run = RunFolder(_free_folder(self.runs, now))
            with open_folder(run.path) as folder:
                write_new(folder, run.owner_file.name, str(Owner.current()))
            run.logs.mkdir()
            run.artifacts.mkdir()
        return run

    def discard(self, run: RunFolder) -> None:
        """Remove a run in which nothing was rehearsed, and `.pysim/` with it when it holds nothing else."""
        run.remove()
        with suppress(OSError):
            self.runs.rmdir()
            if self._is_bare():
                shutil.rmtree(self.path)

    def run(self, run_id: str) -> RunFolder:
        """The folder of a run that was made before. Raises UsageError when there is none."""
        folder = RunFolder(self.runs / run_id)
        if folder not in self.all_runs():
            raise UsageError(f"There is no run {run_id} in {self.runs}", hint="The runs are the folders in there.")
        return folder

    def all_runs(self) -> tuple[RunFolder, ...]:
        """The runs, oldest first."""
        with suppress(OSError):
            return tuple(sorted((RunFolder(p) for p in self.runs.iterdir() if _is_run(p)), key=lambda run: run.id))
        return ()


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder that is no link; nothing of one that is not there."""
    with suppress(OSError), open_folder(folder) as handle, os.scandir(handle) as entries:
        yield from [folder / entry.name for entry in entries]


def _is_run(path: Path) -> bool:
    return _RUN_ID.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def _free_folder(runs: Path, now: datetime) -> Path:
    while True:
        path = runs / f"{now.astimezone(UTC):{_TIME}}-{secrets.token_hex(2)}"
        with suppress(FileExistsError):
            path.mkdir()
            return path


@contextlib.contextmanager
def _writing(path: Path, *, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"Cannot write {error.filename or path}: {error.strerror}", hint=hint) from error


def temporary_parents() -> tuple[Path, ...]:
    """Where temporary folders may lie: the usual place, and the one whose path is short enough for socket names."""
    return tuple(dict.fromkeys((Path(tempfile.gettempdir()).resolve(), Path("/tmp"))))  # noqa: S108 - as a parent alone


def make_temporary_folder(kind: str, parent: Path | None = None) -> Path:
    """A new folder for this process and user; its name says whose it is, from its first moment on.

    Raises UsageError where nothing can be written.
    """
    with _writing(Path(f"pysim-{kind}"), hint="Set TMPDIR to a folder that you can write and that has room."):
        return Path(tempfile.mkdtemp(prefix=f"pysim-{kind}-{Owner.current()}-", dir=parent or temporary_parents()[0]))


@contextlib.contextmanager
def temporary_folder(kind: str) -> Iterator[Path]:
    """The same for as long as the context; a killed process leaves it to `abandoned_folders`."""
    folder = make_temporary_folder(kind)
    try:
        yield folder
    finally:
        remove_folder(folder)


def temporary_folders(kind: str = "*", parents: Sequence[Path] | None = None) -> tuple[Path, ...]:
    """The folders of all processes that this user may remove; `parents` are other places than the usual ones."""
    places = temporary_parents() if parents is None else parents
    found = (folder for parent in places for folder in parent.glob(f"pysim-{kind}-*-*-*-*"))
    return tuple(folder for folder in sorted(found) if _TEMPORARY.fullmatch(folder.name) and _is_own(folder))


def abandoned_folders(kind: str = "*", parents: Sequence[Path] | None = None) -> tuple[Path, ...]:
    """Those of dead processes."""
    return tuple(folder for folder in temporary_folders(kind, parents) if not _owner_of(folder).alive)


def folders_of_the_dead(parent: Path) -> tuple[Path, ...]:
    """The folders in there whose names, up to the last dash, are those of processes that died."""
    with suppress(OSError):
        owned = [(folder, Owner.parse(folder.name.rpartition("-")[0])) for folder in sorted(parent.iterdir())]
        return tuple(folder for folder, owner in owned if owner is not None and not owner.alive)
    return ()


def _owner_of(folder: Path) -> Owner:
    match = _TEMPORARY.fullmatch(folder.name)
    owner = Owner.parse(match[1]) if match else None
    assert owner is not None
    return owner


def _is_own(folder: Path) -> bool:
    with suppress(OSError):
        return os.geteuid() in {0, folder.lstat().st_uid}
    return False


def remove_folder(path: Path) -> bool:
    """Delete a folder, also when parts of it are closed to their owner; whether it is gone."""
    for folder, names, _ in os.walk(path):
        for inner in (Path(folder, name) for name in names):
            if not inner.is_symlink():
                with suppress(OSError):
                    inner.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def cache_folder() -> Path:
    """What this machine keeps between runs of all repositories and can lose: made if missing. Raises UsageError."""
    from platformdirs import user_cache_path

    path = user_cache_path("pysim", appauthor=False)
    with _writing(path, hint="Set XDG_CACHE_HOME to a folder that you can write."):
        path.mkdir(parents=True, exist_ok=True)
    return path


def user_configuration() -> Path:
    """The file of this user's settings, which need not be there."""
    from platformdirs import user_config_path

    return user_config_path("pysim", appauthor=False) / "config.toml"


def as_written(path: Path) -> str:
    """A path as its user would write it: from the home folder on where it lies in there."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):  # a process may have no home
        return str(path)


def _data_path() -> Path:
    from platformdirs import user_data_path

    return user_data_path("pysim", appauthor=False)


def data_folder() -> Path:
    """What pysim keeps for this user and cannot lose: made if missing. Raises UsageError."""
    path = _data_path()
    with _writing(path, hint=_DATA_HOME):
        path.mkdir(parents=True, exist_ok=True)
    return path


def authority_folder() -> Path:
    """Where pysim's certificate authority lies, for this user alone: made if missing. Raises UsageError."""
    path = _data_path() / "authority"
    with _writing(path, hint=_DATA_HOME):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    return path
