"""Why a condition does not hold is said by the part that decides, with its values."""

from __future__ import annotations

import pytest

from simulator.expressions.language import Scope, Vocabulary, parse, why_false

SCOPE = Scope(
    contexts={
        "github": {"ref": "refs/tags/v0.6", "event_name": "push", "event": {"x": {}}},
        "env": {"EMPTY": "", "LONG": "x" * 200},
        "needs": {"build": {"outputs": {}}},
    },
    functions={"success": lambda _: False, "always": lambda _: True},
)
VOCABULARY = Vocabulary(frozenset({"github", "env", "needs"}), {"success": (0, 0), "always": (0, 0)})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "github.ref == format('refs/tags/v{0}', '0.5')",
            "github.ref == format('refs/tags/v{0}', '0.5') is false ('refs/tags/v0.6' against 'refs/tags/v0.5')",
        ),
        ("always() && env.EMPTY && success()", "env.EMPTY is ''"),
        ("success() && github.ref == 'x'", "success() is false"),
        (
            "github.ref == 'a' || github.event_name == 'b'",
            "github.ref == 'a' is false ('refs/tags/v0.6' against 'a') and github.event_name == 'b' is false (",
        ),
        (
            "!startsWith(github.ref, 'refs/tags/')",
            "startsWith(github.ref, 'refs/tags/') is true (with 'refs/tags/v0.6'",
        ),
        ("!(github.ref == 'x' || always())", "always() is true"),
        ("needs.build.outputs.made == 'true'", "needs.build.outputs.made == 'true' is false (nothing against 'true')"),
        ("needs.build.outputs.made", "needs.build.outputs.made is nothing"),
        ("github.event.x == 'a'", "github.event.x == 'a' is false (an object against 'a')"),
        ("env.LONG == 'a'", "env.LONG == 'a' is false ('xxxxx"),
        ("false", "false is false"),
    ],
)
def test_what_is_false(source: str, said: str) -> None:
    found = why_false(parse(source, VOCABULARY), SCOPE)
    assert found.startswith(said)
    assert len(found) < 300
