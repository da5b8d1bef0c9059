"""Which filters of a matrix match which combinations, in time that grows with their sum, not their product. Pure.

A set of filters is an integer whose bit N stands for filter N.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

from simulator.expressions.language import Value
from simulator.expressions.values import equals, fold, is_array, is_primitive, lookup, to_number

Values = Mapping[str, Value]
_MOST_COMPARED: Final = 500_000  # pairs of an object or array of a filter and a value of a vector


class TooManyFiltersError(Exception):
    """Filters hold more objects and arrays than pysim compares."""


class Names:
    """The names of vectors; a key of a filter is one of them where only case differs, too."""

    def __init__(self, vectors: Mapping[str, object]) -> None:
        self._exact = frozenset(vectors)
        self._folded = {fold(name): name for name in reversed(list(vectors))}

    def of(self, key: str) -> str | None:
        """The vector that a key means, if any."""
        return key if key in self._exact else self._folded.get(fold(key))


class Matching:
    """What some filters, with keys that are all vectors', say of the combinations of these vectors."""

    def __init__(self, filters: Sequence[Values], vectors: Mapping[str, Sequence[Value]]) -> None:
        """Raises TooManyFiltersError."""
        self._all = (1 << len(filters)) - 1
        self._by_vector = [[self._all] * len(values) for values in vectors.values()]
        names, places = Names(vectors), {name: place for place, name in enumerate(vectors)}
        asked: dict[str, dict[int, Value]] = defaultdict(dict)
        for number, item in enumerate(filters):
            for key, value in item.items():
                asked[key][number] = value
        for key, wanted in asked.items():
            name = names.of(key)
            if name is not None:
                self._narrow(self._by_vector[places[name]], vectors[name], wanted)

    def of(self, places: Sequence[int]) -> int:
        """The filters that match the combination of the values at these places of the vectors."""
        found = self._all
        for by_value, place in zip(self._by_vector, places, strict=True):
            found &= by_value[place]
        return found

    def _narrow(self, by_value: list[int], values: Sequence[Value], wanted: Mapping[int, Value]) -> None:
        """Leave out, for each value, the filters whose wanted value it is not."""
        index = _Index(wanted)
        if len(index.compound) * len(values) > _MOST_COMPARED:
            raise TooManyFiltersError
        rest = self._all & ~_bits(list(wanted))
        for place, value in enumerate(values):
            by_value[place] &= rest | index.matching(value)


class _Index:
    """Wanted values by what equals them in the expression language."""

    def __init__(self, wanted: Mapping[int, Value]) -> None:
        texts: dict[object, list[int]] = defaultdict(list)
        self.compound: list[tuple[Value, int]] = []
        for number, value in wanted.items():
            if not is_primitive(value):
                self.compound.append((value, 1 << number))
                continue
            if isinstance(value, str):
                texts["text", fold(value)].append(number)
            if not math.isnan(amount := to_number(value)):
                texts["of text" if isinstance(value, str) else "of others", amount].append(number)
        self._sets = {key: _bits(numbers) for key, numbers in texts.items()}

    def matching(self, value: Value) -> int:
        """The filters whose wanted value this one is."""
        found = reduce(or_, (bits for wanted, bits in self.compound if matches(wanted, value)), 0)
        if not is_primitive(value):
            return found
        amount = to_number(value)
        other = ("text", fold(value)) if isinstance(value, str) else ("of text", amount)
        return found | self._sets.get(other, 0) | self._sets.get(("of others", amount), 0)


def matches(wanted: Value, value: Value) -> bool:
    """Whether every leaf of a filter equals, by the expression language, what stands at its place in the value."""
    if isinstance(wanted, Mapping):
        return all(
            matches(item, lookup(value, key)[1] if isinstance(value, Mapping) else None) for key, item in wanted.items()
        )
    if is_array(wanted):
        items = value if is_array(value) else ()
        return all(matches(item, items[at] if at < len(items) else None) for at, item in enumerate(wanted))
    return equals(value, wanted)


def _bits(numbers: Sequence[int]) -> int:
    """The set of these numbers, which ascend."""
    digits = bytearray(numbers[-1] // 8 + 1 if numbers else 0)
    for number in numbers:
        digits[number // 8] |= 1 << number % 8
    return int.from_bytes(digits, "little")
