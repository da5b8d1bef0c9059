"""Any sequence of uploads, exchanges, deletions, crashes and days: the index has what the contract lets it have."""

from __future__ import annotations

import functools
import gc
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from packaging.utils import canonicalize_name
from packaging.version import Version

from simulator.twins.oidc import Issuer
from simulator.twins.pypi.catalogue import Status
from simulator.twins.pypi.store import Staged, Store

from .desk import Desk, minting_error, said
from .distributions import Form, sdist, wheel
from .driving import Clock, publisher

DAY: Final = 86_400
NAMES: Final = (
    *("demo", "Demo", "d.e-m_o", "dem0"),
    *("other", "0ther", "left-pad", "Left_Pad"),
    *("waiting", "wa1ting", "asyncio"),
)
VERSIONS: Final = ("1.0", "1.0.0", "1.0-1", "2.0a1", "2.0-alpha1", "2")
KINDS: Final = ("sdist", "py2", "py3")
SHARED: Final = ("demo", "other")
PUBLISHERS: Final = (
    *(publisher(project=name, environment="shared") for name in SHARED),
    publisher(project="waiting", environment="pending", pending=True),
)


MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing here is about what a disk remembers
CLOCK: Final = Clock()
ISSUER: Final = Issuer(CLOCK)  # one for all: making its key takes long


@functools.cache
def form_of(name: str, version: str, kind: str, variant: int) -> Form:
    """An upload; wheels for either Python have the same content."""
    stem, normal = canonicalize_name(name).replace("-", "_"), str(Version(version))
    if kind == "sdist":
        form = Form(filename=f"{stem}-{normal}.tar.gz", content=sdist(stem, normal, f"Keywords: {variant}"))
    else:
        content = wheel(stem, normal, body=f"variant = {variant}\n")
        form = Form(filename=f"{stem}-{normal}-{kind}-none-any.whl", content=content)
    return form.but(name=name, version=version)


def alike(one: str, other: str) -> bool:
    def spelled(name: str) -> str:
        return (
            name.lower().replace("l", "1").replace("i", "1").replace("o", "0").translate(str.maketrans("", "", ".-_"))
        )

    return spelled(one) == spelled(other)


@dataclass(frozen=True, kw_only=True)
class Taken:
    project: str
    version: Version
    kind: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """A token; `projects` are those of a publisher's token, None for a user's."""

    text: str
    made: float
    projects: tuple[str, ...] | None


@dataclass
class Model:
    """What the contract says that there is."""

    projects: set[str] = field(default_factory=set)
    ids: dict[str, int] = field(default_factory=dict)  # how often a project was made: another one has another id
    releases: dict[tuple[str, Version], float] = field(default_factory=dict)
    files: dict[str, Taken] = field(default_factory=dict)
    burnt: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    created: list[float] = field(default_factory=list)
    pending: str = "waits"

    def fault_of_name(self, name: str) -> str | None:
        if name == "asyncio":
            return "isn't allowed (conflict with Python Standard Library module name)"
        return "is too similar to an existing project" if any(alike(name, known) for known in self.projects) else None

    def add_project(self, name: str) -> None:
        self.projects.add(canonicalize_name(name))

    def refusal(self, form: Form, token: Held, now: float) -> str | None:
        """Part of the words; "" for the identical file, None for one that is taken."""
        name = str(form.data["name"])
        project, version = canonicalize_name(name), Version(str(form.data["version"]))
        return (
            self._refusal_of_project(name, project, token, now)
            or self._refusal_of_token(project, token, now)
            or self._refusal_of_file(form, project, version, now)
        )

    def _refusal_of_project(self, name: str, project: str, token: Held, now: float) -> str | None:
        if project in self.projects:
            return None
        if token.projects is not None:
            return "Non-user identities cannot create new projects."
        if len([at for at in self.created if at > now - 3600]) >= 20:
            return "Too many new projects created"
        return self.fault_of_name(name)

    def _refusal_of_token(self, project: str, token: Held, now: float) -> str | None:
        if token.projects is not None and (project not in token.projects or now >= token.made + 900):
            return "Invalid API Token: "
        return "isn't allowed to upload to project" if project in self.archived else None

    def _refusal_of_file(self, form: Form, project: str, version: Version, now: float) -> str | None:
        sha256 = hashlib.sha256(form.content).hexdigest()
        same_name, same_content = self.files.get(form.filename), [f for f in self.files.values() if f.sha256 == sha256]
        if same_name and same_name.sha256 == sha256:
            return ""
        if same_name or same_content:
            return "File already exists"
        if form.filename in self.burnt:
            return "This filename was previously used"
        created = self.releases.get((project, version))
        if created is not None and now - created > 14 * DAY:
            return "older than 14 days"
        others = [taken for taken in self.files.values() if (taken.project, taken.version) == (project, version)]
        if form.filename.endswith(".tar.gz") and any(taken.kind == "sdist" for taken in others):
            return "Only one sdist may be uploaded per release."
        return None

    def take(self, form: Form, now: float) -> None:
        project, version = canonicalize_name(str(form.data["name"])), Version(str(form.data["version"]))
        if project not in self.projects:
            self.add_project(project)
            self.created.append(now)
        self.releases.setdefault((project, version), now)
        kind, sha256 = str(form.data["filetype"]), hashlib.sha256(form.content).hexdigest()
        self.files[form.filename] = Taken(project=project, version=version, kind=kind, sha256=sha256)

    def delete(self, filename: str) -> None:
        del self.files[filename]
        self.burnt.add(filename)


class CrashError(Exception):
    """The process is gone after the file was moved and before the transaction ended."""


class CrashingStore(Store):
    """Crashes on demand at the worst place."""

    crashes = False

    def place(self, staged: Staged, filename: str) -> None:
        super().place(staged, filename)
        if self.crashes:
            raise CrashError


class Sequences(RuleBasedStateMachine):
    tokens: Bundle[Held] = Bundle("tokens")
    exchanged: Bundle[str] = Bundle("exchanged")

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.clock, self.model = Path(tempfile.mkdtemp(dir=MEMORY)), CLOCK, Model()
        self.clock.now = Clock().now
        self.open()

    def open(self) -> None:
        store = CrashingStore(self.folder)
        desk = Desk(self.folder, publishers=PUBLISHERS, clock=self.clock, store=store, issuer=ISSUER)
        self.desk = desk.__enter__()

    def close(self) -> None:
        self.desk.__exit__(None, None, None)
        del self.desk
        gc.collect()

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    @initialize(target=tokens)
    def user(self) -> Held:
        return Held(text=self.desk.user_token(), made=self.clock.now, projects=None)

    @rule(
        token=tokens,
        name=st.sampled_from(NAMES),
        version=st.sampled_from(VERSIONS),
        kind=st.sampled_from(KINDS),
        variant=st.integers(0, 1),
        times=st.integers(1, 2),
    )
    def upload(self, token: Held, name: str, version: str, kind: str, variant: int, times: int) -> None:
        form = form_of(name, version, kind, variant)
        for _ in range(times):
            self._upload(form, token)

    def _upload(self, form: Form, token: Held) -> None:
        expected, before = self.model.refusal(form, token, self.clock.now), self.everything()
        answer = self.desk.upload(form, token.text)
        if expected is None:
            assert answer.status_code == 200, answer.text
            self.model.take(form, self.clock.now)
            return
        assert self.everything() == before, "what is refused, and what is there already, changes nothing"
        if not expected:
            assert answer.status_code == 200, answer.text
            return
        status, words = said(answer)
        is_purged = token.projects is not None and self.clock.now > token.made + DAY
        assert status in {400, 403, 429}
        assert expected in words or (is_purged and "Invalid or non-existent authentication" in words), words

    @rule(
        token=tokens,
        name=st.sampled_from(NAMES),
        version=st.sampled_from(VERSIONS),
        kind=st.sampled_from(KINDS),
    )
    def crash_within_an_upload(self, token: Held, name: str, version: str, kind: str) -> None:
        form = form_of(name, version, kind, 0)
        if self.model.refusal(form, token, self.clock.now) is not None:
            return
        assert isinstance(self.desk.store, CrashingStore)
        self.desk.store.crashes = True
        try:
            self.desk.upload(form, token.text)
        except CrashError:
            self.reopen()
        else:
            raise AssertionError("it did not crash")

    @rule()
    def reopen(self) -> None:
        self.close()
        self.open()

    @rule(seconds=st.sampled_from((1, 60, 899, 3600, DAY, 14 * DAY)))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(target=tokens, environment=st.sampled_from(("shared", "pending", "nobody")))
    def exchange(self, environment: str) -> Any:
        answer = self.desk.mint(environment=environment)
        projects, error = self._exchanged(environment)
        if error:
            code, words = minting_error(answer)
            assert (code, error[1] in words) == (error[0], True), words
            return multiple()
        assert answer.status_code == 200, answer.text
        return Held(text=answer.json()["token"], made=self.clock.now, projects=projects)

    def _exchanged(self, environment: str) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        """The projects of the token, or code and words of the refusal; makes what the exchange makes."""
        model = self.model
        unknown = ("invalid-publisher", "Publisher with matching claims was not found")
        if environment == "nobody" or (environment == "pending" and model.pending == "gone"):
            return (), unknown
        if environment == "pending" and model.pending == "waits" and "waiting" in model.projects:
            model.pending = "gone"
            return (), ("invalid-pending-publisher", "valid token, but project already exists")
        projects = SHARED if environment == "shared" else ("waiting",)
        made: list[str] = []
        for name in projects:
            if name not in model.projects:
                if fault := model.fault_of_name(name):
                    model.projects.difference_update(made)
                    return (), ("invalid-payload", fault)
                model.add_project(name)
                made.append(name)
        if environment == "pending":
            model.pending = "ordinary"
        return projects, None

    @rule()
    def replay(self) -> None:
        token = self.desk.id_token(environment="shared")
        first = self.desk.mint(token)
        _, error = self._exchanged("shared")
        assert (first.status_code == 200) is (error is None)
        if error is None:
            assert minting_error(self.desk.mint(token))[0] == "invalid-reuse-token"

    @rule(data=st.data())
    def delete_file(self, data: st.DataObject) -> None:
        if not self.model.files:
            return
        filename = data.draw(st.sampled_from(sorted(self.model.files)))
        with self.desk.store.transaction() as catalogue:
            catalogue.remove_file(filename)
        self.model.delete(filename)

    @rule(data=st.data(), is_archived=st.booleans())
    def archive(self, data: st.DataObject, is_archived: bool) -> None:
        if not self.model.projects:
            return
        name = data.draw(st.sampled_from(sorted(self.model.projects)))
        with self.desk.store.transaction() as catalogue:
            project = catalogue.project(name)
            assert project
            catalogue.set_status(project, Status.ARCHIVED if is_archived else None)
        (self.model.archived.add if is_archived else self.model.archived.discard)(name)

    def everything(self) -> Sequence[str]:
        """The whole database, but for what is remembered of a use."""
        database = sqlite3.connect(self.folder / "index.sqlite3")
        try:
            return list(database.iterdump())
        finally:
            database.close()

    @invariant()
    def it_has_what_the_model_has(self) -> None:
        store = self.desk.store
        with store.reading() as catalogue:
            projects = [project.name for project in catalogue.projects()]
            files = {file.filename: file for project in projects for file in catalogue.files(project)}
            releases = {(each.project, Version(each.version)) for name in projects for each in catalogue.releases(name)}
        assert set(projects) == self.model.projects
        assert releases == set(self.model.releases)
        assert {name: file.sha256 for name, file in files.items()} == {
            name: taken.sha256 for name, taken in self.model.files.items()
        }
        for name, file in files.items():
            assert hashlib.sha256((store.packages / name).read_bytes()).hexdigest() == file.sha256
        assert not any((self.folder / "staging").iterdir())

    @invariant()
    def it_has_nothing_that_the_contract_forbids(self) -> None:
        taken = list(self.model.files.values())
        sdists = [(each.project, each.version) for each in taken if each.kind == "sdist"]
        assert len(sdists) == len(set(sdists))
        assert len({each.sha256 for each in taken}) == len(taken)
        assert not self.model.burnt & set(self.model.files)
        names = sorted(self.model.projects)
        assert not [(one, other) for one in names for other in names if one < other and alike(one, other)]

    @invariant()
    def its_pages_show_the_files(self) -> None:
        for name in sorted(self.model.projects)[:2]:
            page = self.desk.get(f"/simple/{name}/")
            shown = {file for file in (*self.model.files, *self.model.burnt) if f">{file}</a>" in page.text}
            assert shown == {file for file, each in self.model.files.items() if each.project == name}


TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
