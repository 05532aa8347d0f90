"""What codes, systems and URLs of FHIR mean: the table ``codes.csv``, and SQL macros that read elements by it."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

import pyarrow as pa
from pyarrow import csv

from cpticd.core.engine import DuckDBEngine

#: Macros that take a CodeableConcept: the code that it has in one of the systems of an element and meaning.
_PICKS: Final = {
    "fhir_hcpcs": ("service system", "hcpcs"), "fhir_ndc": ("service system", "ndc"),
    "fhir_revenue": ("revenue system", "revenue"), "fhir_bill_type": ("bill system", "bill type"),
    "fhir_taxonomy": ("taxonomy system", "taxonomy"), "fhir_icd_10_cm": ("diagnosis system", "icd-10-cm"),
    "fhir_icd_9_cm": ("diagnosis system", "icd-9-cm"), "fhir_icd_10_pcs": ("procedure system", "icd-10-pcs"),
    "fhir_icd_9_pcs": ("procedure system", "icd-9-pcs"),
}  # fmt: skip
_MACROS: Final = {
    # A system without protocol, version and slash at its end; the last part of a code or URL; what a reference names.
    "fhir_url(x)": r"rtrim(regexp_replace(lower(split_part(x, '|', 1)), '^https?://', ''), '/')",
    "fhir_last(x)": r"lower(regexp_extract(x, '([^/]+)/?$', 1))",
    "fhir_target(x)": r"nullif(CASE WHEN x LIKE '#%' THEN x "
    r"ELSE regexp_replace(regexp_replace(split_part(x, '/_history/', 1), '^urn:(uuid|oid):', ''), "
    r"'^.*[/=|]', '') END, '')",
    "fhir_date(x)": "CASE WHEN length(x) >= 10 AND left(x, 4) BETWEEN '1850' AND '2200' "
    "THEN TRY_CAST(left(x, 10) AS DATE) END",
    "fhir_money(x)": "CASE WHEN abs(TRY_CAST(x AS DECIMAL(18,2))) < 1000000000000 THEN CAST(x AS DECIMAL(18,2)) END",
    # The currency of an amount that is no dollar of the United States: R4 names it, STU3 has it as a code.
    "fhir_foreign(m)": "CASE WHEN upper(m.currency) <> 'USD' THEN upper(m.currency) "
    "WHEN m.system LIKE '%4217' AND upper(m.code) <> 'USD' THEN upper(m.code) END",
    # What categories of amounts are called where their codes are none that is known: "Paid Amount" is paid.
    "fhir_spoken(x)": "nullif(regexp_replace(lower(x), '[^a-z]|amount|amt', '', 'g'), '')",
    "fhir_codes(concept)": "list_transform(concept.coding, lambda c: fhir_last(c.code))",
    "fhir_category(concept)": "nullif(concat_ws('|', list_aggregate(fhir_codes(concept), 'string_agg', '|'), "
    "CASE WHEN concept.text IS NOT NULL AND NOT coalesce(list_has_any(fhir_codes(concept), [{amounts}]), false) "
    "THEN fhir_spoken(concept.text) END), '')",
    "fhir_value(e)": "coalesce(e.valueCoding.code, e.valueIdentifier.value, e.valueDate, e.valueString, "
    "e.valueQuantity.value)",
    # What the extensions of an element say under one of some URLs.
    "fhir_said(list, keys)": "fhir_value(list_filter(list, lambda e: list_contains(keys, fhir_last(e.url)) "
    "AND fhir_value(e) IS NOT NULL)[1])",
    # A code that says no system, where it has the form that is asked for.
    "fhir_bare(concept, form)": "list_filter(concept.coding, lambda c: c.system IS NULL "
    "AND regexp_full_match(c.code, form))[1].code",
    "fhir_is_service(x)": "x IS NOT NULL AND list_contains([{services}], fhir_url(x))",
    "fhir_npi(i)": "CASE WHEN list_contains([{npis}], fhir_url(i.system)) OR lower(i.type.coding[1].code) = 'npi' "
    "THEN i.value END",
    "fhir_npis(list)": "list_filter(list, lambda i: list_contains([{npis}], fhir_url(i.system)) "
    "OR lower(i.type.coding[1].code) = 'npi')[1].value",
}


@cache
def table() -> pa.Table:
    """One row per code, system or last part of a URL: where it stands, what it means there, how specific it is.

    Of several codes of one element the one of the lowest rank decides.
    """
    with resources.files(__package__).joinpath("codes.csv").open("rb") as file:
        return csv.read_csv(file)


def codes(element: str, meaning: str | None = None) -> list[str]:
    """The codes of one element, all of them or those of one meaning."""
    rows = table().to_pylist()
    return [r["code"] for r in rows if r["element"] == element and meaning in (None, r["meaning"])]


def listed(values: list[str]) -> str:
    """SQL of a list of texts of our own."""
    return ", ".join(f"'{value}'" for value in values)


def define(engine: DuckDBEngine) -> None:
    """Put the table ``fhir_codes`` and the macros before the engine."""
    engine.load("fhir_codes", table())
    parts = {
        "services": listed(codes("service system")),
        "npis": listed(codes("npi system")),
        "amounts": listed(codes("amount")),
    }
    for name, body in _MACROS.items():
        engine.execute(f"CREATE OR REPLACE MACRO {name} AS {body.format(**parts) if '{' in body else body}")
    for name, (element, meaning) in _PICKS.items():
        engine.execute(
            f"CREATE OR REPLACE MACRO {name}(concept) AS list_filter(concept.coding, lambda c: c.code IS NOT NULL "
            f"AND list_contains([{listed(codes(element, meaning))}], fhir_url(c.system)))[1].code"
        )


def forget(engine: DuckDBEngine) -> None:
    """Drop what :func:`define` put before the engine."""
    engine.drop("fhir_codes")
    for name in [*_PICKS, *(name.partition("(")[0] for name in reversed(_MACROS))]:
        engine.execute(f"DROP MACRO IF EXISTS {name}")
