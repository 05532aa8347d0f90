"""Lines in the words of an explanation of benefits: what was done, why, what the payer said, who owes what."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.codes import dotted
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, measure
from cpticd.core.session import Session
from cpticd.reference import icd10cm, table

#: Lines that are explained at once: a page to read, not an export.
MAX_LINES: Final = 200
_LIMIT: Final = 5000
_COLUMNS: Final = (
    *("claim_id", "claim_line_number", "person_id", "payer", "billing_npi", "service_date", "hcpcs_code"),
    *("done", "why", "said", "owed", "charge_amount", "paid_amount", "patient_amount", "denied_amount"),
    *("initial_outcome", "final_outcome"),
)
#: What an adjustment that is no denial is, in our words: by what the ledger reads it as, else by the kind of its CARC.
_MEANINGS: Final = {
    "capitation": "paid for by the month",
    "packaging": "paid within another service",
}
_KINDS: Final = {
    "contractual": "reduction by contract",
    "patient responsibility": "the patient's share",
    "payment terms": "terms of payment",
    "other payer": "paid by another payer",
    "pended": "not decided yet",
    "sequestration": "reduction by law",
    "informational": "for information",
}
#: Answers that decide nothing, and those that take a decision back.
_UNDECIDED: Final = {
    "reversed": "earlier payment taken back",
    "returned": "returned to be corrected, not decided",
    "pended": "not decided yet",
    "forwarded": "forwarded to another payer, not decided",
    "predetermined": "priced in advance, not decided",
}
_BORNE: Final = {
    "provider": "by the provider",
    "patient": "by the patient",
    "other": "by neither by contract",
}

Line = tuple[str, int]


@measure(heading="Lines explained", leaves=Records())
def explain(claims: Claims, lines: pd.DataFrame) -> pd.DataFrame:
    """One row per line of ``lines`` (claim_id, claim_line_number), in their order, as a payer would explain it.

    done: the service; why: the diagnoses that the line points to, with their titles; said: every decision, with
    group code, CARC, RARC, our category and the dollars; owed: who bears the charge as it stands. Amounts are US
    dollars as of the latest adjudication. ArgumentError for more than 200 lines, and for lines that are not there.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=50, seed=1).claims
    >>> len(cx.denials.explain(claims, claims.table("lines").head(3)))
    3
    """
    wanted = [
        (str(claim), int(number))
        for claim, number in zip(lines["claim_id"].tolist(), lines["claim_line_number"].tolist(), strict=True)
    ]
    if len(wanted) > MAX_LINES:
        raise ArgumentError(
            f"explain: found {len(wanted):,} lines; give at most {MAX_LINES}, such as lines.head(20)"
        )
    with claims.session() as s:
        facts = _Facts(s, sorted({claim for claim, _ in wanted}))
    if absent := [key for key in wanted if key not in facts.lines]:
        raise ArgumentError(
            f"explain: no line {absent[0][1]} of claim {absent[0][0]!r}; give keys of the table lines"
        )
    rows = []
    for key in wanted:
        row = facts.lines[key]
        told = {"done": _done(row), "why": facts.why(key), "said": facts.said(key), "owed": facts.owed(key)}
        rows.append({name: {**row, **told}[name] for name in _COLUMNS})
    result = pd.DataFrame(rows, columns=list(_COLUMNS))
    result["service_date"] = pd.to_datetime(result["service_date"]).astype("datetime64[s]")
    return attach(
        result,
        measure="lines as an explanation of benefits",
        numerator="none: a list, not a rate",
        denominator="none: a list, not a rate",
        clock=f"decisions: every adjudication; amounts: {CLOCKS['final']}",
        categories="as the ledger reads reasons (adjustment_readings); numbers of codes, no texts of X12",
    )


class _Facts:
    """What the tables hold of a few claims."""

    def __init__(self, s: Session, names: list[str]) -> None:
        self._session = s
        self._bind(names)
        chained = self._fetch(sql.text("denials/explained_chains").format(claims=self._places, limit=_LIMIT))
        #: Of a line of a chain: every line that bills the same service, the first version first.
        self.same: dict[Line, list[Line]] = {}
        services: dict[Line, list[Line]] = defaultdict(list)
        for row in chained:
            service = services[row["service_claim_id"], row["service_line_number"]]
            service.append((row["claim_id"], row["claim_line_number"]))
            self.same[service[-1]] = service
        self._bind(sorted({*names, *(claim for claim, _ in self.same)}))
        found = self._fetch(sql.text("denials/explained_lines").format(claims=self._places, limit=_LIMIT))
        self.lines: dict[Line, dict[str, Any]] = {
            (row["claim_id"], row["claim_line_number"]): row for row in found
        }
        self._diagnoses = self._by_claim("diagnoses", "diagnosis_position")
        self._pointers = self._by_claim("pointers", "claim_line_number, pointer_position")
        self._adjudications = self._by_claim("adjudications", "adjudication_number")
        self._payments = self._by_claim("line_payments", "adjudication_number, service_number")
        self._ledger = {
            (row["claim_id"], row["claim_line_number"], row["adjudication_number"]): row
            for rows in self._by_claim("ledger", "adjudication_number").values()
            for row in rows
        }
        self._adjustments = self._by_claim(
            "adjustment_readings", "adjudication_number, adjustment_position, group_code, carc"
        )
        self._remarks = self._by_claim("remarks", "adjudication_number, remark_position")
        self._kinds = {row["carc"]: row["kind"] for row in self._read("carc_categories")}
        codes = sorted({row["diagnosis_code"] for rows in self._diagnoses.values() for row in rows})
        self._titles = dict(zip(codes, icd10cm.title(codes).tolist(), strict=True)) if codes else {}
        self._written = dict(zip(codes, dotted(pd.Series(codes, dtype="str")), strict=True))

    def _bind(self, names: list[str]) -> None:
        """Claims that statements speak of from here on."""
        self._params = {f"c{place}": name for place, name in enumerate(names)}
        self._places = ", ".join(f"${name}" for name in self._params) or "NULL"

    def _fetch(self, text: str) -> list[dict[str, Any]]:
        return self._session.rows(text, self._params or None)

    def _read(self, name: str) -> list[dict[str, Any]]:
        return self._session.rows(f"SELECT * FROM {name}")

    def _by_claim(self, name: str, order: str) -> dict[str, list[dict[str, Any]]]:
        """Rows of a canonical table by claim; the names are ours, the claims are bound."""
        text = f"SELECT * FROM {name} WHERE claim_id IN ({self._places}) ORDER BY claim_id, {order} LIMIT {_LIMIT}"
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._fetch(text):
            found[row["claim_id"]].append(row)
        return found

    # -- why ---------------------------------------------------------------------------------------

    def why(self, key: Line) -> str:
        """The diagnoses that the line points to; those of the claim where it has no pointers at all."""
        claim, number = key
        code_at = {row["diagnosis_position"]: row["diagnosis_code"] for row in self._diagnoses[claim]}
        pointed = [
            row["diagnosis_position"] for row in self._pointers[claim] if row["claim_line_number"] == number
        ]
        every = not self._pointers[claim]
        codes = dict.fromkeys(code_at[place] for place in (code_at if every else pointed) if place in code_at)
        if not codes:
            return "No diagnosis."
        named = "; ".join(f"{self._written[code]} {self._title(code)}".rstrip() for code in codes)
        return f"Diagnoses of the claim: {named}." if every else f"{named}."

    def _title(self, code: str) -> str:
        title = self._titles.get(code)
        return title if isinstance(title, str) and title != "nan" else ""

    # -- what the payer said -----------------------------------------------------------------------

    def said(self, key: Line) -> str:
        """Each decision in order, over all payers and versions of the claim, with its reasons."""
        versions = self.same.get(key, [key])
        answers = [
            (row["paid_date"] or date.min, place, row["adjudication_number"], version, row)
            for place, version in enumerate(versions)
            for row in self._adjudications[version[0]]
        ]
        payers = {row["payer"] for *_, row in answers if row["payer"]}
        told = []
        for _, place, _, version, row in sorted(answers, key=lambda answer: answer[:3]):
            who = f"{row['payer']} " if len(payers) > 1 and row["payer"] else ""
            about = f", version {place + 1} of the claim" if len(versions) > 1 else ""
            if text := self._decision(version, row, who=who, about=about):
                told.append(text)
        row = self.lines[key]
        if told:
            return " ".join(told)
        if row["initial_outcome"] == "void":
            return "A void: it takes an earlier claim back and asks for no payment."
        if row["initial_outcome"] in ("not adjudicated", "counted elsewhere"):
            return "Nothing yet."
        return f"{str(row['initial_outcome']).capitalize()}, by the line's processing indicator."

    def _decision(self, key: Line, adjudication: dict[str, Any], *, who: str, about: str) -> str:
        claim, line = key
        number = adjudication["adjudication_number"]
        at = [row for row in self._payments[claim] if row["adjudication_number"] == number]
        own = [row for row in at if row["claim_line_number"] == line]
        if at and not own:
            return ""  # this adjudication speaks of other lines
        day = adjudication["paid_date"]
        when = f"{f'{day:%Y-%m-%d}' if day else 'Undated'}{about}: {who}"
        entry = self._ledger.get((claim, line, number), {})
        if word := _UNDECIDED.get(str(entry.get("decision"))):
            return f"{when}{word}."
        reasons = self._reasons(key, number, whole=not own)
        amount = sum(_number(row["paid_amount"]) for row in own or [adjudication])
        scope = "" if own else " for the claim as a whole"
        allowance = sum(_number(row["allowed_amount"]) for row in own)
        allowed = f" of {_dollars(allowance)} allowed" if allowance else ""
        head = f"paid {_dollars(amount)}{allowed}{scope}" if amount > 0 else f"paid nothing{scope}"
        if entry.get("is_reported"):
            head += ", as another payer's claim reports"
        recoded = ""
        changed = {
            (row["hcpcs_code"], row["submitted_hcpcs_code"])
            for row in own
            if row["submitted_hcpcs_code"] and row["submitted_hcpcs_code"] != row["hcpcs_code"]
        }
        if changed:
            codes = " and ".join(sorted(str(code) for code, _ in changed))
            recoded = f" as {codes} instead of {min(str(sent) for _, sent in changed)}"
        return f"{when}{head}{recoded}{'; ' if reasons else ''}{'; '.join(reasons)}."

    def _reasons(self, key: Line, number: int, *, whole: bool) -> list[str]:
        """Adjustments of the line (and of the claim as a whole), then remarks, in words."""
        claim, line = key
        places = (0,) if whole else (line, 0)
        adjustments = [
            row
            for row in self._adjustments[claim]
            if row["adjudication_number"] == number and row["line"] in places
        ]
        rarcs = dict.fromkeys(
            row["rarc"]
            for row in self._remarks[claim]
            if row["adjudication_number"] == number and (row["claim_line_number"] or 0) in places
        )
        told = []
        for row in adjustments:
            code = "-".join(part for part in (row["group_code"], row["carc"]) if part) or "no reason code"
            whose = "" if row["line"] or whole else ", of the claim"
            told.append(f"{code} {_dollars(row['amount'])} ({self._meaning(row)}{whose})")
        return told + ([f"remarks {', '.join(rarcs)}"] if rarcs else [])

    def _meaning(self, reading: dict[str, Any]) -> str:
        """What a reason means: our root cause of a denial, else in words what it is."""
        if reading["meaning"] == "denial" or reading["carc"] is None:
            return str(reading["category"])
        kind = self._kinds.get(reading["carc"], "")
        return _MEANINGS.get(reading["meaning"]) or _KINDS.get(kind, kind)

    # -- who owes what -----------------------------------------------------------------------------

    def owed(self, key: Line) -> str:
        """Who bears the charge, as of the latest adjudication."""
        row = self.lines[key]
        charge = _number(row["charge_amount"])
        if row["final_outcome"] == "void":
            return f"Void: nothing is asked for; {_dollars(charge)} had been charged."
        if row["final_outcome"] == "counted elsewhere":
            return "Counted with the same service on another version of its claim."
        if row["final_outcome"] == "not adjudicated":
            return f"Open: {_dollars(charge)} charged" + (
                ", payment taken back." if row["adjudication_count"] else "."
            )
        paid, patient, denied = (
            _number(row[name]) for name in ("paid_amount", "patient_amount", "denied_amount")
        )
        bearer = self._bearer(row)
        # What the patient owes of a denial stands in both sums.
        reduced = charge - paid - patient - (0 if bearer == "patient" else denied)
        parts = [f"Payer paid {_dollars(paid)}", f"patient owes {_dollars(patient)}"]
        if denied > 0:
            parts.append(f"{_dollars(denied)} denied, borne {_BORNE.get(bearer, 'by the provider')}")
        if reduced >= 0.005:
            parts.append(f"{_dollars(reduced)} reduced by contract or terms")
        return f"{'; '.join(parts)}; of {_dollars(charge)} charged."

    @staticmethod
    def _bearer(row: dict[str, Any]) -> str:
        """Who bears what stands denied, by the group code of its largest reason."""
        bears = {each["group_code"]: each["who_bears_it"] for each in table("group_codes").to_pylist()}
        return str(bears.get(row["final_denial_group"], "provider"))


def _done(row: dict[str, Any]) -> str:
    """The service: ``99213-25, Evaluation and management; 1 unit; place 11; charged $120.00``."""
    modifiers = [row[f"hcpcs_modifier_{place}"] for place in (1, 2, 3, 4)]
    code = "-".join(
        [
            row["hcpcs_code"] or f"revenue code {row['revenue_center_code'] or '(none)'}",
            *filter(None, modifiers),
        ]
    )
    family = f", {row['hcpcs_family']}" if row["hcpcs_family"] else ""
    units = row["units"]
    much = f"; {units:g} unit{'' if units == 1 else 's'}" if units is not None else ""
    return f"{code}{family}{much}; place {row['place']}; charged {_dollars(row['charge_amount'])}."


def _number(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _dollars(value: Any) -> str:
    number = _number(value)
    return f"{'-' if number < 0 else ''}${abs(number):,.2f}"
