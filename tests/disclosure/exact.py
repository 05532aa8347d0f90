"""What follows from published cells, by row reduction of exact fractions: it shares nothing with the protector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

Vector = list[Fraction]


class Known:
    """All combinations of the sets that were published."""

    def __init__(self, published: Iterable[Sequence[bool]]) -> None:
        self._rows: list[tuple[int, Vector]] = []
        for each in published:
            rest = self._reduced([Fraction(int(value)) for value in each])
            lead = next((place for place, value in enumerate(rest) if value), None)
            if lead is not None:
                self._rows.append((lead, [value / rest[lead] for value in rest]))

    def _reduced(self, vector: Vector) -> Vector:
        for lead, row in self._rows:
            if vector[lead]:
                factor = vector[lead]
                vector = [value - factor * other for value, other in zip(vector, row, strict=True)]
        return vector

    def tells(self, wanted: Sequence[bool]) -> bool:
        """Whether a set follows by adding and subtracting."""
        return not any(self._reduced([Fraction(int(value)) for value in wanted]))
