"""Who counts as one clinician: the same person, or two of one group and one specialty.

The one definition for pairs of procedures, add-ons, global periods and new patients. Source: Medicare Claims Processing
Manual, chapter 12, 30.6.5 and 30.6.7: physicians of the same group and the same specialty bill and are paid as though
they were one. The group is the billing provider, the specialty the taxonomy of who rendered the service (the billing
provider's where he rendered it himself). A hospital is one provider, whoever rendered.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql

_SAME: Final = "rules/same_clinician"


def same(one: str, other: str) -> str:
    """SQL of two rows of ``rule_services`` by their aliases: 2 they are one, 1 they may be, 0 they are not.

    They may be where they are of one group and a specialty is not known.
    """
    return sql.text(_SAME).format(one=one, other=other)
