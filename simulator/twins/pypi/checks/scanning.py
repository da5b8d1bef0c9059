"""What the index looks for in the source files of a distribution: code that was encrypted. Knows no archive."""

from __future__ import annotations

from typing import Final

from simulator.indexes import indexes

_PYARMOR: Final = (
    b"__pyarmor__(__name__, __file__,",
    b"__pyarmor_enter__",
    b"__pyarmor_exit__",
    b"__pyarmor_assert__",
    b"__pyarmor_bcc__",
)
_SOURCE_DEFENDER: Final = (b"---BEGIN PYE FILE---", b"---END PYE FILE---")


def encrypted(content: bytes) -> str | None:
    """What the index says of a file that was encrypted by one of two tools; None for any other."""
    if any(mark in content for mark in _PYARMOR):
        tool = "PyArmor"
    elif all(mark in content for mark in _SOURCE_DEFENDER):
        tool = "SourceDefender"
    else:
        return None
    policy = f"https://{indexes()['pypi'].main_host}/policy/acceptable-use-policy/"
    return f"{tool}-encrypted content is not allowed. See {policy} for more information."
