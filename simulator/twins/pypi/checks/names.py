"""Checks of a file's name against the project and the version that the form names, and of the licences it promises."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from simulator.archives import opened_zip
from simulator.twins.pypi.checks.submission import Submission, parsed_version
from simulator.twins.pypi.refusals import RequestRefusedError

_ARM, _MUSL = (
    "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64|ppc64",
    "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64",
)
_MAC: Final = "ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2"
_PLATFORM: Final = re.compile(
    r"any|win32|win_(amd64|arm64|ia64)"
    r"|manylinux1_(x86_64|i686)|manylinux2010_(x86_64|i686)"
    r"|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    rf"|manylinux_\d+_\d+_({_ARM})|musllinux_\d+_\d+_({_MUSL})|linux_armv[67]l"
    rf"|macosx_10_\d+_({_MAC})|macosx_(11|12|13|14|15|26)_0_({_MAC})"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)


def sdist_name(submission: Submission) -> None:
    """An sdist is named as PEP 625 has it."""
    if submission.filetype != "sdist":
        return
    name = submission.file.filename
    try:
        found, _ = parse_sdist_filename(name)
    except InvalidSdistFilename:
        raise RequestRefusedError(400, f"Invalid source distribution filename: {name}") from None
    if canonicalize_name(_before_post(found, submission)) != canonicalize_name(submission.name):
        raise _wrong_start(submission)
    expected = f"{submission.underscored}-{submission.version}.tar.gz"
    if name != expected:
        raise RequestRefusedError(400, f"Filename {name!r} is invalid, should be {expected!r}.")


def wheel_name(submission: Submission) -> None:
    """A wheel's name has tags that the index takes, the project's normalised name and its version."""
    if submission.filetype != "bdist_wheel":
        return
    name = submission.file.filename
    try:
        found, version, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise RequestRefusedError(400, str(error)) from None
    for platform in sorted({tag.platform for tag in tags}):
        if not _PLATFORM.fullmatch(platform):
            raise RequestRefusedError(400, f"Binary wheel '{name}' has an unsupported platform tag '{platform}'.")
    if found != canonicalize_name(submission.name):
        raise _wrong_start(submission)
    start = name.split("-", 1)[0]
    if start != submission.underscored:
        normal = submission.underscored
        text = f"Filename {name!r} should contain the normalized project name {normal!r}, not {start!r}."
        raise RequestRefusedError(400, text)
    if version != submission.version:
        raise RequestRefusedError(
            400, f"Version in filename should be {str(submission.version)!r} not {str(version)!r}."
        )


def sdist_license_files(submission: Submission) -> None:
    """The licence files that the metadata names are in the sdist."""
    if submission.filetype == "sdist":
        _licenses_inside(submission, submission.tar.top, submission.tar.names)


def wheel_license_files(submission: Submission) -> None:
    """The licence files that the metadata names are in the wheel."""
    if submission.filetype == "bdist_wheel":
        folder = "-".join(submission.file.filename.split("-")[:2])
        with opened_zip(submission.file.staged.path) as wheel:
            _licenses_inside(submission, f"{folder}.dist-info/licenses", wheel.namelist())


def _licenses_inside(submission: Submission, folder: str, inside: Collection[str]) -> None:
    for file in submission.offer.given("license_file"):
        if f"{folder}/{file}" not in inside:
            text = f"License-File {file} does not exist in distribution file {submission.file.filename} at"
            raise RequestRefusedError(400, f"{text} {folder}/{file}")


def _before_post(found: NormalizedName, submission: Submission) -> str:
    """The name in an sdist's file name, where the version is a post release with a hyphen (`1.0-1`), too."""
    name = submission.file.filename
    if submission.version.is_postrelease and found != canonicalize_name(submission.name) and name.count("-") >= 2:
        project, version, post = name.removesuffix(".tar.gz").rsplit("-", 2)
        return project if parsed_version(f"{version}-{post}") else found
    return found


def _wrong_start(submission: Submission) -> RequestRefusedError:
    return RequestRefusedError(400, f"Start filename for {submission.name!r} with {submission.underscored!r}.")
