"""`pysim index`: what the indexes hold before a rehearsal."""

from __future__ import annotations

import json
from collections.abc import Callable

from simulator.errors import ExitCode
from simulator.operations.index import IndexChange, KeptIndex, KnownProject, change_index, known_index, shown_project
from simulator.report.words import plural, size, without_escapes

Say = Callable[[str], None]


def show_all(kept: KeptIndex, say: Say) -> ExitCode:
    """Say what an index holds, a line a project."""
    known = known_index(kept)
    lines = [_line(project) for project in known.projects]
    lines += [f"{name}: no project may have this name" for name in known.prohibited]
    lines += [f"{name}: deleted once, so no file may have this name" for name in known.burnt]
    for line in lines:
        say(without_escapes(line))
    if not lines:
        say(f"Nothing is known of {kept.title} here; `pysim index import NAME` takes a project over.")
    return ExitCode.GO


def show(kept: KeptIndex, say: Say, *, project: str, as_json: bool) -> ExitCode:
    """Say what an installer would see of a project. Raises UsageError when it is not there."""
    shown = shown_project(kept, project)
    found = shown.answer
    if as_json:
        say(json.dumps(found, indent=2))
        return ExitCode.GO
    whose = f", {shown.owner}'s" if shown.owner else ""
    say(without_escapes(f"{found['name']} on {kept.title}: {found['project-status']['status']}{whose}"))
    for version in reversed(found["versions"]):
        files = [file for file in found["files"] if shown.versions[file["filename"]] == version]
        reason = files[0]["yanked"]
        yanked = f", yanked: {reason}" if isinstance(reason, str) else ", yanked" if reason else ""
        say(without_escapes(f"  {version}{yanked}"))
        for file in files:
            needs = f", Python {file['requires-python']}" if file["requires-python"] else ""
            say(without_escapes(f"    {file['filename']}  {size(file['size'])}, {file['upload-time'][:10]}{needs}"))
    if not found["files"]:
        say("  no file")
    return ExitCode.GO


def change(kept: KeptIndex, wanted: IndexChange, say: Say) -> ExitCode:
    """Change the kept index, and say what was done. Raises UsageError."""
    for line in change_index(kept, wanted):
        say(without_escapes(line))
    return ExitCode.GO


def _line(project: KnownProject) -> str:
    newest = f", {project.versions[0]} the newest" if project.versions else ""
    notes = [f"{project.owner}'s"] if project.owner else []
    notes += [project.status] if project.status else []
    files = plural(project.files, "file")
    releases = plural(len(project.versions), "release")
    return f"{project.name}: {releases}{newest}, {files}{''.join(f', {note}' for note in notes)}"
