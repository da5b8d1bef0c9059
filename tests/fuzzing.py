"""How many examples the fuzz tests of the readers try: 100, or what PYSIM_FUZZ_EXAMPLES says; and bytes to try."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_EXAMPLES: Final = int(os.environ.get("PYSIM_FUZZ_EXAMPLES", "100"))
fuzzed: Final = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
fuzzed_slowly: Final = settings(fuzzed, max_examples=max(20, _EXAMPLES // 4))
"""For a reader that is asked by way of a socket or a program."""
_NUMBERS: Final = (None, True, False, 0, -1, 10**30, float("inf"), 1e308)
_TEXTS: Final = (
    "",
    "\0",
    "\ud800",
    "٣",
    "9" * 5000,
    "../..",
    "a" * 300,
    "2024-01-01T00:00:00Z",
    "-1",
    "1.5",
    "{}",
    "[]",
)


def written(words: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Any bytes, and texts of such words."""
    return st.binary(max_size=100) | st.lists(st.sampled_from(words), max_size=40).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    )


def json_values(words: Sequence[str]) -> st.SearchStrategy[Any]:
    """Values of JSON of any form; keys and some texts are of such words."""
    keys = st.sampled_from(words)
    leaves = st.sampled_from([*_NUMBERS, *_TEXTS]) | keys | st.text(max_size=8) | st.integers()
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=12
    )


def json_objects(words: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of JSON with such keys."""
    return st.dictionaries(st.sampled_from(words), json_values(words), max_size=8)
