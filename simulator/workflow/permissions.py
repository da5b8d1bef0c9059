"""Reads `permissions:` of a workflow or a job."""

from __future__ import annotations

from simulator.workflow import facts, nodes
from simulator.workflow.model import Access, Permissions
from simulator.workflow.reading import Reader, Shape, has_expression, spelled

_SHORTHANDS: dict[str, Access] = {"read-all": "read", "write-all": "write"}
_ORDER = ("none", "read", "write")


def read_permissions(reader: Reader, node: nodes.Node | None) -> Permissions | None:
    """The access to each scope; None when the key is absent, which leaves it to the repository's default."""
    if isinstance(node, nodes.Scalar) and (access := _SHORTHANDS.get(spelled(node))):
        return {scope: _most(access, scope) for scope in facts.permission_scopes()}
    if isinstance(node, nodes.Scalar) and not has_expression(node):
        reader.unexpected(node, (*_SHORTHANDS, "a mapping of scopes"))
        return None
    fields = reader.fields(node, Shape(facts.permission_scopes()))
    if not isinstance(node, nodes.Mapping):
        return None
    permissions: dict[str, Access] = dict.fromkeys(facts.permission_scopes(), "none")
    for scope, allowed in facts.permission_scopes().items():
        if level := reader.choice(fields.get(scope), allowed):
            permissions[scope] = level
    return permissions


def _most(access: Access, scope: str) -> Access:
    """The most that `scope` can be given up to `access`: a token is written, never read."""
    allowed = [level for level in facts.permission_scopes()[scope] if _ORDER.index(level) <= _ORDER.index(access)]
    return allowed[-1]
