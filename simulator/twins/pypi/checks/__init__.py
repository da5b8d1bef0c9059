"""Everything that the index checks of an upload, in its order: the first check that fails decides.

A check is a function of a `Submission` that raises RequestRefusedError; a new one is a function and a line in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from simulator.twins.pypi.checks import (
    archives,
    attestations,
    description,
    duplicates,
    files,
    form,
    metadata,
    names,
    project,
    wheels,
)
from simulator.twins.pypi.checks.submission import Submission

Check = Callable[[Submission], None]

CHECKS: Final[Sequence[Check]] = (
    form.no_misplaced_file,
    form.open_for_uploads,
    form.identified,
    form.protocol_version,
    form.project_name,
    form.blake2_digest,
    form.filetype,
    form.sha256_digest,
    form.python_version,
    form.some_digest,
    metadata.core_metadata,
    files.present,
    project.may_exist,
    project.permitted,
    project.user_in_order,
    project.organization_active,
    description.renders,
    files.name_characters,
    files.extension,
    files.content_type,
    files.name_length,
    files.size,
    files.project_size,
    files.digests,
    duplicates.not_there_already,
    duplicates.never_deleted,
    duplicates.release_is_recent,
    duplicates.one_sdist,
    archives.whole,
    names.sdist_name,
    names.sdist_license_files,
    names.wheel_name,
    names.wheel_license_files,
    wheels.record,
    wheels.entry_points,
    wheels.metadata,
    wheels.name_length,
    attestations.acceptable,
)
