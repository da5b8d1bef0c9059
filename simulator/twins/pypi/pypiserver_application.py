"""pypiserver, the server behind an index: its application on a folder, without what importing it does to a process."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import cast

from a2wsgi.wsgi_typing import WSGIApp


def pypiserver_on(folder: Path) -> WSGIApp:
    """Serves what lies in `folder` to anybody, and takes nothing in."""
    finders = list(sys.meta_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its web framework still imports `cgi`
        import pypiserver

        app = pypiserver.app(
            roots=[folder],
            authenticate=[],
            password_file=".",  # noqa: S106 - its word for "none"
            disable_fallback=True,
            backend_arg="simple-dir",
            hash_algo="sha256",
        )
    # The framework adds an import hook of a kind that Python warns about at every import after it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder in finders or hasattr(finder, "find_spec")]
    return cast("WSGIApp", app)
