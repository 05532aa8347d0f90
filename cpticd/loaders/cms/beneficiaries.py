"""Persons of Medicare files: yearly summaries, the demographics of the claims feed, identifiers that changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cpticd.core.errors import InputError
from cpticd.loaders import repair
from cpticd.loaders.cms import cells
from cpticd.loaders.cms.claim_files import meanings, note
from cpticd.loaders.cms.drug_events import is_there
from cpticd.loaders.cms.layouts import Fields
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT, Staged

_HOLDERS: Final = {
    "cms_parts": ("pk", "person"),
    "cms_lines": ("pk",),
    "cms_diagnoses": ("pk",),
    "cms_procedures": ("pk",),
    "cms_drugs": ("person",),
    "cms_members": ("person_id",),
}
_MOST_CHANGES: Final = 20
#: The year in the names of files: ZC8Y23.D230521 is of 2023, beneficiary_2021.csv of 2021.
_IN_NAMES: Final = (r"ZC8[A-Z](\d\d)(?!\d)", r"(?<!\d)(20\d\d)(?!\d)", r"[._]D(\d\d)\d{4}(?!\d)")


class Persons:
    """Identifiers that were replaced by others: claims under either are of one person."""

    def __init__(self, intake: Intake) -> None:
        self.intake, self._sources = intake, list[str]()
        intake.execute("CREATE OR REPLACE TABLE cms_persons (previous VARCHAR, current VARCHAR)")

    def add(self, staged: Staged, fields: Fields) -> None:
        """Keep the changes of one file (CCLF9)."""
        current, previous = (
            repair.identifier(cells.raw(fields.single[name])).value for name in ("current", "previous")
        )
        self.intake.execute(
            f"INSERT INTO cms_persons SELECT {previous}, {current} FROM {staged.table} "
            f"WHERE {previous} IS NOT NULL AND {current} IS NOT NULL AND {previous} <> {current}"
        )
        self.intake.count(staged.source, UNIT, read=staged.rows, loaded=staged.rows)
        self._sources.append(staged.source)

    def settle(self) -> None:
        """Name everybody by the identifier that is current, through any number of changes."""
        if self._sources:
            self.intake.execute(
                "CREATE OR REPLACE TABLE cms_persons AS SELECT previous, min(current) AS current "
                "FROM cms_persons GROUP BY previous"
            )
            for _ in range(_MOST_CHANGES):
                later = (
                    "cms_persons p JOIN cms_persons n ON n.previous = p.current WHERE n.current <> p.previous"
                )
                if not self.intake.holds(f"{later}"):
                    break
                self.intake.execute(
                    "UPDATE cms_persons SET current = n.current FROM cms_persons n "
                    "WHERE n.previous = cms_persons.current AND n.current <> cms_persons.previous"
                )
            for table, columns in _HOLDERS.items():
                for column in columns if is_there(self.intake, table) else ():
                    self.intake.execute(
                        f"UPDATE {table} SET {column} = p.current FROM cms_persons p "
                        f"WHERE p.previous = {table}.{column}"
                    )
            count = self.intake.query("SELECT count(*) AS n FROM cms_persons")["n"][0].as_py()
            note(
                self.intake,
                self._sources[0],
                f"identifiers of persons that changed: {count:,}; the current one names them",
                table="members",
            )
        self.intake.execute("DROP TABLE cms_persons")


def _year(staged: Staged) -> str:
    for pattern in _IN_NAMES:
        if found := re.search(pattern, staged.source, re.IGNORECASE):
            return f"20{found[1]}" if len(found[1]) == 2 else found[1]
    raise InputError(
        f"{staged.source}: which year? Neither a column of the year nor a file name with it; "
        "rename the file, e.g. to beneficiary_2023.csv"
    )


def take(intake: Intake, staged: Staged, fields: Fields) -> None:
    """Keep the persons of one staged file in ``cms_members``."""
    single = fields.single

    def of(name: str) -> str:
        return cells.raw(single[name]) if name in single else "CAST(NULL AS VARCHAR)"

    year = f"regexp_replace({of('year')}, '[.]0$', '')" if "year" in single else f"'{_year(staged)}'"
    sex = (
        f"coalesce({meanings('sex', cells.bare(of('sex')).value)}, lower({of('sex')}))"
        if "sex" in single
        else "NULL"
    )
    state = (
        f"coalesce({_named(of('state'))}, {_named(of('state_ssa'))}, {_state(of('state_ssa'), 'state_ssa')}, "
        f"{_state(of('state_fips'), 'state_fips')})"
    )
    esrd = (
        f"CASE WHEN upper({of('esrd')}) IN ('Y', '1', '1.0') OR {meanings('status', of('status'))} = 'esrd' THEN 'yes' "
        f"WHEN coalesce({of('esrd')}, {of('status')}) IS NOT NULL THEN 'no' END"
    )
    months = _Months(fields, of)
    intake.execute("CREATE TABLE IF NOT EXISTS cms_members (src INTEGER, place BIGINT, person_id VARCHAR, "
        "year VARCHAR, birth_date VARCHAR, death_date VARCHAR, sex VARCHAR, state VARCHAR, dual_status_code VARCHAR, "
        "original_reason_entitlement_code VARCHAR, esrd VARCHAR, enrolled_months INTEGER, part_b_months INTEGER, "
        "part_d_months INTEGER, medicare_advantage_months INTEGER, low_income_months INTEGER)")  # fmt: skip
    intake.execute(
        f"INSERT INTO cms_members SELECT {intake.source_id(staged.source)}, place, "
        f"{repair.identifier(of('person')).value}, {year}, {_day(of('birth_date'))}, {_day(of('death_date'))}, {sex}, "
        f"{state}, {months.dual()}, {cells.bare(of('entitlement')).value}, {esrd}, {months.enrolled()}, "
        f"{months.part_b()}, {months.part_d()}, {months.plan()}, {months.subsidy()} FROM {staged.table}"
    )


def _named(x: str) -> str:
    """SQL of a state where a cell names it by its letters."""
    return f"CASE WHEN regexp_full_match({x}, '[A-Za-z]{{2}}') THEN upper({x}) END"


def _state(x: str, field: str) -> str:
    return meanings(field, repair.padded(x, 2, 1).value)


def _day(x: str) -> str:
    """SQL of a date as text; what is none stays as it stands, for the gate to refuse."""
    cell = cells.date(x)
    return f"CASE WHEN {cell.bad} THEN {x} ELSE CAST({cell.value} AS VARCHAR) END"


class _Months:
    """How many months of the year a person had something, by the columns of the months, else by a count."""

    def __init__(self, fields: Fields, of: Callable[[str], str]) -> None:
        self.fields, self.of = fields, of

    def _cells(self, name: str) -> list[str]:
        slots = self.fields.families.get(name, {})
        return [f"upper({cells.raw(slots[n])})" for n in sorted(slots)]

    def _counted(self, name: str, test: str, total: str) -> str:
        """Months in which ``test`` holds for the cell ``x``; where no month says anything, the column of the total."""
        given = f"TRY_CAST(TRY_CAST({self.of(total)} AS DOUBLE) AS INTEGER)"
        months = self._cells(name)
        if not months:
            return given
        listed = f"[{', '.join(months)}]"
        counted = f"len(list_filter({listed}, lambda x: {test}))"
        return f"CASE WHEN coalesce({', '.join(months)}) IS NULL THEN {given} ELSE CAST({counted} AS INTEGER) END"

    def enrolled(self) -> str:
        total = "part_a_count" if "part_a_count" in self.fields.single else "part_b_count"
        return self._counted("buyin", f"coalesce({meanings('buyin', 'x')} <> 'none', false)", total)

    def part_b(self) -> str:
        return self._counted(
            "buyin", f"coalesce({meanings('buyin', 'x')} IN ('B', 'AB'), false)", "part_b_count"
        )

    def plan(self) -> str:
        return self._counted("plan", f"coalesce({meanings('plan', 'x')} = 'plan', false)", "plan_count")

    def part_d(self) -> str:
        # A contract's number begins with a letter of its kind; N: not enrolled, 0 and *: nothing known.
        return self._counted(
            "drug_contract", "coalesce(regexp_matches(x, '^[A-Z][0-9]'), false)", "part_d_count"
        )

    def subsidy(self) -> str:
        return self._counted(
            "cost_share",
            f"coalesce({meanings('cost_share', repair.padded('x', 2, 1).value)} = 'subsidy', false)",
            "",
        )

    def dual(self) -> str:
        """The code that most months have; NA where no month has one."""
        months = self._cells("dual")
        if not months:
            code = self.of("dual")
            return f"CASE WHEN {code} IS NOT NULL THEN {repair.padded(code, 2, 1).value} END"
        listed = f"list_filter([{', '.join(months)}], lambda x: regexp_full_match(x, '0?[1-9]|10'))"
        most = f"list_aggregate(list_sort({listed}, 'DESC'), 'mode')"
        # A month of NA says that there is none; of 99 or ** nothing is known.
        unknown = f"len(list_filter([{', '.join(months)}], lambda x: x IN ('99', '**'))) > 0"
        return f"CASE WHEN len({listed}) > 0 THEN {repair.padded(most, 2, 1).value} WHEN NOT {unknown} THEN 'NA' END"


def fill(intake: Intake) -> None:
    """Fill ``members``."""
    if not is_there(intake, "cms_members"):
        return
    found = intake.query("SELECT * FROM cms_sources WHERE src IN (SELECT src FROM cms_members) ORDER BY src")
    for row in found.to_pylist():
        name = row["name"]
        data = intake.query(
            f"SELECT * EXCLUDE (src) FROM cms_members WHERE src = {row['src']} ORDER BY place"
        )
        places = data["place"].to_pylist()
        intake.add(
            "members",
            data.drop(["place"]),
            source=name,
            locations=[f"line {place}" for place in places],
        )
        intake.count(name, UNIT, read=len(places), loaded=len(places))
    intake.execute("DROP TABLE cms_members")
