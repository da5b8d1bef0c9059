"""What an index knows: projects, releases, files and tokens, in SQLite. Decides what is visible; holds no file."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias, cast

from packaging.utils import canonicalize_name

SCHEMA: Final = """
BEGIN;
CREATE TABLE IF NOT EXISTS project (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS release (
    project TEXT NOT NULL REFERENCES project (name), version TEXT NOT NULL, created REAL NOT NULL,
    metadata TEXT NOT NULL, PRIMARY KEY (project, version));
CREATE TABLE IF NOT EXISTS file (
    filename TEXT PRIMARY KEY, project TEXT NOT NULL, version TEXT NOT NULL, filetype TEXT NOT NULL,
    pyversion TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL, sha256 TEXT NOT NULL,
    blake2_256 TEXT NOT NULL UNIQUE, requires_python TEXT, uploaded REAL NOT NULL, run_id TEXT NOT NULL,
    job_id TEXT NOT NULL, FOREIGN KEY (project, version) REFERENCES release (project, version));
CREATE TABLE IF NOT EXISTS provenance (filename TEXT PRIMARY KEY REFERENCES file (filename), document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS file_of_release ON file (project, version);
CREATE TABLE IF NOT EXISTS burnt (filename TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS prohibited (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS flag (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS project_status (project TEXT PRIMARY KEY, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS user_creation (at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS token (
    id TEXT PRIMARY KEY, key BLOB NOT NULL, caveats TEXT NOT NULL, publisher TEXT, projects TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS used_id_token (jti TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pending (publisher TEXT, project TEXT, fate TEXT NOT NULL, PRIMARY KEY (publisher, project));
CREATE TABLE IF NOT EXISTS made (project TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS warned (token TEXT, project TEXT, PRIMARY KEY (token, project));
CREATE TABLE IF NOT EXISTS owner (project TEXT PRIMARY KEY, user TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS yanked (project TEXT, version TEXT, reason TEXT, PRIMARY KEY (project, version));
CREATE TABLE IF NOT EXISTS core_metadata (filename TEXT PRIMARY KEY, sha256 TEXT NOT NULL, content BLOB);
CREATE TABLE IF NOT EXISTS elsewhere (filename TEXT PRIMARY KEY, url TEXT NOT NULL, provenance TEXT);
CREATE TABLE IF NOT EXISTS serial (project TEXT PRIMARY KEY, number INTEGER NOT NULL);
COMMIT;
"""
FORGET_THE_RUN: Final = (
    "DELETE FROM token; DELETE FROM used_id_token; DELETE FROM user_creation; DELETE FROM made; DELETE FROM warned;"
)
"""What a kept index does not keep."""
Fate: TypeAlias = Literal["ordinary", "removed"]
"""What becomes of a pending publisher: it made its project and is an ordinary one, or its project was there."""


FILES_HERE: Final = "SELECT filename FROM file WHERE filename NOT IN (SELECT filename FROM elsewhere)"
"""The names of the files whose bytes are here: of those of the real index, only what it says of them is."""


class Flag(StrEnum):
    """A state of the whole index, or of the user whose tokens it knows."""

    READ_ONLY = "read-only"
    NO_UPLOADS = "disallow-new-upload"
    NO_PROJECTS = "disallow-new-project-registration"
    NO_ATTESTATIONS = "disable-pep740"
    NO_TRUSTED_PUBLISHING = "disallow-oidc"
    NO_GITHUB_PUBLISHING = "disallow-github-oidc"
    UNVERIFIED_EMAIL = "unverified-email"
    NO_SECOND_FACTOR = "no-two-factor"


class Status(StrEnum):
    """Why a project takes no files."""

    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    INACTIVE_ORGANIZATION = "inactive-organization"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project: its normalised name, and the name as its last upload wrote it."""

    id: str
    name: str
    display: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release; `version` is in PEP 440's normal form, `metadata` is that of its first file."""

    project: str
    version: str
    created: float
    metadata: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A visible file; the field names are the table's."""

    filename: str
    project: str
    version: str
    filetype: str
    pyversion: str
    size: int
    md5: str
    sha256: str
    blake2_256: str
    requires_python: str | None
    uploaded: float
    run_id: str
    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """Where the bytes of a file are that only the real index has, and whether it has attestations of it."""

    url: str
    provenance: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """An upload token; `publisher` is None for one that a user made, `projects` are normalised names."""

    id: str
    key: bytes
    caveats: Sequence[Sequence[Any]]
    publisher: str | None
    projects: Sequence[str]


class Catalogue:
    """One transaction on an index's database; make it with `Store.transaction`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def projects(self) -> Sequence[Project]:
        """All projects by name."""
        return [Project(**row) for row in self._rows("SELECT * FROM project ORDER BY name")]

    def project(self, name: str) -> Project | None:
        """A project by its name in any spelling."""
        rows = self._rows("SELECT * FROM project WHERE name = ?", canonicalize_name(name))
        return Project(**rows[0]) if rows else None

    def add_project(self, display: str) -> Project:
        """A new project, without a release."""
        project = Project(id=str(uuid.uuid4()), name=canonicalize_name(display), display=display)
        self._insert("project", id=project.id, name=project.name, display=project.display)
        self._insert("made", project=project.name)
        self._touch(project.name)
        return project

    def remove_project(self, project: Project) -> Sequence[str]:
        """Forget a project and all its releases, but not that its files' names are used; these names."""
        names = [file.filename for file in self.files(project.name)]
        self._remove_files(names)
        for table in ("yanked", "release", "owner", "project_status", "made", "serial"):
            self._database.execute(f"DELETE FROM {table} WHERE project = ?", (project.name,))  # noqa: S608
        self._database.execute("DELETE FROM project WHERE name = ?", (project.name,))
        return names

    def owner(self, project: str) -> str | None:
        """Somebody else who has a project; None when it is the user's."""
        rows = self._rows("SELECT user FROM owner WHERE project = ?", canonicalize_name(project))
        return str(rows[0]["user"]) if rows else None

    def set_owner(self, project: Project, user: str | None) -> None:
        """Let a project be somebody else's, or the user's."""
        self._database.execute("DELETE FROM owner WHERE project = ?", (project.name,))
        if user is not None:
            self._insert("owner", project=project.name, user=user)

    def serial(self, project: str) -> int:
        """The number of a project's last change."""
        rows = self._rows("SELECT number FROM serial WHERE project = ?", project)
        return int(rows[0]["number"]) if rows else 0

    def last_serial(self) -> int:
        """The number of the last change of the index."""
        return int(self._rows("SELECT COALESCE(MAX(number), 0) AS number FROM serial")[0]["number"])

    def _touch(self, project: str, number: int | None = None) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO serial SELECT ?, COALESCE(?, MAX(number) + 1, 1) FROM serial", (project, number)
        )

    def set_serial(self, project: Project, number: int) -> None:
        """Number a project's last change as the real index does."""
        self._touch(project.name, number)

    def made(self) -> Sequence[str]:
        """The normalised names of the projects that this run made."""
        return [str(row["project"]) for row in self._rows("SELECT project FROM made ORDER BY rowid")]

    def fate(self, publisher: str, project: str) -> Fate | None:
        """What became of a pending publisher; None when it is pending still."""
        rows = self._rows(
            "SELECT fate FROM pending WHERE publisher = ? AND project = ?", publisher, canonicalize_name(project)
        )
        fate: Fate | None = rows[0]["fate"] if rows else None
        return fate

    def settle(self, publisher: str, project: str, fate: Fate) -> None:
        """Remember what became of a pending publisher."""
        self._insert("pending", publisher=publisher, project=canonicalize_name(project), fate=fate)

    def rename(self, project: Project, display: str) -> None:
        """Show a project as its last upload wrote it."""
        self._database.execute("UPDATE project SET display = ? WHERE name = ?", (display, project.name))

    def releases(self, project: str) -> Sequence[Release]:
        """The releases of a project, oldest first."""
        rows = self._rows("SELECT * FROM release WHERE project = ? ORDER BY created, rowid", project)
        return [Release(**{**row, "metadata": json.loads(row["metadata"])}) for row in rows]

    def add_release(self, release: Release) -> None:
        """A new release, without a file."""
        self._insert(
            "release",
            project=release.project,
            version=release.version,
            created=release.created,
            metadata=json.dumps(release.metadata),
        )

    def remove_release(self, release: Release) -> Sequence[str]:
        """Forget a release and its files, but not that these files' names are used; these names."""
        names = [file.filename for file in self.files(release.project) if file.version == release.version]
        self._remove_files(names)
        for table in ("yanked", "release"):
            self._database.execute(
                f"DELETE FROM {table} WHERE project = ? AND version = ?",  # noqa: S608
                (release.project, release.version),
            )
        self._touch(release.project)
        return names

    def yanked(self, project: str) -> Mapping[str, str]:
        """The yanked versions of a project and why; the reason may be empty."""
        rows = self._rows("SELECT version, reason FROM yanked WHERE project = ?", project)
        return {row["version"]: row["reason"] or "" for row in rows}

    def yank(self, release: Release, reason: str) -> None:
        """Keep installers from a release that nobody asks for by its version."""
        self.unyank(release)
        self._insert("yanked", project=release.project, version=release.version, reason=reason)

    def unyank(self, release: Release) -> None:
        """Let installers have a release again."""
        self._database.execute(
            "DELETE FROM yanked WHERE project = ? AND version = ?", (release.project, release.version)
        )
        self._touch(release.project)

    def files(self, project: str) -> Sequence[File]:
        """The files of a project, oldest first."""
        return [File(**row) for row in self._rows("SELECT * FROM file WHERE project = ? ORDER BY rowid", project)]

    def files_of_run(self, run_id: str) -> Sequence[File]:
        """The files that a run's jobs uploaded, oldest first."""
        return [File(**row) for row in self._rows("SELECT * FROM file WHERE run_id = ? ORDER BY rowid", run_id)]

    def file(self, filename: str) -> File | None:
        """A file by its name."""
        rows = self._rows("SELECT * FROM file WHERE filename = ?", filename)
        return File(**rows[0]) if rows else None

    def file_like(self, filename: str, blake2_256: str) -> File | None:
        """A file of that name or of that content, in any project."""
        rows = self._rows("SELECT * FROM file WHERE filename = ? OR blake2_256 = ?", filename, blake2_256)
        return File(**rows[0]) if rows else None

    def add_file(self, file: File) -> None:
        """Make a file visible."""
        self._insert("file", **{name: getattr(file, name) for name in File.__slots__})
        self._touch(file.project)

    def remove_file(self, filename: str) -> None:
        """Forget a file, but not that its name is used."""
        self._remove_files([filename])

    def _remove_files(self, names: Sequence[str]) -> None:
        rows = [(name,) for name in names]
        for table in ("core_metadata", "elsewhere", "provenance", "file"):
            self._database.executemany(f"DELETE FROM {table} WHERE filename = ?", rows)  # noqa: S608
        self._database.executemany("INSERT OR IGNORE INTO burnt VALUES (?)", rows)

    def elsewhere(self, filename: str) -> Elsewhere | None:
        """Where the bytes of a visible file are; None for here."""
        rows = self._rows("SELECT url, provenance FROM elsewhere WHERE filename = ?", filename)
        return Elsewhere(**rows[0]) if rows else None

    def set_elsewhere(self, filename: str, place: Elsewhere) -> None:
        """Say where the bytes of a file are."""
        self._insert("elsewhere", filename=filename, url=place.url, provenance=place.provenance)

    def metadata_digests(self, project: str) -> Mapping[str, str]:
        """The SHA-256 of METADATA in hexadecimal of each wheel of a project, as far as it is known."""
        return {row["filename"]: row["sha256"] for row in self._of_files("core_metadata", project)}

    def elsewheres(self, project: str) -> Mapping[str, Elsewhere]:
        """Where the bytes of those files of a project are that are not here."""
        rows = self._of_files("elsewhere", project)
        return {row["filename"]: Elsewhere(url=row["url"], provenance=row["provenance"]) for row in rows}

    def attested(self, project: str) -> frozenset[str]:
        """The files of a project of which there is provenance here."""
        return frozenset(row["filename"] for row in self._of_files("provenance", project))

    def _of_files(self, table: str, project: str) -> Sequence[Mapping[str, Any]]:
        query = f"SELECT {table}.* FROM {table} JOIN file USING (filename) WHERE project = ?"  # noqa: S608
        return self._rows(query, project)

    def core_metadata(self, filename: str) -> bytes | None:
        """A wheel's METADATA; None where it is not here."""
        rows = self._rows("SELECT content FROM core_metadata WHERE filename = ?", filename)
        return rows[0]["content"] if rows else None

    def add_core_metadata(self, filename: str, sha256: str, content: bytes | None) -> None:
        """Keep a wheel's METADATA, or what is known of it."""
        self._insert("core_metadata", filename=filename, sha256=sha256, content=content)

    def burn(self, filename: str) -> None:
        """Let no file ever have this name again."""
        self._database.execute("INSERT OR IGNORE INTO burnt VALUES (?)", (filename,))

    def unburn(self, filename: str) -> None:
        """Let a file have this name."""
        self._database.execute("DELETE FROM burnt WHERE filename = ?", (filename,))

    def burnt(self) -> Sequence[str]:
        """The names of deleted files."""
        return [str(row["filename"]) for row in self._rows("SELECT filename FROM burnt ORDER BY filename")]

    def prohibited(self) -> Sequence[str]:
        """The normalised names that no project may have."""
        return [str(row["name"]) for row in self._rows("SELECT name FROM prohibited ORDER BY name")]

    def allow(self, name: str) -> None:
        """Let a project have this name."""
        self._database.execute("DELETE FROM prohibited WHERE name = ?", (canonicalize_name(name),))

    def provenance(self, filename: str) -> Mapping[str, Any] | None:
        """Who attested a file and how, as the integrity API serves it (PEP 740); None for a file without."""
        rows = self._rows("SELECT document FROM provenance WHERE filename = ?", filename)
        return cast("Mapping[str, Any]", json.loads(rows[0]["document"])) if rows else None

    def add_provenance(self, filename: str, document: Mapping[str, Any]) -> None:
        """Keep the provenance of a visible file."""
        self._insert("provenance", filename=filename, document=json.dumps(document))

    def is_burnt(self, filename: str) -> bool:
        """Whether a file of that name was deleted once."""
        return bool(self._rows("SELECT 1 FROM burnt WHERE filename = ?", filename))

    def is_prohibited(self, name: str) -> bool:
        """Whether the index keeps a project's name from being used."""
        return bool(self._rows("SELECT 1 FROM prohibited WHERE name = ?", canonicalize_name(name)))

    def prohibit(self, name: str) -> None:
        """Keep a project's name from being used."""
        self._database.execute("INSERT OR IGNORE INTO prohibited VALUES (?)", (canonicalize_name(name),))

    def has(self, flag: Flag) -> bool:
        """Whether the index is in a state."""
        return bool(self._rows("SELECT 1 FROM flag WHERE name = ?", flag))

    def raise_flag(self, flag: Flag) -> None:
        """Bring the index into a state."""
        self._insert("flag", name=flag)

    def lower_flag(self, flag: Flag) -> None:
        """Bring the index out of a state."""
        self._database.execute("DELETE FROM flag WHERE name = ?", (flag,))

    def status(self, project: Project) -> Status | None:
        """Why a project takes no files; None when it does."""
        rows = self._rows("SELECT status FROM project_status WHERE project = ?", project.name)
        return Status(rows[0]["status"]) if rows else None

    def set_status(self, project: Project, status: Status | None) -> None:
        """Let a project take no files, or take them again."""
        self._database.execute("DELETE FROM project_status WHERE project = ?", (project.name,))
        if status is not None:
            self._insert("project_status", project=project.name, status=status)
        self._touch(project.name)

    def count_creations(self, since: float) -> int:
        """How many projects the user created by uploads since a time."""
        return len(self._rows("SELECT 1 FROM user_creation WHERE at > ?", since))

    def note_creation(self, now: float) -> None:
        """Remember that the user created a project."""
        self._insert("user_creation", at=now)

    def token(self, identifier: str) -> Token | None:
        """A token by the identifier that it carries."""
        rows = self._rows("SELECT * FROM token WHERE id = ?", identifier)
        return (
            Token(**{**row, "caveats": json.loads(row["caveats"]), "projects": json.loads(row["projects"])})
            if (row := rows[0] if rows else None)
            else None
        )

    def add_token(self, token: Token) -> None:
        """Remember a token."""
        self._insert(
            "token",
            id=token.id,
            key=token.key,
            caveats=json.dumps(token.caveats),
            publisher=token.publisher,
            projects=json.dumps(list(token.projects)),
        )

    def warn(self, token: Token, project: str) -> bool:
        """Whether a token's use for a project is warned of for the first time."""
        done = self._database.execute("INSERT OR IGNORE INTO warned VALUES (?, ?)", (token.id, project))
        return done.rowcount == 1

    def forget_token(self, token: Token) -> None:
        """Make a token unknown."""
        self._database.execute("DELETE FROM token WHERE id = ?", (token.id,))

    def forget_publishers_tokens(self) -> None:
        """Make all tokens unknown that publishers got: none outlives its publisher."""
        self._database.execute("DELETE FROM token WHERE publisher IS NOT NULL")

    def is_id_token_used(self, jti: str) -> bool:
        """Whether an ID token was exchanged already."""
        return bool(self._rows("SELECT 1 FROM used_id_token WHERE jti = ?", jti))

    def use_id_token(self, jti: str, *, expires: float, now: float) -> None:
        """Remember an exchanged ID token until it would be refused as expired anyhow."""
        self._database.execute("DELETE FROM used_id_token WHERE expires < ?", (now,))
        self._insert("used_id_token", jti=jti, expires=expires)

    def _rows(self, query: str, *values: object) -> Sequence[Mapping[str, Any]]:
        return [dict(row) for row in self._database.execute(query, values)]

    def _insert(self, table: str, **values: object) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self._database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
