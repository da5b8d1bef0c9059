"""What an expression gives where not all of it is known."""

from __future__ import annotations

import pytest

from simulator.expressions.language import Vocabulary, parse
from simulator.expressions.partial import UNKNOWN, Closed, Contexts, Open, Unknown, foresee, truth

CONTEXTS: Contexts = {
    "github": Closed(
        {
            "event_name": "push",
            "ref": Unknown(is_text=True, start="refs/tags/"),
            "ref_name": Unknown(is_text=True, may_be=lambda name: name.startswith("v")),
            "event": Open({"release": None}),
        }
    ),
    "needs": Closed({"build": Closed({"result": Unknown(among=("success", "failure"))})}),
    "inputs": Closed({"dry": Unknown(among=(True, False))}),
    "list": ("a", "b"),
}
VOCABULARY = Vocabulary(names=frozenset({*CONTEXTS, "other"}), functions={"success": (0, 9), "always": (0, 0)})


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("github.event_name == 'PUSH'", True),
        ("github.ref", True),
        ("github.ref == 'refs/heads/main'", False),
        ("github.ref != 'refs/heads/main'", True),
        ("github.ref == 'refs/tags/v1'", None),
        ("startsWith(github.ref, 'Refs/Tags')", True),
        ("startsWith(github.ref, 'refs/heads/')", False),
        ("startsWith(github.ref, 'refs/tags/v')", None),
        ("contains(github.ref, 'tags')", True),
        ("endsWith(github.ref, 'tags')", None),
        ("'main' == github.ref_name", False),
        ("github.ref_name == 'v1'", None),
        ("github.ref.name", False),
        ("github.event.release.tag_name == 'v1'", False),
        ("github.event.release.prerelease == false", True),
        ("github.event.created", None),
        ("github.nothing", False),
        ("needs.build.result == 'succeeded'", False),
        ("needs.build.result != 'skipped'", True),
        ("needs.build.result == 'success'", None),
        ("startsWith(needs.build.result, 's')", None),
        ("needs.other.outputs.x == 'true'", False),
        ("inputs.dry == 'true'", False),
        ("inputs.dry != 'true'", True),
        ("inputs.dry", None),
        ("!inputs.other", True),
        ("inputs.dry && github.event_name == 'release'", False),
        ("inputs.dry || github.event_name == 'push'", True),
        ("inputs.dry && 'a' || 'b'", True),
        ("format('{0}', inputs.dry)", None),
        ("format('{0} {{', inputs.dry)", True),
        ("contains(list, 'a') && list[1] == 'b'", True),
        ("contains(fromJSON('[1]'), inputs.dry)", None),
        ("fromJSON(github.event_name)", None),
        ("always() && success()", None),
        ("success('build')", None),
        ("needs.*.result", None),
        ("case(inputs.dry, 1, 2)", None),
    ],
)
def test_truth(source: str, held: bool | None) -> None:
    root = parse(source, VOCABULARY).root
    assert truth(foresee(root, CONTEXTS, {"always": True, "success": UNKNOWN})) is held
