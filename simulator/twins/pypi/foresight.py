"""What an index would say of built files, told without a server: each is offered to a copy of what it holds.

Offers are made as twine makes them. Knows no publisher: the files come from a user who may do everything.
"""

from __future__ import annotations

import base64
import gzip
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from simulator.archives import BROKEN, TooMuchError, open_tar, opened_zip, tar_members
from simulator.indexes import IndexName, indexes
from simulator.twins.base import Foreseen
from simulator.twins.pypi.baseline import open_copies
from simulator.twins.pypi.checks.archives import TOO_MUCH
from simulator.twins.pypi.checks.submission import parsed_version
from simulator.twins.pypi.offers import Offer, OfferedFile
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.tokens import mint_for_user
from simulator.twins.pypi.upload import Uploads
from simulator.twins.pypi.verification import Verification

_METADATA: Final = 8 << 20  # bytes
Release = tuple[str, str]  # normalised name, version


def foresee(
    paths: Sequence[Path], *, baseline: Path, index: IndexName = "pypi", now: float | None = None
) -> tuple[Foreseen, ...]:
    """What an index that holds the baseline would refuse of the files, wheels first, each after those it took."""
    with tempfile.TemporaryDirectory(prefix="pysim-index-") as folder:
        store = open_copies(baseline, Path(folder))[index]
        with store.transaction() as catalogue:
            token = mint_for_user(catalogue, indexes()[index].main_host)
        authorization = f"Basic {base64.b64encode(f'__token__:{token}'.encode()).decode()}"
        uploads = Uploads(
            index=indexes()[index],
            store=store,
            publishers=Publishers(()),
            verification=Verification({}),  # nothing is attested
            run_id="",
            emit=lambda _: None,
            clock=time.time if now is None else lambda: now,
        )
        ordered = sorted(paths, key=lambda path: not path.name.endswith(".whl"))
        return tuple(found for path in ordered if (found := _refusal(path, uploads, store, authorization)))


def yanked(releases: Collection[Release], *, baseline: Path, index: IndexName = "pypi") -> Mapping[Release, str]:
    """Those of the releases that are yanked in the baseline, and why."""
    if not (baseline / "current").exists():
        return {}
    with (
        tempfile.TemporaryDirectory(prefix="pysim-index-") as folder,
        open_copies(baseline, Path(folder))[index].reading() as catalogue,
    ):
        found = {project: catalogue.yanked(project) for project, _ in releases}
    reasons = {(project, parsed_version(text)): why for project in found for text, why in found[project].items()}
    wanted = {release: (release[0], parsed_version(release[1])) for release in releases}
    return {release: reasons[key] for release, key in wanted.items() if key in reasons}


def _refusal(path: Path, uploads: Uploads, store: Store, authorization: str) -> Foreseen | None:
    from twine.exceptions import TwineException  # slow to import
    from twine.package import PackageFile

    try:
        _check_bounds(path)
        package = PackageFile.from_filename(str(path), comment=None)
    except TwineException as error:
        return Foreseen(filename=path.name, status=None, message=str(error))
    except TooMuchError:
        return Foreseen(filename=path.name, status=400, message=f"Invalid distribution file. {TOO_MUCH}")
    except BROKEN as error:
        return Foreseen(filename=path.name, status=None, message=f"{path.name} cannot be read: {error}")
    with path.open("rb") as source:
        staged = store.stage(source)
    file = OfferedFile(filename=path.name, content_type="application/octet-stream", staged=staged)
    data = dict(package.metadata_dictionary())
    offer = Offer(fields=_form(data), file=file, authorization=authorization)
    refused = uploads.take(offer, "")
    return Foreseen(filename=path.name, status=refused.status, message=str(refused)) if refused else None


def _check_bounds(path: Path) -> None:
    """See that a file is one to be read without bounds, as twine does. Raises TooMuchError, and what is in BROKEN."""
    if path.name.endswith(".tar.gz"):
        with gzip.open(path) as packed, open_tar(packed) as tar:
            sizes = [member.size for member in tar_members(tar) if member.name.endswith("PKG-INFO")]
    else:
        with opened_zip(path) as archive:
            entries = archive.infolist()
        sizes = [entry.file_size for entry in entries if entry.filename.endswith(("METADATA", "PKG-INFO"))]
    if sum(sizes) > _METADATA:
        raise TooMuchError


def _form(data: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The fields as a form has them; those that say `UNKNOWN` are left out, as the index does."""
    fields: dict[str, list[str]] = {":action": ["file_upload"], "protocol_version": ["1"]}
    for name, value in data.items():
        if sent := [text for text in _texts(name, value) if text.strip() != "UNKNOWN"]:
            fields[name] = sent
    return fields


def _texts(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{label}, {url}" for label, url in value.items())
    elif name == "keywords":
        yield ", ".join(value)
    elif isinstance(value, str):
        yield value
    else:
        yield from (str(item) for item in value)
