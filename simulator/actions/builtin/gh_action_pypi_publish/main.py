"""Uploads distributions to a package index with twine: the program of pypa/gh-action-pypi-publish.

Owns the order of what is done and the warnings; the token exchange and the attestations are its neighbours' business.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from simulator.actions.builtin.gh_action_pypi_publish import attested, exchange
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

MAIN_HOST = urlsplit(DEFAULT_REPOSITORY).netloc.partition(".")[2]
TEST_HOST = urlsplit(TEST_REPOSITORY).netloc
DOCS = f"https://docs.{MAIN_HOST}"
IGNORED = (
    "The workflow was run with{comma}'attestations: true' input, but {why}. As a result, the attestations input is "
    "ignored."
)
UPGRADE = (
    "Trusted Publishers allows publishing packages to PyPI from automated environments like GitHub Actions without "
    "needing to use username/password combinations or API tokens to authenticate with PyPI. "
    f"Read more: {DOCS}/trusted-publishers"
)
NO_PASSWORDS = (
    "As of 2024, PyPI requires all users to enable Two-Factor Authentication. This consequently requires all users to "
    "switch to either Trusted Publishers (preferred) or API tokens for package uploads. "
    f"Read more: https://blog.{MAIN_HOST}/posts/2023-05-25-securing-pypi-with-2fa/"
)
ODD_PREFIX = (
    "It looks like you are trying to use an API token to authenticate in the package index and your token value does "
    'not start with "pypi-" as it typically should. This may cause an authentication error. Please verify that you '
    "have copied your token properly if such an error occurs."
)
MISSING_DISTS = (
    "It looks like there are no Python distribution packages to publish in the directory \"'{folder}/'\". "
    "Please verify that they are in place should you face this problem."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs; every flag is on unless it says "false"."""

    user: str
    password: str
    repository_url: str
    packages: str  # as the workflow wrote it, without a slash at the end
    verify_metadata: bool
    skip_existing: bool
    verbose: bool
    print_hash: bool
    attestations: bool

    @property
    def trusted(self) -> bool:
        """Whether to publish as a trusted publisher."""
        return self.user == "__token__" and not self.password

    @property
    def on_pypi(self) -> bool:
        """Whether the index is PyPI or TestPyPI."""
        return MAIN_HOST in self.repository_url

    @property
    def folder(self) -> Path:
        """The folder of the distributions."""
        return Path(self.packages)


def main() -> None:
    """The action's program."""
    settings = read_settings()
    links = publisher_links(settings)
    attest = settings.attestations and attestations_apply(settings)
    password = authenticate(settings, links)
    if settings.user == "__token__" and not password.startswith("pypi-"):
        log.warning(ODD_PREFIX, file="# >> PyPA publish to PyPI GHA: POTENTIALLY INVALID TOKEN << ")
    check_distributions(settings)
    if settings.verify_metadata:
        twine("check", *distributions(settings))
    if attest:
        attested.rehearse(settings.folder)
    if settings.print_hash or settings.verbose:
        print_hashes(settings.folder)
    upload(settings, password)


def read_settings() -> Settings:
    """The inputs, in either spelling."""
    return Settings(
        user=step.text_input("user"),
        password=step.text_input("password"),
        repository_url=either("repository-url") or DEFAULT_REPOSITORY,
        packages=(either("packages-dir") or "dist").removesuffix("/"),
        verify_metadata=either("verify-metadata").lower() != "false",
        skip_existing=either("skip-existing").lower() != "false",
        verbose=step.text_input("verbose").lower() != "false",
        print_hash=either("print-hash").lower() != "false",
        attestations=step.text_input("attestations").lower() != "false",
    )


def either(name: str) -> str:
    """An input that also exists with underscores."""
    return step.text_input(name) or step.text_input(name.replace("-", "_"))


def publisher_links(settings: Settings) -> str:
    """Addresses that register this workflow as a trusted publisher, one for each project in the folder."""
    names = sorted({name for path in listing(settings.folder) if (name := project_name(path))})
    if not names or not settings.on_pypi:
        return ""
    host = TEST_HOST if TEST_HOST in settings.repository_url else MAIN_HOST
    owner, _, repository = step.variable("GITHUB_REPOSITORY").partition("/")
    workflow = step.variable("GITHUB_WORKFLOW_REF").partition("@")[0].rpartition("/")[2]
    query = {"provider": "github", "owner": owner, "repository": repository, "workflow_filename": workflow}
    page = "settings/publishing/?" + urlencode(query)
    return "\n".join(f"- https://{host}/manage/project/{name}/{page}" for name in names)


def listing(folder: Path) -> list[Path]:
    """What is in a folder, nothing when it does not exist."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def project_name(path: Path) -> str:
    """The project that a distribution is of, by its file name."""
    try:
        if path.suffix == ".whl":
            return str(parse_wheel_filename(path.name)[0])
        if path.suffix == ".gz":
            return str(parse_sdist_filename(path.name)[0])
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        log.debug(str(error))
    return ""


def attestations_apply(settings: Settings) -> bool:
    """Whether attestations can be made; says why they cannot."""
    applies = True
    if not settings.trusted:
        why = "an explicit password was also set, disabling Trusted Publishing"
        log.warning(IGNORED.format(comma=" the ", why=why), title="attestations input ignored")
        applies = False
    if not settings.on_pypi:
        why = "the specified repository URL does not support PEP 740 attestations"
        log.warning(IGNORED.format(comma=" ", why=why), title="attestations input ignored")
        applies = False
    return applies


def authenticate(settings: Settings, links: str) -> str:
    """The password for twine: the one given, or a token that the index mints. Raises ActionError."""
    if settings.trusted:
        log.debug(f"Authenticating to {settings.repository_url} via Trusted Publishing")
        return exchange.upload_token(settings.repository_url, DOCS)
    with_token = settings.user == "__token__"
    kind = "user-provided API token" if with_token else "username + password pair"
    log.debug(f"Using a {kind} for authentication against {settings.repository_url}")
    if settings.on_pypi:
        if not with_token:
            log.error(NO_PASSWORDS, title="Password-based uploads disabled")
        log.warning(UPGRADE, title="Upgrade to Trusted Publishing")
        nudge(links)
        if not with_token:
            raise ActionError
    return settings.password


def nudge(links: str) -> None:
    """Say where this workflow can be registered as a trusted publisher."""
    if links:
        text = (
            "A new Trusted Publisher for the currently running publishing workflow can be created by accessing the "
            f"following link(s) while logged-in as an owner of the package(s):\n{links}"
        )
        log.warning(text, title="Create a Trusted Publisher")
        step.add_summary(text)


def check_distributions(settings: Settings) -> None:
    """Warn of a folder without distributions; end the step when it lies where the real action could not see it."""
    visible = is_visible(settings.folder)
    found = [path for path in listing(settings.folder) if path.name.endswith((".tar.gz", ".whl"))]
    if not found or not visible:
        log.warning(
            MISSING_DISTS.format(folder=settings.packages), file="# >> PyPA publish to PyPI GHA: MISSING DISTS << "
        )
    if found and not visible:
        log.info(f"ERROR    InvalidDistribution: Cannot find file (or expand pattern): '{settings.packages}/*'")
        raise ActionError(
            f"The action runs in a container of its own, which sees the workspace but not {settings.folder.absolute()}"
        )


def is_visible(folder: Path) -> bool:
    """Whether a folder lies in the workspace, which is all that the real action's container has of the job's files."""
    workspace = Path(os.path.normpath(step.variable("GITHUB_WORKSPACE")))
    place = Path(os.path.normpath(workspace / folder))
    return place == workspace or workspace in place.parents


def distributions(settings: Settings) -> list[str]:
    """The arguments that a shell makes of `<folder>/*`: the pattern itself when nothing is there."""
    visible = [path.name for path in listing(settings.folder) if not path.name.startswith(".")]
    return [f"{settings.packages}/{name}" for name in visible or ["*"]]


def print_hashes(folder: Path) -> None:
    """Show the hashes of all files, so that they can be compared with those of the index."""
    log.info("Showing hash values of files to be uploaded:")
    for path in listing(folder.resolve()):
        content = path.read_bytes()
        log.info(f"{path}\n")
        log.info(f"SHA256: {hashlib.sha256(content).hexdigest()}")
        log.info(f"MD5: {hashlib.md5(content, usedforsecurity=False).hexdigest()}")
        log.info(f"BLAKE2-256: {hashlib.blake2b(content, digest_size=32).hexdigest()}\n")


def upload(settings: Settings, password: str) -> None:
    """Upload with twine."""
    flags = ["--verbose"] if settings.verbose else []
    flags.append("--disable-progress-bar")
    if settings.skip_existing:
        flags.append("--skip-existing")
    credentials = {
        "TWINE_USERNAME": settings.user,
        "TWINE_PASSWORD": password,
        "TWINE_REPOSITORY_URL": settings.repository_url,
    }
    twine("upload", *flags, *distributions(settings), environment=credentials)


def twine(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run twine with a HOME of its own, so that no .pypirc of the job is read, as in the real action's container.

    Raises ActionError without words unless it ends with 0: twine has said what is wrong.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as home:
        isolated = ["-I"] if sys.flags.isolated else []
        command = [sys.executable, *isolated, "-m", "twine", *arguments]
        code = subprocess.run(command, check=False, env={**os.environ, "HOME": home, **(environment or {})}).returncode
    if code != 0:
        raise ActionError


if __name__ == "__main__":
    step.run(main)
