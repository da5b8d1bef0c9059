"""Makes attestations: the program of actions/attest, and of the two actions around it.

Owns the order of what is done, what the log says and where the files go.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from simulator.actions.builtin.attest import predicates, signed
from simulator.actions.builtin.attest.predicates import Predicate
from simulator.actions.builtin.attest.settings import Action, Settings, read_settings
from simulator.actions.builtin.attest.signed import Attestation
from simulator.actions.builtin.attest.subjects import Subject, find_subjects
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

CYAN, DEFAULT = "\x1b[36m", "\x1b[39m"
SEARCH = "https://search.sigstore.dev"
PATHS = "created_attestation_paths.txt"


def run(action: Action) -> None:
    """The program of an action. Raises ActionError."""
    settings = read_settings(action)
    if action == "actions/attest-sbom" and settings.version.detects:
        log.warning("actions/attest-sbom has been deprecated, please use actions/attest instead")
    before = None if settings.version.detects else predicate_before(settings)
    if not os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        raise ActionError(
            'Error: missing "id-token" permission. Please add "permissions: id-token: write" to your workflow.'
        )
    subjects, predicate = gather(settings) if settings.version.detects else (find_subjects(settings), before)
    if predicate is None:
        predicate = prefixed("custom", settings)
    folder = Path(tempfile.mkdtemp(prefix="", dir=step.variable("RUNNER_TEMP")))
    path = folder / ("attestation.jsonl" if settings.version.each else "attestation.json")
    step.set_output("bundle-path", str(path))
    made = attest(settings, subjects, predicate, path)
    if not settings.version.each:
        finish(made[0], path)
    if settings.summary:
        summarize(settings, subjects, made)


def predicate_before(settings: Settings) -> Predicate | None:
    """The predicate that older versions make in a step before the signing one; None where they have no such step."""
    if settings.action == "actions/attest-build-provenance":
        return predicates.provenance()
    if settings.action == "actions/attest-sbom":
        predicate = predicates.of_sbom(settings)
        predicates.keep_sbom(predicate)
        return predicate
    return None


def gather(settings: Settings) -> tuple[Sequence[Subject], Predicate]:
    """The subjects and the predicate that the inputs ask for. Raises ActionError."""
    kind = predicates.kind_of(settings)
    log.info(f"Attestation type: {predicates.LABELS[kind]}")
    return find_subjects(settings), prefixed(kind, settings)


def prefixed(kind: predicates.Kind, settings: Settings) -> Predicate:
    """A predicate of that kind, with the error that the action shows."""
    try:
        return predicates.make(kind, settings)
    except ActionError as error:
        raise ActionError(f"Error: {error}") from None


def attest(settings: Settings, subjects: Sequence[Subject], predicate: Predicate, path: Path) -> list[Attestation]:
    """Sign, store, and write the bundles to a file: one for all subjects, or of old versions one for each."""
    made: list[Attestation] = []
    groups = [[subject] for subject in subjects] if settings.version.each else [list(subjects)]
    with signed.signer() as signer:
        for group in groups:
            attestation = signed.attest(signer, group, predicate, settings.token)
            made.append(attestation)
            tell(group, attestation)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{attestation.bundle}\n")
    return made


def tell(subjects: Sequence[Subject], made: Attestation) -> None:
    """What the log says of an attestation."""
    what = subjects[0].shown if len(subjects) == 1 else f"{len(subjects)} subjects"
    log.info(f"Attestation created for {what}")
    instance = "Public Good" if is_public() else "GitHub"
    with log.group(f"{CYAN}Attestation signed using certificate from {instance} Sigstore instance{DEFAULT}"):
        log.info(made.certificate)
    if is_public():
        log.info(f"{CYAN}Attestation signature uploaded to Rekor transparency log{DEFAULT}")
        log.info(f"{SEARCH}?logIndex={made.log_index}")
    if made.id:
        log.info(f"{CYAN}Attestation uploaded to repository{DEFAULT}")
        log.info(page(made.id))


def finish(made: Attestation, path: Path) -> None:
    """Leave the file's path for later steps, and set the outputs."""
    with (Path(step.variable("RUNNER_TEMP")) / PATHS).open("a", encoding="utf-8") as file:
        file.write(f"{path}\n")
    if made.id:
        step.set_output("attestation-id", made.id)
        step.set_output("attestation-url", page(made.id))


def summarize(settings: Settings, subjects: Sequence[Subject], made: Sequence[Attestation]) -> None:
    """Add the attestations to the summary of the job."""
    if settings.version.each:
        title = "Attestations Created" if len(made) > 1 else "Attestation Created"
        shown = [(page(each.id), subject.shown) for subject, each in zip(subjects, made, strict=True)]
    else:
        title, shown = "Attestation Created", [(page(each.id), page(each.id)) for each in made if each.id]
    if shown:
        items = "".join(f'<li><a href="{url}">{text}</a></li>' for url, text in shown)
        step.add_summary(f"<h3>{title}</h3>\n<ul>{items}</ul>")


def page(number: str) -> str:
    """Where GitHub shows an attestation."""
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{os.environ.get('GITHUB_REPOSITORY', '')}/attestations/{number}"


def is_public() -> bool:
    """Whether the event says that the repository is public."""
    return step.event_value("repository", "visibility") == "public"


def main() -> None:
    """The program of actions/attest."""
    run("actions/attest")


if __name__ == "__main__":
    step.run(main)
