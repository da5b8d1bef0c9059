"""upload-artifact and download-artifact against the real artifact twin."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from simulator.run_events import ArtifactStored
from tests.actions.driving import Driver, JobDriver
from tests.twins.driving import Rig

pytestmark = pytest.mark.clients
UPLOAD, DOWNLOAD = "actions/upload-artifact@v4", "actions/download-artifact@v4"


def tree(root: Path, *files: str) -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {file}")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def build(in_job: JobDriver) -> Driver:
    return in_job("build")


@pytest.fixture
def publish(build: Driver, in_job: JobDriver) -> Driver:
    return in_job("publish")


def test_what_one_job_uploads_another_one_downloads(rig: Rig, build: Driver, publish: Driver) -> None:
    tree(build.workspace, "orchay/dist/orchay-0.1.0.tar.gz", "orchay/dist/orchay-0.1.0-py3-none-any.whl")
    up = build.run(UPLOAD, {"name": "python-package-distributions", "path": "orchay/dist/"})
    assert up.code == 0, up.log
    archive = rig.twins.artifacts()[0].archive.read_bytes()
    digest = hashlib.sha256(archive).hexdigest()
    assert up.outputs["artifact-digest"] == digest
    assert up.outputs["artifact-url"].endswith(f"/octo/demo/actions/runs/77/artifacts/{up.outputs['artifact-id']}")
    for line in (
        "With the provided path, there will be 2 files uploaded",
        "Artifact name is valid!",
        f"SHA256 digest of uploaded artifact is {digest}",
        f"Artifact download URL: {up.outputs['artifact-url']}",
    ):
        assert line in up.lines
    assert f"has been successfully uploaded! Final size is {len(archive)} bytes. Artifact ID is" in up.log

    down = publish.run(DOWNLOAD, {"name": "python-package-distributions", "path": "dist/"})
    assert down.code == 0, down.log
    assert names(publish.workspace / "dist") == ["orchay-0.1.0-py3-none-any.whl", "orchay-0.1.0.tar.gz"]
    assert down.outputs["download-path"] == str(publish.workspace / "dist")
    assert down.lines[-2:] == ["Total of 1 artifact(s) downloaded", "Download artifact has finished successfully"]
    assert [event.digest for event in rig.seen(ArtifactStored)] == [f"sha256:{digest}"]


def test_blocks_are_put_together_in_order_and_compression_is_chosen(rig: Rig, build: Driver, publish: Driver) -> None:
    content = os.urandom(20 * 1024 * 1024)
    (build.workspace / "big.bin").write_bytes(content)
    up = build.run(UPLOAD, {"name": "big", "path": "big.bin", "compression-level": "0"})
    assert up.code == 0, up.log
    assert next(line for line in up.lines if line.startswith("Uploaded bytes")) == "Uploaded bytes 8388608"
    with zipfile.ZipFile(rig.twins.artifacts()[0].archive) as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    publish.run(DOWNLOAD, {"name": "big"})
    assert (publish.workspace / "big.bin").read_bytes() == content


def test_compression_level_has_an_effect(build: Driver) -> None:
    (build.workspace / "text").write_text("".join(f"{n} {n * n}\n" for n in range(50_000)))
    sizes = []
    for level in ("1", "9"):
        up = build.run(UPLOAD, {"name": f"level-{level}", "path": "text", "compression-level": level})
        sizes.append(int(up.log.partition("Final size is ")[2].partition(" ")[0]))
    assert sizes[1] < sizes[0]


def test_an_artifact_that_nothing_uploaded(publish: Driver) -> None:
    down = publish.run(DOWNLOAD, {"name": "dist"})
    assert down.code == 1
    [error] = down.said("error")
    assert error.startswith("Unable to download artifact(s): Artifact not found for name: dist\n")
    assert "Please ensure that your artifact is not expired and the artifact was uploaded using a compatible" in error


def test_a_name_is_taken_once_and_overwrite_replaces(build: Driver, publish: Driver) -> None:
    tree(build.workspace, "one", "two")
    assert build.run(UPLOAD, {"name": "x", "path": "one"}).code == 0
    again = build.run(UPLOAD, {"name": "x", "path": "two"})
    assert again.code == 1
    [error] = again.said("error")
    assert error.startswith("Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: ")
    assert error.endswith("an artifact with this name already exists on the workflow run")
    assert build.run(UPLOAD, {"name": "x", "path": "two", "overwrite": "true"}).code == 0
    publish.run(DOWNLOAD, {"name": "x"})
    assert names(publish.workspace) == ["two"]


def test_all_artifacts_go_into_folders_of_their_own_unless_merged(build: Driver, publish: Driver) -> None:
    tree(build.workspace, "a.txt", "b.txt")
    build.run(UPLOAD, {"name": "dist-a", "path": "a.txt"})
    build.run(UPLOAD, {"name": "dist-b", "path": "b.txt"})
    build.run(UPLOAD, {"name": "logs", "path": "b.txt"})
    publish.run(DOWNLOAD, {"path": "all"})
    assert names(publish.workspace / "all") == ["dist-a/a.txt", "dist-b/b.txt", "logs/b.txt"]
    merged = publish.run(DOWNLOAD, {"path": "dist", "pattern": "dist-*", "merge-multiple": "true"})
    assert names(publish.workspace / "dist") == ["a.txt", "b.txt"]
    assert "Total of 2 artifact(s) downloaded" in merged.lines


@pytest.mark.parametrize(
    ("version", "place"),
    [
        ("v4", "out/only/a.txt"),
        ("d3f86a106a0bac45b974a628896c90dbdf5c8093", "out/only/a.txt"),  # v4.3.0
        ("v5", "out/a.txt"),
        ("v8", "out/a.txt"),
        ("0123456789012345678901234567890123456789", "out/a.txt"),
    ],
)
def test_a_single_artifact_needs_no_folder_since_v5(build: Driver, publish: Driver, version: str, place: str) -> None:
    tree(build.workspace, "a.txt")
    build.run(UPLOAD, {"name": "only", "path": "a.txt"})
    down = publish.run(f"actions/download-artifact@{version}", {"path": "out"})
    assert down.code == 0, down.log
    assert names(publish.workspace) == [place]


def test_artifacts_by_number(build: Driver, publish: Driver) -> None:
    tree(build.workspace, "a.txt")
    number = build.run(UPLOAD, {"name": "a", "path": "a.txt"}).outputs["artifact-id"]
    down = publish.run("actions/download-artifact@v5", {"artifact-ids": f"{number}, 999999"})
    assert down.code == 0
    assert down.said("warning") == ["Could not find the following artifact IDs: 999999"]
    assert names(publish.workspace) == ["a.txt"]
    wrong = publish.run(DOWNLOAD, {"artifact-ids": "999999"})
    assert wrong.said("error") == ["Unable to download artifact(s): None of the provided artifact IDs were found"]


@pytest.mark.parametrize(("version", "code", "level"), [("v4", 0, "warning"), ("v7", 0, "warning"), ("v8", 1, "error")])
def test_a_changed_archive(rig: Rig, build: Driver, publish: Driver, version: str, code: int, level: str) -> None:
    tree(build.workspace, "a.txt")
    build.run(UPLOAD, {"name": "a", "path": "a.txt"})
    archive = rig.twins.artifacts()[0].archive
    archive.chmod(0o644)
    with zipfile.ZipFile(archive, "a") as tampered:
        tampered.writestr("more", "x")
    down = publish.run(f"actions/download-artifact@{version}", {"name": "a"})
    assert down.code == code
    assert "digest validation failed" in down.said(level)[0].lower()


def test_a_raw_file_since_v7(build: Driver, publish: Driver) -> None:
    tree(build.workspace, "notes.md")
    up = build.run("actions/upload-artifact@v7", {"name": "ignored", "path": "notes.md", "archive": "false"})
    assert up.code == 0, up.log
    down = publish.run("actions/download-artifact@v8", {"name": "notes.md", "path": "raw"})
    assert down.code == 0, down.log
    assert names(publish.workspace) == ["raw/notes.md"]


@pytest.mark.parametrize(
    ("behaviour", "code", "command"), [("warn", 0, "warning"), ("error", 1, "error"), ("ignore", 0, None)]
)
def test_nothing_to_upload(driver: Driver, behaviour: str, code: int, command: str | None) -> None:
    up = driver.run(UPLOAD, {"path": "dist/*.whl", "if-no-files-found": behaviour})
    text = "No files were found with the provided path: dist/*.whl. No artifacts will be uploaded."
    assert up.code == code
    assert (up.said(command) if command else up.lines) == [text]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"path": ""}, "Input required and not supplied: path"),
        ({"if-no-files-found": "fail"}, "Unrecognized if-no-files-found input. Provided: fail. Available options: "),
        ({"compression-level": "11"}, "Invalid compression-level. Valid values are 0-9"),
        ({"compression-level": "much"}, "Invalid compression-level"),
        ({"retention-days": "long"}, "Invalid retention-days"),
        ({"path": "../x"}, "Invalid pattern '../x'. Relative pathing '.' and '..' is not allowed."),
        ({"name": "a/b"}, "The artifact name is not valid: a/b. Contains the following character:  Forward slash /"),
        ({"overwrite": "yes"}, 'Input does not meet YAML 1.2 "Core Schema" specification: overwrite'),
        ({}, "Unable to get the ACTIONS_RUNTIME_TOKEN env variable"),
    ],
)
def test_what_upload_refuses(driver: Driver, inputs: dict[str, str], error: str) -> None:
    tree(driver.workspace, "a.txt")
    up = driver.run(UPLOAD, {"path": "a.txt", **inputs})
    assert up.code == 1
    assert up.said("error")[0].startswith(error)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"name": "a", "artifact-ids": "1"}, "Inputs 'name' and 'artifact-ids' cannot be used together."),
        ({"artifact-ids": " , "}, "No valid artifact IDs provided in 'artifact-ids' input"),
        ({"artifact-ids": "x"}, "Invalid artifact ID: 'x'. Must be a number."),
        ({"github-token": "t", "run-id": "5"}, "pysim holds only the artifacts of the run that it rehearses"),
        ({"github-token": "t", "repository": "x"}, "Invalid repository: 'x'. Must be in format owner/repo"),
    ],
)
def test_what_download_refuses(publish: Driver, inputs: dict[str, str], error: str) -> None:
    down = publish.run(DOWNLOAD, inputs)
    assert down.code == 1
    assert down.said("error")[0].startswith(f"Unable to download artifact(s): {error}")


MERGE = "actions/upload-artifact/merge@v4"


def test_merging(rig: Rig, build: Driver, publish: Driver) -> None:
    tree(build.workspace, "a.txt", "b.txt", "c.txt")
    for letter in "abc":
        build.run(UPLOAD, {"name": f"{'logs' if letter == 'c' else 'dist'}-{letter}", "path": f"{letter}.txt"})
    merged = publish.run(MERGE, {"name": "all", "pattern": "dist-*", "delete-merged": "true"})
    assert merged.code == 0, merged.log
    assert "The 2 artifact(s) were successfully merged!" in merged.lines
    assert [(one.name, list(one.files)) for one in rig.twins.artifacts()] == [
        ("logs-c", ["c.txt"]),
        ("all", ["a.txt", "b.txt"]),
    ]
    assert merged.outputs["artifact-id"] == "4"
    assert names(publish.workspace) == []
    apart = publish.run(MERGE, {"separate-directories": "true"})
    assert apart.code == 0, apart.log
    assert rig.twins.artifacts()[-1].name == "merged-artifacts"
    assert sorted(rig.twins.artifacts()[-1].files) == ["all/a.txt", "all/b.txt", "logs-c/c.txt"]
    nothing = publish.run(MERGE, {"name": "x", "pattern": "none-*"})
    assert nothing.said("error") == ["No artifacts found matching pattern 'none-*'"]
