"""Signs files with sigstore-python's own command: the program of sigstore/gh-action-sigstore-python.

Owns which files are meant, what is verified, and where files and signatures go; its neighbours upload them.
"""

from __future__ import annotations

import glob
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.action_gh_release import main as gh_release
from simulator.actions.builtin.toolkit import http, log, signing, step
from simulator.actions.builtin.toolkit.step import ActionError
from simulator.actions.builtin.upload_artifact import main as upload_artifact

EXPORTED = "GHA_SIGSTORE_PYTHON_INTERNAL_SIGNING_ARTIFACTS"
UPLOAD, RELEASE = "v7", "v3"  # the versions of upload-artifact and action-gh-release that it hands on to
DETAILS = (
    "<details>\n\n<summary>\n  Raw <code>sigstore-python {what}</code> output\n</summary>\n\n"
    "```\n{output}\n```\n\n</details>\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs; `options` are those of signing, `policy` those of verifying, None where nothing is verified."""

    patterns: tuple[str, ...]
    options: tuple[str, ...]
    policy: tuple[str, ...] | None
    upload: bool
    attach: bool


def main() -> None:
    """The action's program."""
    settings = read_settings()
    archives = [archive(form) for form in ("zip", "tar.gz")] if is_release() and settings.attach else []
    files = [file for pattern in (*settings.patterns, *archives) for file in expand(pattern)]
    artifacts = [path for file in files for path in (str(file), f"{file}.sigstore.json")]
    sign(settings, [str(file) for file in files])
    step.export_variable(EXPORTED, "\n".join(artifacts))
    if settings.policy is not None:
        verify(settings.policy, [str(file) for file in files])
    if settings.upload:
        hand_on("upload", artifacts)
    if settings.attach and is_release() and step.event_value("action") == "published":
        hand_on("attach", artifacts)


# ---- inputs


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words, without text where they were said."""
    attach = step.text_input("release-signing-artifacts").lower() == "true"
    try:
        patterns = shlex.split(step.text_input("inputs"))
    except ValueError as error:
        raise ActionError(f"ValueError: {error}") from None
    if not patterns and not (attach and is_release()):
        raise fatal(
            "inputs must be specified when release-signing-artifacts is disabled and the event type is not release"
        )
    version = step.text_input("rekor-version")
    if version not in {"", "1", "2"}:
        raise fatal(f"'{version}' is not a valid rekor-version")
    names = ("identity-token", "oidc-client-id", "oidc-client-secret")
    options = [word for name in names if (value := step.text_input(name)) for word in (f"--{name}", value)]
    return Settings(
        patterns=tuple(patterns),
        options=(*options, "--rekor-version", "1"),
        policy=read_policy(),
        upload=step.text_input("upload-signing-artifacts").lower() == "true",
        attach=attach,
    )


def read_policy() -> tuple[str, ...] | None:
    """What a certificate must name, as the options of the command. Raises ActionError."""
    wanted = step.text_input("verify").lower() == "true"
    policy: list[str] = []
    for name, option in (("verify-cert-identity", "--cert-identity"), ("verify-oidc-issuer", "--cert-oidc-issuer")):
        value = step.text_input(name)
        if wanted and not value:
            raise fatal(f"{name} must be specified when verify is enabled")
        if not wanted and value:
            raise fatal(f"{name} cannot be specified without verify: true")
        policy += [option, value]
    return tuple(policy) if wanted else None


def is_release() -> bool:
    """Whether a release started the run."""
    return os.environ.get("GITHUB_EVENT_NAME") == "release"


# ---- files


def archive(form: str) -> str:
    """The path of the archive of the ref's source, which it fetches from GitHub."""
    repository, ref = step.variable("GITHUB_REPOSITORY"), step.variable("GITHUB_REF")
    path = Path(f"/tmp/{step.variable('GITHUB_REF_NAME').replace('/', '-')}.{form}")  # noqa: S108 - the action's own place
    with http.session() as session:
        answer = session.get(f"https://github.com/{repository}/archive/{ref}.{form}", timeout=http.CONNECT_TIMEOUT)
        answer.raise_for_status()
    path.write_bytes(answer.content)
    return str(path)


def expand(pattern: str) -> list[Path]:
    """The files that a pattern means, each once. Raises ActionError."""
    if pattern.startswith("-"):
        raise fatal(f"input {pattern} looks like a flag")
    files = sorted({Path(path).resolve() for path in glob.glob(pattern, recursive=True)})  # noqa: PTH207 - as text
    if not files:
        raise fatal(f"input {pattern} doesn't expand to one or more filenames")
    for file in files:
        if not file.is_file():
            raise fatal(f"input {file} does not look like a file")
    return files


# ---- signing


def sign(settings: Settings, files: Sequence[str]) -> None:
    """Sign the files. Raises ActionError."""
    code, output = sigstore("sign", *settings.options, *files)
    summarize("signing exited successfully" if code == 0 else "failed to sign package", good=code == 0)
    if code != 0 and settings.policy is not None:
        summarize("verification skipped due to failed signing", good=False)
    tell("sign", output)
    if code != 0:
        raise ActionError(f"Process completed with exit code {code}.")


def verify(policy: Sequence[str], files: Sequence[str]) -> None:
    """Verify what was signed. Raises ActionError."""
    code, output = sigstore("verify", "identity", *policy, *files)
    good = code == 0
    summarize("verification exited successfully" if good else "failed to verify package", good=good)
    tell("verify", output)
    if not good:
        raise ActionError(f"Process completed with exit code {code}.")


def sigstore(*words: str) -> tuple[int, str]:
    """Run sigstore-python's command under pysim's root of trust; its exit code and all that it said."""
    trust = Path(step.variable("RUNNER_TEMP"), "pysim-client-trust-config.json")
    trust.write_text(signing.trust_text(), encoding="utf-8")
    isolated = ["-I"] if sys.flags.isolated else []
    command = [sys.executable, *isolated, "-X", "utf8", "-m", "sigstore", "--trust-config", str(trust), *words]
    debug = step.text_input("internal-be-careful-debug") != "false"
    more = {"SIGSTORE_LOGLEVEL": "DEBUG"} if debug else {}
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "REQUESTS_CA_BUNDLE": http.bundle(), **more},
    )
    trust.unlink()
    return done.returncode, done.stdout


def tell(what: str, output: str) -> None:
    """Show what the command said, in the log and in the summary."""
    log.info(output)
    step.add_summary(DETAILS.format(what=what, output=output))


def summarize(text: str, *, good: bool) -> None:
    """A line of the summary."""
    step.add_summary(f"{'🎉' if good else '❌'} sigstore-python {text}")


def fatal(text: str) -> ActionError:
    """An error of the inputs."""
    return ActionError(f"❌ {text}")


# ---- where they go


def hand_on(how: str, artifacts: Sequence[str]) -> None:
    """Let the action that the real one uses upload the files and their signatures."""
    inputs = {"files": "\n".join(artifacts), "token": step.text_input("github-token")}
    program, version = gh_release.main, RELEASE
    if how == "upload":
        inputs = {"name": f"signing-artifacts-{os.environ.get('GITHUB_JOB', '')}", "path": "\n".join(artifacts)}
        program, version = upload_artifact.main, UPLOAD
    os.environ.update({f"INPUT_{name.upper()}": value for name, value in inputs.items()})
    os.environ["PYSIM_ACTION_VERSION"] = version
    program()


if __name__ == "__main__":
    step.run(main)
