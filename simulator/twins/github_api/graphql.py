"""GraphQL queries in small: a document is answered from nodes, by what it asks for and nothing else.

Reads documents with graphql-core, which takes long to import: who uses this imports it when it is asked. A field that
no node has is an error of its own, so that nothing is answered by chance. Knows no type of GitHub's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLError
from graphql import parse as parse_document
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.pyutils import Undefined
from graphql.utilities import value_from_ast_untyped

from simulator.twins.github_api.calls import Node, UnsupportedError

LONGEST: Final = 100_000  # characters of a document
DEEPEST: Final = 30
MOST_FIELDS: Final = 10_000  # fragments may stand in fragments, each many times


class Query:
    """A document, with its one operation; made by `parse`, and answered once."""

    def __init__(self, operation: OperationDefinitionNode, fragments: Sequence[FragmentDefinitionNode]) -> None:
        self._operation = operation
        self._fragments = {fragment.name.value: fragment for fragment in fragments}
        self._variables: dict[str, Any] = {}
        self._left = MOST_FIELDS

    async def answer(self, variables: Mapping[str, Any], root: Node) -> dict[str, Any]:
        """What the operation asks for. Raises UnsupportedError."""
        if self._operation.operation.value != "query":
            raise UnsupportedError(self._operation.operation.value)
        _known_directives(self._operation, ())
        declared = self._operation.variable_definitions or ()
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value) if each.default_value else None
            for each in declared
        }
        self._variables = {**defaults, **variables}
        return await self._select(root, self._operation.selection_set, 1)

    async def _select(self, node: Node, chosen: SelectionSetNode | None, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            raise UnsupportedError("a document of that depth")
        found: dict[str, Any] = {}
        for selection in chosen.selections if chosen else ():
            self._left -= 1
            if self._left < 0:
                raise UnsupportedError("a document of that size")
            if self._is_left_out(selection):
                continue
            match selection:
                case InlineFragmentNode():
                    if _is_about(selection, node):
                        found |= await self._select(node, selection.selection_set, depth + 1)
                case FragmentSpreadNode():
                    if (fragment := self._fragments.get(selection.name.value)) and _is_about(fragment, node):
                        _known_directives(fragment, ())
                        found |= await self._select(node, fragment.selection_set, depth + 1)
                case FieldNode():
                    name = (selection.alias or selection.name).value
                    found[name] = await self._completed(await self._value(node, selection), selection, depth)
                case _:
                    raise UnsupportedError(f"a {selection.kind}")
        return found

    def _is_left_out(self, selection: SelectionNode) -> bool:
        """Whether @include or @skip leaves it out."""
        _known_directives(selection, ("include", "skip"))
        for directive in selection.directives or ():
            given = {
                each.name.value: value_from_ast_untyped(each.value, self._variables)
                for each in directive.arguments or ()
            }
            if bool(given.get("if")) is (directive.name.value == "skip"):
                return True
        return False

    async def _value(self, node: Node, field: FieldNode) -> Any:
        name = field.name.value
        if name not in node:
            raise UnsupportedError(name)
        value = node[name]
        if not callable(value):
            return value
        given = {each.name.value: value_from_ast_untyped(each.value, self._variables) for each in field.arguments or ()}
        return await value({name: None if value is Undefined else value for name, value in given.items()})

    async def _completed(self, value: Any, field: FieldNode, depth: int) -> Any:
        if isinstance(value, list):
            return [await self._completed(item, field, depth) for item in value]
        if isinstance(value, Mapping):
            return await self._select(value, field.selection_set, depth + 1)
        return value


def parse(text: str) -> Query:
    """Read a document. Raises UnsupportedError for one that is not understood."""
    if len(text) > LONGEST:
        raise UnsupportedError("a document of that length")
    try:
        definitions = parse_document(text, no_location=True).definitions
    except RecursionError:
        raise UnsupportedError("a document of that depth") from None
    except GraphQLError as error:
        raise UnsupportedError(f"a document that is not understood: {error.message}") from None
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in definitions if isinstance(each, FragmentDefinitionNode)]
    if len(operations) != 1:
        raise UnsupportedError(f"a document of {len(operations)} operations")
    if len(definitions) > len(operations) + len(fragments):
        raise UnsupportedError("a document that defines types")
    for each in (*operations, *fragments):
        _bounded(each.selection_set, 1)
    return Query(operations[0], fragments)


def _bounded(chosen: SelectionSetNode | None, depth: int) -> None:
    if depth > DEEPEST:
        raise UnsupportedError("a document of that depth")
    for selection in chosen.selections if chosen else ():
        if isinstance(selection, FieldNode | InlineFragmentNode):
            _bounded(selection.selection_set, depth + 1)


def _is_about(fragment: InlineFragmentNode | FragmentDefinitionNode, node: Node) -> bool:
    """Whether a fragment's type is the node's, or one of the interfaces in its `__implements`."""
    kind, condition = node.get("__typename"), fragment.type_condition
    return condition is None or kind is None or condition.name.value in {kind, *node.get("__implements", ())}


def _known_directives(
    node: OperationDefinitionNode | FragmentDefinitionNode | SelectionNode, known: tuple[str, ...]
) -> None:
    for directive in node.directives or ():
        if directive.name.value in known:
            continue
        raise UnsupportedError(f"the directive @{directive.name.value}")
