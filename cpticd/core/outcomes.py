"""What outcomes of lines, services and claims mean, as SQL: written once for analyses and for disclosure control."""

from __future__ import annotations

from typing import Final

#: Outcomes of what a payer has decided; others are open, void, or counted on another claim of their chain.
DECIDED: Final = ("paid", "partly denied", "denied", "nothing paid")
_DECIDED_SQL: Final = ", ".join(f"'{each}'" for each in DECIDED)


def decided(column: str) -> str:
    """A payer has decided, by a column of outcomes."""
    return f"{column} IN ({_DECIDED_SQL})"


def duplicate(alias: str) -> str:
    """What was denied at first as the duplicate of another, which HFMA leaves out."""
    return f"({alias}.initial_outcome = 'denied' AND coalesce({alias}.denial_category, '') = 'duplicate')"


def sent_again(alias: str) -> str:
    """Whether a service denied at first was billed again, in words; ``alias`` of a row of services."""
    return (
        f"CASE WHEN {alias}.days_to_resubmission IS NOT NULL THEN 'billed again' ELSE 'not billed again' END"
    )


def became(alias: str) -> str:
    """What became of a service denied at first, in words; ``alias`` of a row of services."""
    return (
        f"CASE WHEN {alias}.final_outcome = 'paid' THEN 'paid' "
        f"WHEN {alias}.final_outcome = 'partly denied' THEN 'paid in part' "
        f"WHEN {alias}.final_outcome = 'denied' AND {alias}.state = 'open' THEN 'open' "
        f"WHEN {alias}.final_outcome = 'denied' THEN 'denied for good' ELSE 'taken back or undecided' END"
    )
