"""Changes of what an index has at the beginning of a run."""

from __future__ import annotations

from collections.abc import Callable

from simulator.twins.pypi.catalogue import Catalogue, Elsewhere, File, Release
from simulator.twins.pypi.store import Store

from .distributions import Form
from .driving import Rig

ELSEWHERE = Elsewhere(url="https://files.example/f", provenance=None)


def change(rig: Rig, how: Callable[[Catalogue], None]) -> None:
    """Bring the run's index into a state."""
    with Store(rig.settings.folder / "index" / "pypi").transaction() as catalogue:
        how(catalogue)


def imported(catalogue: Catalogue, place: Elsewhere = ELSEWHERE) -> None:
    """The release of the form, as `pysim index import` has it: no bytes here."""
    catalogue.add_project("demo")
    catalogue.add_release(Release(project="demo", version="0.1.0", created=1_790_000_000.0, metadata={}))
    file = File(
        filename=Form().filename,
        project="demo",
        version="0.1.0",
        filetype="bdist_wheel",
        pyversion="py3",
        size=7,
        md5="",
        sha256="ab" * 32,
        blake2_256="cd" * 32,
        requires_python=None,
        uploaded=1_790_000_000.0,
        run_id="pysim index import",
        job_id="pysim index import",
    )
    catalogue.add_file(file)
    catalogue.set_elsewhere(file.filename, place)
