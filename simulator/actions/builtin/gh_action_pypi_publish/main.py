"""Uploads distributions to a package index with twine: the program of pypa/gh-action-pypi-publish.

Owns the order of what is done and the warnings; the token exchange and the attestations are its neighbours' business.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from simulator.actions.builtin.gh_action_pypi_publish import attested, exchange, messages, old_twine
from simulator.actions.builtin.gh_action_pypi_publish.scripts import expand, twine, uncaught
from simulator.actions.builtin.gh_action_pypi_publish.settings import (
    MAIN_HOST,
    TEST_HOST,
    Settings,
    read_settings,
    workspace,
)
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

DOCS = f"https://docs.{MAIN_HOST}"
INSIDE = "/github/workspace"  # what the workspace is called in the action's own container
OWN_ACTION = ".github/.tmp/.generated-actions/run-pypi-publish-in-docker-container/action.yml"


def main() -> None:
    """The action's program."""
    settings = read_settings()
    if os.environ.get("RUNNER_OS", "Linux") != "Linux":
        print(messages.LINUX_ONLY, file=sys.stderr, flush=True)
        raise ActionError
    if settings.release.in_workspace:
        leave_own_action()
    if settings.release.no_image:
        print(messages.NO_IMAGE.format(image=settings.release.image), file=sys.stderr, flush=True)
        raise ActionError
    links = publisher_links(settings)
    attest = attestations_wanted(settings)
    password = authenticate(settings, links)
    if settings.user == "__token__" and not password.startswith("pypi-"):
        title, text = ("POTENTIALLY INVALID", messages.ODD_PREFIX) if password else ("EMPTY", messages.NOTHING_PASSED)
        shout(f"{title} TOKEN", text)
    if not has_distributions(settings):
        shout("MISSING DISTS", messages.MISSING_DISTS.format(folder=settings.packages))
    if settings.verify_metadata:
        run_twine(settings, "check")
    flags = ["--verbose"] if settings.verbose else []
    if attest:
        log.notice("Generating and uploading digital attestations")
        if attested.attest(visible_folder(settings, settings.packages)):
            flags.insert(0, "--attestations")
    if settings.print_hash or settings.verbose:
        with uncaught():
            print_hashes(settings)
    flags += ["--disable-progress-bar", *(["--skip-existing"] if settings.skip_existing else [])]
    credentials = {
        "TWINE_USERNAME": settings.user,
        "TWINE_PASSWORD": password,
        "TWINE_REPOSITORY_URL": settings.repository_url,
    }
    run_twine(settings, "upload", *flags, environment=credentials)


def shout(title: str, text: str) -> None:
    """A warning in the form that the action has for its oldest ones."""
    print(f"::warning file=# >> PyPA publish to PyPI GHA%3A {title} << :: {text}", flush=True)


def leave_own_action() -> None:
    """Leave in the workspace what the action writes there to start its container: whoever asks git later sees it."""
    file = workspace() / OWN_ACTION
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"name": "🏃", "runs": {"using": "docker"}}, ensure_ascii=False), encoding="utf-8")


def publisher_links(settings: Settings) -> str:
    """Addresses that register this workflow as a trusted publisher, a line for each project in the folder."""
    if not settings.release.links:
        return ""
    names: set[str] = set()
    with uncaught(fatal=False):
        names = {name for path in visible_folder(settings, settings.packages).iterdir() if (name := project_name(path))}
    if not settings.on_pypi:
        return ""
    host = TEST_HOST if TEST_HOST in settings.repository_url else MAIN_HOST
    owner = os.environ.get("GITHUB_REPOSITORY_OWNER", "")
    repository = step.variable("GITHUB_REPOSITORY").partition("/")[2]
    workflow = "/".join(os.environ.get("GITHUB_WORKFLOW_REF", "").split("/")[4:]).partition("@")[0]
    query = f"provider=github&owner={owner}&repository={repository}&workflow_filename={workflow}"
    return "".join(f"- https://{host}/manage/project/{name}/settings/publishing/?{query}\n" for name in sorted(names))


def project_name(path: Path) -> str:
    """The project that a distribution is of, by its file name."""
    try:
        if path.suffix == ".whl":
            return str(parse_wheel_filename(path.name)[0])
        if path.suffix == ".gz":
            return str(parse_sdist_filename(path.name)[0])
    except InvalidWheelFilename:
        log.debug(f"Invalid wheel filename: {path.name}".title())
    except InvalidSdistFilename:
        log.debug(f"Invalid sdist filename: {path.name}".title())
    return ""


def attestations_wanted(settings: Settings) -> bool:
    """Whether attestations are to be made; says why they cannot."""
    if settings.attestations == "false":
        return False
    possible = True
    if not settings.trusted:
        log.warning(messages.ATTESTATIONS_UNTRUSTED, title="attestations input ignored")
        possible = False
    if not settings.on_pypi:
        log.warning(messages.ATTESTATIONS_ELSEWHERE, title="attestations input ignored")
        possible = False
    return possible and settings.attestations.lower() != "false"


def authenticate(settings: Settings, links: str) -> str:
    """The password for twine: the one given, or a token that the index mints. Raises ActionError."""
    if settings.trusted:
        log.debug(f"Authenticating to {settings.repository_url} via Trusted Publishing")
        with uncaught():
            return exchange.upload_token(settings.repository_url, DOCS, settings.release.mint)
    with_token = settings.user == "__token__"
    kind = "user-provided API token" if with_token else "username + password pair"
    log.debug(f"Using a {kind} for authentication against {settings.repository_url}")
    if settings.on_pypi:
        if not with_token:
            log.error(messages.NO_PASSWORDS.format(host=MAIN_HOST), title="Password-based uploads disabled")
        log.warning(messages.UPGRADE.format(docs=DOCS), title="Upgrade to Trusted Publishing")
        if settings.release.links:
            nudge(links)
        if not with_token:
            raise ActionError
    return settings.password


def nudge(links: str) -> None:
    """Say where this workflow can be registered as a trusted publisher: the links are plain lines after the warning."""
    if not links:
        log.info("")
        return
    log.warning(messages.CREATE_PUBLISHER, title="Create a Trusted Publisher")
    log.info(links)
    step.add_summary(f"{messages.CREATE_PUBLISHER}\n{links}")


def is_visible(settings: Settings) -> bool:
    """Whether the folder lies in the workspace, all that the real action's container has of the job's files."""
    root = Path(os.path.realpath(workspace()))
    place = Path(os.path.realpath(workspace() / settings.folder))
    return place == root or root in place.parents


def visible_folder(settings: Settings, name: str) -> Path:
    """The folder of that name in full, as the action's container sees it: one of elsewhere is not there."""
    place = (workspace() / name).resolve()
    return place if is_visible(settings) else Path(f"{place} (not in the workspace)")


def has_distributions(settings: Settings) -> bool:
    """Whether there is something that looks like a distribution."""
    if not is_visible(settings):
        return False
    patterns = (f"{settings.packages}/*.tar.gz", f"{settings.packages}/*.whl")
    return any(all(os.path.lexists(path) for path in expand(pattern)) for pattern in patterns)


def run_twine(settings: Settings, command: str, *flags: str, environment: dict[str, str] | None = None) -> None:
    """Run twine over the folder's files. One that lies where the real action could not see it ends the step."""
    if not is_visible(settings):
        log.info(f"ERROR    InvalidDistribution: Cannot find file (or expand pattern): '{settings.packages}/*'")
        place = settings.folder.absolute()
        raise ActionError(f"The action runs in a container of its own, which sees the workspace but not {place}")
    files = expand(f"{settings.packages}/*")
    newest = settings.release.metadata
    if newest is not None and (path := old_twine.too_new(files, newest)) is not None:
        said = old_twine.refusal(newest, path, by_packaging=settings.release.by_packaging)
        start = f"Uploading distributions to {settings.repository_url}\n"
        log.info(f"{f'Checking {path}: ' if command == 'check' else start}{said}")
        raise ActionError(f"This release of the action reads metadata up to version {newest}; that of {path} is newer")
    twine(command, *flags, *files, environment=environment)


def print_hashes(settings: Settings) -> None:
    """Show the hashes of all files, so that they can be compared with those of the index."""
    folder = visible_folder(settings, expand(settings.packages)[0])
    log.info("Showing hash values of files to be uploaded:")
    for path in sorted(folder.iterdir()):
        log.info(f"{shown(path)}\n")
        content = path.read_bytes()
        log.info(f"SHA256: {hashlib.sha256(content).hexdigest()}")
        log.info(f"MD5: {hashlib.md5(content, usedforsecurity=False).hexdigest()}")
        log.info(f"BLAKE2-256: {hashlib.blake2b(content, digest_size=32).hexdigest()}\n")


def shown(path: Path) -> str:
    """A path of the workspace as the action's container calls it."""
    root = Path(os.path.realpath(workspace()))
    return f"{INSIDE}/{path.relative_to(root)}" if root in path.parents else str(path)


if __name__ == "__main__":
    step.run(main)
