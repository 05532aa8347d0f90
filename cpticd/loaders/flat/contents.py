"""Columns judged by what stands in them: a heading is a guess, and its content outweighs it.

``CONTENTS`` says of each meaning what its cells must be, and which share of a column's distinct cells must be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders import repair
from cpticd.loaders.code_cells import places
from cpticd.loaders.flat import beside, headings, lexicon, money_forms, reasons, statuses
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged

#: Distinct cells of a column that are looked at.
_CELLS: Final = 1_000


#: Share of cells that must fit where those that do not are reported one by one, their rows rejected.
_FEW: Final = 0.2


class Content(NamedTuple):
    """What the cells of a column must be."""

    fits: Callable[[str], object]
    what: str
    share: float = 0.5  # of the distinct cells


def _like(pattern: str) -> Callable[[str], object]:
    shape = re.compile(pattern, re.IGNORECASE)
    return lambda text: shape.fullmatch(text.strip())


# Amounts in another country's form fit, too: their rows are refused one by one, not the column.
_number = _like(r"[-+($ ]*[\d.,' ]*[-) ]*(CR|USD|EUR|€)?|[$ ]*[-–—]+ *")
_unit = _like(r"-?\d+([.,]\d+)?( *[A-Z]{2,7})?")
_cents = _like(
    r"[-+($ ]*(\d{1,3}(,\d{3})+|\d+)?[.](\d\d|[1-9])[-) ]*(CR|USD)?|[($ -]*\$[ -]*[\d,]+([.]\d+)?[-) ]*"
)
_code = r"[0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4}"
_procedure = _like(
    rf"(?:(?:HC|CPT-?4?|HCPCS)[^A-Z0-9]*)?(?:{_code})(?:[^A-Z0-9].*)?|[A-Z0-9]{{4}}[0-9]|1?[0-9]{{3}}([.]0)?|.*\((?:{_code})\)"
)
_alone = _like(rf"(?:{_code})(?:[-: /][A-Z0-9]{{2}})*([.]0)?")
_pcs = _like(r"(?=.*[0-9])(?=.*[A-Z])[0-9A-HJ-NP-Z]{7}")
_icd_procedure = _like(r"[0-9A-HJ-NP-Z]{6,7}|[0-9]{2}[.]?[0-9]{1,2}([^0-9].*)?|[0-9A-HJ-NP-Z]{7} .*")
_icd = r"(?:[A-Z][0-9A][0-9AB]([.]?[0-9A-Z]{1,4})?|[0-9]{3}([.]?[0-9]{1,2})?|E[0-9]{3}([.]?[0-9])?)"
_diagnosis = _like(rf"\W*(?:A?B[KF]\W+|ICD\S*\W+)?{_icd}([.]0)?(\W.*)?|.*[(\[]{_icd}[)\]]")
_diagnoses = _like(rf"\W*{_icd}(?:[\s,;|/&+^~:]+{_icd})+\W*")
_day = (
    r"(19|20)\d\d[-/.]?(0[1-9]|1[0-2])[-/.]?(0[1-9]|[12]\d|3[01])([T ].*|[.]0)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)( .*)?"
    r"|\d{1,2}[-/ ]?[A-Z]{3,9}[-/ ,]*(\d{4}|\d\d)([: ].*)?|[A-Z]{3,9}[. -]*\d{1,2},?[- ]+\d{4}( .*)?"
)
_dated = _like(_day)
_date = _like(_day + r"|[1-5]\d{4}([.]\d+)?|\d{7,8}|0|-+|0000.*|9999.*|0001.*")
_written = _like(r"(19|20)\d\d[-/](0[1-9]|1[0-2])[-/]\d\d.*|\d{1,2}/\d{1,2}/(\d{4}|\d\d)( .*)?")
_npi = _like(r"[^ ,;]*\d[^ ,;]*")
_flag = _like(r"y|yes|n|no|true|false|t|f|1|0|1[.]0|0[.]0|d|x|denied|paid|not denied|approved|den")
_frequency = _like(r"[0-9A-Z]([.]0)?|[0-9A-Z]\W.*|(orig|new|repl|corr|adj|void|canc).*")
_present = _like(r"[YNUW1EZX0]|yes|no|unknown|exempt.*|clinical.*")
_sex = _like(r"f|m|u|o|x|female|male|unknown|woman|man|other|[0-9]([.]0)?|fem|unk|nonbinary|non-binary")


def _amount(text: str) -> bool:
    return bool(re.search(r"\d|[-–—]", text) and _number(text) and not _dated(text))


def _place(text: str) -> bool:
    return (
        bool(re.fullmatch(r"\d{1,2}([.]0)?(\W.*)?", text)) or re.sub("[^a-z]", "", text.lower()) in places()
    )


def _status(text: str) -> bool:
    return bool(statuses.state(text)) and not _cents(text) and not _dated(text)


def _reason(text: str) -> bool:
    """A reason, or words: neither dollars with cents nor a date."""
    return not _cents(text) and not _written(text)


def _names_code(text: str) -> bool:
    found = reasons.read(text)
    return (
        bool(found.remarks or any(each.carc for each in found.found)) and not found.unread and not _flag(text)
    )


def _money(what: str = "amounts") -> Content:
    return Content(_amount, what, _FEW)


#: What the cells of a meaning must be; ``@`` stands for the number of a family's member.
CONTENTS: Final[dict[str, Content]] = {
    "claim_id": Content(lambda text: "$" not in text and not _written(text), "identifiers"),
    "payer": Content(lambda text: not _cents(text) and not _written(text), "names"),
    "claim_line_number": Content(_like(r"\d{1,6}([.]0+)?"), "line numbers", _FEW),
    "hcpcs_code": Content(_procedure, "procedure codes"),
    "paid_hcpcs_code": Content(_procedure, "procedure codes"),
    "hcpcs_modifier_@": Content(_like(r"[A-Z0-9]{1,2}([.]0)?|[A-Z0-9]{2}(\W.*)?|[A-Z0-9]{4}"), "modifiers"),
    "modifiers": Content(_like(r"[A-Z0-9]{1,2}([.]0)?|[A-Z0-9]{2}(\W.*)?|([A-Z0-9]{2})+"), "modifiers"),
    "diagnosis_code_@": Content(_diagnosis, "ICD diagnosis codes"),
    "diagnosis_codes": Content(_diagnosis, "ICD diagnosis codes"),
    "procedure_code_@": Content(_icd_procedure, "ICD procedure codes"),
    "revenue_center_code": Content(_like(r"\d{1,4}([.]0)?(\W.*)?"), "revenue codes"),
    "place_of_service_code": Content(_place, "place of service codes"),
    "bill_type_code": Content(_like(r"0?\d{2}[0-9A-Z]?([.]0)?(\W.*)?"), "types of bill"),
    "drg_code": Content(_like(r"(.*DRG\D*)?\d{1,4}([.]0)?(\W.*)?"), "DRGs"),
    "discharge_status_code": Content(_like(r"\d{1,2}([.]0)?(\W.*)?"), "discharge status codes"),
    "ndc_code": Content(_like(r"(N4)?[\d -]{8,14}([.]0)?"), "National Drug Codes"),
    "unit_of_measure": Content(_like(r"[A-Z][A-Z0-9]|units?|each|minutes?|days?|grams?"), "units of measure"),
    "frequency_code": Content(_frequency, "frequency codes"),
    "payer_sequence": Content(_like(r"0?[1-3].*|[PST]|prim.*|sec.*|tert.*"), "an order of payers"),
    "payer_kind": Content(lexicon.payer_kind, "kinds of payers", 1.0),
    "billing_taxonomy": Content(lexicon.is_taxonomy, "taxonomy codes", 1.0),
    "rendering_taxonomy": Content(lexicon.is_taxonomy, "taxonomy codes", 1.0),
    "facility_npi": Content(lexicon.is_npi, "NPIs", 1.0),
    "billing_npi": Content(_npi, "NPIs (ten digits)"),
    "rendering_npi": Content(_npi, "NPIs (ten digits)"),
    "service_unit_quantity": Content(lambda text: _unit(text) and not _dated(text), "numbers of units"),
    "claim_type": Content(lexicon.claim_type, "professional or institutional"),
    "denial_flag": Content(_flag, "a yes or no"),
    "status": Content(_status, "words of a status", 0.2),
    "diagnosis_code_type": Content(lexicon.code_type, "versions of ICD"),
    "procedure_code_type": Content(lexicon.procedure_type, "versions of ICD"),
    "diagnosis_pointers": Content(lexicon.pointers, "diagnosis pointers", _FEW),
    "diagnosis_pointer_@": Content(lexicon.pointers, "diagnosis pointers", _FEW),
    "diagnosis_poa_@": Content(_present, "marks of presence on admission"),
    "group_code_@": Content(lexicon.group, "group codes (CO, PR, OA, PI)"),
    "carc_@": Content(_reason, "reason codes or words"),
    "adjustment_@": Content(_reason, "reason codes or words"),
    "rarc_@": Content(_reason, "remark codes"),
    "sex": Content(_sex, "words for a sex"),
}  # fmt: skip
#: What a column is instead, where nearly all of its cells are so and no other column is.
_INSTEAD: Final[dict[str, tuple[tuple[str, Callable[[str], object]], ...]]] = {
    "procedure_code_@": (("hcpcs_code", _alone),),
    "hcpcs_code": (("procedure_code_1", _pcs), ("revenue_center_code", _like(r"0\d{3}"))),
    "revenue_center_code": (("hcpcs_code", _alone),),
    "denial_flag": (("adjustment_amount_1", _cents), ("carc_1", _names_code)),
    "status": (("carc_1", _names_code),),
    "diagnosis_pointers": (("diagnosis_codes", _diagnosis),),
    "group_code_@": (("carc_1", _names_code),),
    "service_unit_quantity": (("unit_of_measure", _like(r"UN|MJ|DA|F2|ML|GR|ME")),),
}
_SURE: Final = 0.95
#: Rows and values of which dollars can be recognised by what they come to.
_DOLLARS: Final = 3
_CENT: Final = 0.005


def _of(meaning: str) -> Content | None:
    found = CONTENTS.get(meaning) or CONTENTS.get(repair.family(meaning))
    if found:
        return found
    reader = repair.of(meaning)
    if reader is repair.date or meaning == "birth_date":
        return Content(_date, "dates", _FEW)
    return _money() if reader is repair.money else None


def guessed(
    intake: Intake, table: Staged, rename: Mapping[str, str | None], *, exact: bool = False
) -> list[Guess]:
    """What each column of a staged table is read as: its heading's meaning, where its content agrees.

    A guess that the content contradicts is dropped, with an example, or moved to what the content is, where that is
    sure; a column that ``rename`` names stays what the user says. Columns of dates get their order.
    """
    cells = _Cells(intake, table)
    refused: dict[tuple[str, str | None], str] = {}
    moved: dict[str, str] = {}
    while True:
        guesses = headings.guess(table.columns, rename, exact=exact, refused=refused, moved=moved)
        wrong: dict[tuple[str, str | None], str] = {
            (each.column, each.meaning): why
            for place, each in enumerate(guesses)
            if each.meaning and not each.by_user and (why := _contradiction(each, cells.of(place)))
        }
        wrong |= _remainders(guesses, cells) | money_forms.not_cents(guesses, cells)
        wrong |= beside.not_paid_days(guesses, cells) | _payments_named(guesses, cells)
        if not wrong:
            guesses = beside.amounts(_dollars_beside(guesses, cells), cells)
            guesses = money_forms.decided(intake, table, guesses, cells)
            return _ordered(intake, table, _by_name(guesses, cells))
        refused |= wrong
        taken = {
            each.meaning for each in guesses if each.meaning and (each.column, each.meaning) not in wrong
        }
        moved |= _moves(table, wrong, cells, taken)


class _Cells:
    """Distinct cells of each column, of a part of the rows of a large table."""

    def __init__(self, intake: Intake, table: Staged) -> None:
        self._intake, self._table = intake, table
        self._rows: pa.Table | None = None
        self._found: dict[int, dict[str, int]] = {}

    def of(self, place: int) -> dict[str, int]:
        """Those of one column, in their order, and how many rows of the part have each."""
        if place not in self._found:
            column = self._sample().column(place).drop_null()
            counted = pc.value_counts(column).slice(0, _CELLS)
            values, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
            self._found[place] = dict(zip(values, counts, strict=True))
        return self._found[place]

    def column(self, guesses: list[Guess], meaning: str) -> list[float | None]:
        """The numbers of the column with a meaning, one a row of the part; nothing where no column has it."""
        place = next((place for place, each in enumerate(guesses) if each.meaning == meaning), None)
        return [] if place is None else self.numbers(place)

    def numbers(self, place: int) -> list[float | None]:
        """The numbers of a column, one a row of the part."""
        return [_float(text) for text in self.texts(place)]

    def texts(self, place: int) -> list[str | None]:
        """The cells of a column, one a row of the part."""
        return self._sample().column(place).to_pylist()

    def _sample(self) -> pa.Table:
        if self._rows is None:
            columns = ", ".join(f"c{place}" for place in range(len(self._table.columns)))
            self._rows = self._intake.query(
                f"SELECT {columns} FROM (SELECT * FROM {self._table.some} ORDER BY place)"
            )
        return self._rows


def _contradiction(guess: Guess, cells: Mapping[str, int]) -> str:
    """Why the cells cannot be what the column is guessed to be, with an example; empty where they can."""
    content = _of(guess.meaning or "")
    if content is None or not cells:
        return ""
    if guess.is_sure and content.share == 1:
        return ""  # a column of the canonical name keeps the cells that fit
    other = [text for text in cells if not content.fits(text)]
    rows = sum(cells.values())
    fitting = max(1 - len(other) / len(cells), 1 - sum(cells[text] for text in other) / rows)
    if fitting >= content.share:
        return ""  # most cells, or those of most rows
    all_ = "not all of its cells are" if content.share == 1 else "its cells are not"
    return f"{all_} {content.what}: {other[0]!r}"


def _float(text: str | None) -> float | None:
    try:
        return float((text or "").replace("$", "").replace(",", ""))
    except ValueError:
        return None


def _remainders(guesses: list[Guess], cells: _Cells) -> dict[tuple[str, str | None], str]:
    """Columns of reasons that hold whole dollars: what the payment, or the allowed amount, leaves of the charge."""
    found: dict[tuple[str, str | None], str] = {}
    for place, each in enumerate(guesses):
        if repair.family(each.meaning or "") not in ("carc_@", "adjustment_@") or each.by_user:
            continue
        values = cells.of(place)
        if len(values) < _DOLLARS or not all(re.fullmatch(r"\d+([.]0)?", text) for text in values):
            continue
        numbers = cells.column(guesses, each.meaning or "")
        for other in ("paid_amount", "allowed_amount"):
            rows = [
                abs(charge - less - number) < _CENT
                for number, charge, less in zip(
                    numbers,
                    cells.column(guesses, "charge_amount"),
                    cells.column(guesses, other),
                    strict=False,
                )
                if number and charge is not None and less is not None
            ]
            if len(rows) >= _DOLLARS and sum(rows) >= _SURE * len(rows):
                example = next(iter(values))
                found[each.column, each.meaning] = (
                    f"its cells are what {other} leaves of the charge: {example!r}"
                )
    return found


def _payments_named(guesses: list[Guess], cells: _Cells) -> dict[tuple[str, str | None], str]:
    """A voucher that is read as the claim and stands with several persons: it is a payment."""
    place = {each.meaning: place for place, each in enumerate(guesses)}
    claim = place.get("claim_id")
    if claim is None or "person_id" not in place or not headings.is_voucher(guesses[claim].column):
        return {}
    persons: dict[str, set[str]] = {}
    for voucher, person in zip(cells.texts(claim), cells.texts(place["person_id"]), strict=True):
        if voucher and person:
            persons.setdefault(voucher, set()).add(person)
    shared = [voucher for voucher, those in persons.items() if len(those) > 1]
    if guesses[claim].by_user or len(shared) <= _FEW * len(persons):
        return {}
    return {(guesses[claim].column, "claim_id"): f"several persons have one: it is a payment: {shared[0]!r}"}


def _by_name(guesses: list[Guess], cells: _Cells) -> list[Guess]:
    """The guesses; where persons are known by their names alone, that is noted."""
    named = _like(r"[A-Z][A-Z'. -]*[, ]+[A-Z][A-Z'., -]*")
    return [
        replace(each, note="names: persons of one name are one person")
        if each.meaning == "person_id"
        and (texts := cells.of(place))
        and sum(1 for text in texts if named(text)) > len(texts) / 2
        else each
        for place, each in enumerate(guesses)
    ]


def _moves(
    table: Staged, wrong: Iterable[tuple[str, str | None]], cells: _Cells, taken: set[str]
) -> dict[str, str]:
    """What refused columns are instead: a meaning that nearly all cells of one column alone have."""
    wanted: dict[str, list[str]] = {}
    for column, meaning in wrong:
        found = cells.of(table.columns.index(column))
        for target, fits in _INSTEAD.get(meaning or "", _INSTEAD.get(repair.family(meaning or ""), ())):
            if sum(1 for text in found if fits(text)) >= _SURE * len(found):
                wanted.setdefault(target, []).append(column)
                break
    return {
        columns[0]: target for target, columns in wanted.items() if len(columns) == 1 and target not in taken
    }


def _dollars_beside(guesses: list[Guess], cells: _Cells) -> list[Guess]:
    """The guesses; a column ``adjustment_n`` of dollars beside the reason of its number is its amount."""
    meanings = {each.meaning for each in guesses}
    found = []
    for place, each in enumerate(guesses):
        name, _, number = (each.meaning or "").rpartition("_")
        amount = f"adjustment_amount_{number}"
        if (
            name == "adjustment"
            and f"carc_{number}" in meanings
            and amount not in meanings
            and not each.by_user
        ):
            texts = cells.of(place)
            if texts and all(_amount(text) for text in texts):
                found.append(replace(each, meaning=amount, note="dollars beside a reason"))
                continue
        found.append(each)
    return found


def _ordered(intake: Intake, table: Staged, guesses: list[Guess]) -> list[Guess]:
    """The guesses with the order of their dates."""
    dates = {
        f"c{place}": f"c{place}"
        for place, each in enumerate(guesses)
        if each.meaning and repair.of(each.meaning)("x").why == "not a date"
    }
    orders = repair.decided(intake.records, table.table, dates)
    return [
        replace(each, day_first=order.day_first, note="; ".join(filter(None, [each.note, _words(order)])))
        if (order := orders.get(f"c{place}"))
        else each
        for place, each in enumerate(guesses)
    ]


def _words(order: repair.Order) -> str:
    return f"{order.note}: {order.example}" if order.note else ""
