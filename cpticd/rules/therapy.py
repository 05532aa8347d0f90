"""Therapy under a plan of care: its modifiers, the threshold of the year, units of timed and untimed services.

Which services are always therapy, of which discipline, and how many minutes a unit is, are rows of
``therapy_services.csv``; thresholds by year those of ``therapy_thresholds.csv``. Source: Medicare Claims Processing
Manual, chapter 5, sections 10 and 20.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.ncci import services
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import in_force

#: Minutes of timed therapy in a day beyond which units look like something else: minutes, or days of a month.
MOST_MINUTES: Final = 240


def _therapy(run: Run) -> None:
    """Relation ``rule_therapy``: one row per line of a therapy service."""
    services(run)
    run.table("therapy_services")
    run.once("therapy", in_force=in_force("t", "s.service_date"))


def therapy_without_discipline(run: Run) -> str:
    """A service that is always therapy, without GP, GO or GN, or with that of another discipline."""
    _therapy(run)
    return sql.text("rules/therapy_without_discipline")


def therapy_over_threshold(run: Run) -> str:
    """Therapy without KX that brings the allowed dollars of the person's year over the threshold."""
    _therapy(run)
    run.table("therapy_thresholds")
    return sql.text("rules/therapy_over_threshold")


def units_of_untimed_service(run: Run) -> str:
    """Several units of a therapy service that is one a day, whatever it took."""
    _therapy(run)
    return sql.text("rules/untimed_units")


def units_of_timed_service(run: Run) -> str:
    """Units of timed therapy that make more than MOST_MINUTES of a day, of one person and clinician."""
    _therapy(run)
    return sql.text("rules/timed_units").format(most=MOST_MINUTES)


RULES: Final[tuple[Rule, ...]] = (
    Rule("therapy_without_discipline", therapy_without_discipline),
    Rule("therapy_over_threshold", therapy_over_threshold),
    Rule("units_of_untimed_service", units_of_untimed_service),
    Rule("units_of_timed_service", units_of_timed_service),
)
