"""CMS-HCC and RxHCC risk scores: what CMS would pay for, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.conform import as_arrow
from cpticd.core.contract import amend, attach, carry
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, measure
from cpticd.core.session import Session
from cpticd.persons import Apart
from cpticd.risk import hcc_tables
from cpticd.risk.beneficiaries import Rejects, take_claims, take_diagnoses, take_members
from cpticd.risk.cms_rounding import Rounding, check_rounding, half_up, rounded
from cpticd.risk.hhs import prepared as hhs
from cpticd.risk.hhs.scorer import HhsScorer
from cpticd.risk.hierarchies import SEGMENT
from cpticd.risk.profiles import make_people
from cpticd.risk.scorer import Scorer

#: HCCs as text, by number.
_NUMBERS: Final = pa.array([str(number) for number in range(1000)], pa.string())


@contextmanager
def prepared(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None,
    model: str,
    payment_year: int,
    drugs: pd.DataFrame | pa.Table | None = None,
) -> Iterator[Scorer]:
    """A scorer whose people and HCCs are there, from frames or from claims; its relations are gone afterwards."""
    hcc_tables.check_model(model, payment_year)
    if hcc_tables.is_hhs(model):
        with hhs.prepared(members, diagnoses, drugs, model, payment_year) as own:
            yield own
        return
    if drugs is not None:
        raise ArgumentError(f"drugs: {model} does not ask for them; HHS's models do")
    if isinstance(members, Claims):
        if diagnoses is not None:
            raise ArgumentError(
                "diagnoses: not with claims, whose counted diagnoses are scored; pass members as a frame"
            )
        with members.session() as s:
            scorer = Scorer(s, model, payment_year, Rejects())
            make_people(scorer, take_claims(s, payment_year))
            scorer.hold()
            yield scorer
        return
    if diagnoses is None:
        raise ArgumentError(
            "diagnoses: missing; pass a frame with person_id and diagnosis_code, or Claims as members"
        )
    rejects = Rejects()
    given, codes = take_members(members), take_diagnoses(diagnoses, rejects)
    with Session(DuckDBEngine()) as s:
        scorer = Scorer(s, model, payment_year, rejects)
        make_people(scorer, given)
        scorer.hold_frame(codes)
        yield scorer


@measure(heading="Risk score", leaves=Records(), of_claims=False, apart=Apart())
def score(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None = None,
    *,
    payment_year: int,
    model: str = "V28",
    drugs: pd.DataFrame | pa.Table | None = None,
    factors: pd.DataFrame | None = None,
    rounding: Rounding = "exact",
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per person: his risk score and its parts.

    Parameters
    ----------
    members: one row per person: person_id, age in years on February 1 of the payment year or birth_date, sex,
        dual_status_code (00-10, NA), original_reason_entitlement_code (0-3), long_term_institutional,
        new_enrollee, special_needs_plan, pace; ESRD models also esrd_status and graft_months, RxHCC low_income_subsidy,
        esrd and part_d_channel. Absent columns are taken as :data:`cpticd.risk.beneficiaries.MEMBERS` says. Or a
        :class:`Claims`, whose members are scored on the diagnoses of ``payment_year - 1`` that count
        (:func:`cpticd.risk.conditions`).
    diagnoses: person_id, diagnosis_code (ICD-10-CM, any spelling); not with Claims.
    payment_year: CMS's payment year, which pays on diagnoses of the service year before it; of HHS's models the
        benefit year, which pays on its own.
    model: V24, V28, V22 (of PACE), ESRD V24 or RxHCC V08; for marketplace plans HHS V07 (benefit year 2024) or HHS
        V08 (from 2025 on).
    drugs: person_id, ndc_code, hcpcs_code of drugs dispensed or given, for HHS's models; not with Claims.
    factors: rows that replace those of the table ``hcc_factors``.
    rounding: exact, or cms: the raw, the normalized and the adjusted score each to three decimals, half up, as CMS
        pays them and its monthly membership report shows them.
    quiet: do not print, of claims, who is not scored and what was assumed.
    lazy: of claims, rows for ``.to_table(name)``, which do not come here.

    Columns
    -------
    person_id, segment, demographic_score, disease_score, interaction_score, count_score, raw_score (their sum),
    normalized_score (raw / normalization), payment_score (normalized x (1 - MA coding adjustment)), hccs (list of
    text, those that are paid, after hierarchies), payment_hcc_count. Nothing is rounded unless ``rounding`` says so.

    Segments: institutional first, then new enrollee (whose HCCs are not counted), else community by dual status and
    age. Who cannot be scored stands in ``cx.risk.rejects(result)`` with a reason. Where no normalization of the
    year is known, normalized_score and payment_score are null. Raises ArgumentError for a model or year without
    tables, SchemaError for missing columns.

    HHS's models ask of members :data:`cpticd.risk.hhs.members.MEMBERS`: age on the last day of enrolment (or
    birth_date, last_enrolled_date), sex, metal_level, csr_variant or csr_indicator, enrolled_months or enrolled_days;
    what is absent is assumed, as the contract says. Segment is population and metal level; further columns are
    drug_score (RXC, PrEP), csr_factor and drugs (terms). An infant's maturity and severity is his interaction_score.
    There is no normalization: payment_score is raw_score x csr_factor, the person's plan liability risk score. Of
    claims, persons of marketplace payers are scored, and CMS's list of eligible procedures stands in for HHS's.

    Source: CMS's SAS programs V2218O1M, V2419P1M and V2823T2M, its ESRD and RxHCC software; tables as in SOURCES.toml.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A"], "age": [70], "sex": ["F"]})
    >>> codes = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["E11.22"]})
    >>> scored = cx.risk.score(members, codes, payment_year=2026)
    >>> scored["segment"].tolist(), scored["hccs"].map(list).tolist()
    (['CNA'], [['37']])
    """
    check_rounding(rounding)
    rates = hcc_tables.factors(model, payment_year, factors)
    with prepared(members, diagnoses, model, payment_year, drugs) as scorer:
        scorer.rate(rates)
        frame = hhs.scores(scorer) if isinstance(scorer, HhsScorer) else _scores(scorer)
        if isinstance(members, Claims) and not quiet:
            print(_who(frame, scorer))
        return described(rounded(frame, rounding), scorer, measure="risk score")


@measure(heading="Blended payment score", leaves=Records(), of_claims=False)
def blended(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None = None,
    *,
    payment_year: int,
    factors: pd.DataFrame | None = None,
    rounding: Rounding = "exact",
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per person: the payment score that CMS blends of its Part C models in ``payment_year``.

    Columns: person_id, segment, for each model of the blend raw_score_<model>, payment_score_<model>, and
    payment_score = sum of share x payment_score; each model is normalized and adjusted before it is blended. The
    shares stand in ``cx.contract(frame)["shares"]``. Members of PACE (column pace) have a blend of their own from
    payment year 2026 on, of V28 and V22 (``shares_of_pace``), without MA coding adjustment and without the frailty
    factor of their organization; before, CMS paid them by V22 alone, and they stand in the rejects. Other parameters
    and errors: :func:`score`. Source: CMS's rate announcements, as in SOURCES.toml; of PACE in 2026 (10 % V28, 90 %
    V22) CMS's HPMS memo of September 29, 2025, by a summary of it.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A"], "age": [70], "sex": ["F"]})
    >>> codes = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["E11.22"]})
    >>> cx.contract(cx.risk.blended(members, codes, payment_year=2025))["shares"]
    {'V24': 0.33, 'V28': 0.67}
    """
    shares = hcc_tables.shares(payment_year, factors)
    if not shares:
        hcc_tables.check_model("V28", payment_year)
        raise ArgumentError(
            f"no Part C model has a share of payment_year={payment_year}; pass factors with shares"
        )
    # Who is in PACE is asked only in years in which PACE has a blend of its own.
    of_pace = hcc_tables.shares(payment_year, factors, hcc_tables.PACE)
    in_pace = _in_pace(members, payment_year) if of_pace else set()
    of_pace = of_pace if in_pace else {}
    models = list(dict.fromkeys([*shares, *of_pace]))
    parts = [
        score(
            members, diagnoses, model=model, payment_year=payment_year, factors=factors, rounding=rounding,
            quiet=quiet or number > 0,
        )
        for number, model in enumerate(models)
    ]  # fmt: skip
    result = carry(parts[0], parts[0][["person_id", "segment"]].copy())
    known = result["person_id"].isin(in_pace)
    total = np.zeros(len(result))
    for model, part in zip(models, parts, strict=True):
        # V22 pays those alone of whom it is known that they are in PACE.
        mine = part.set_index("person_id").reindex(result["person_id"].where(known | (model in shares)))
        for name in ("raw_score", "payment_score"):
            result[f"{name}_{model}"] = mine[name].to_numpy()
        share = np.where(known, of_pace.get(model, 0.0), shares.get(model, 0.0))
        total += np.where(share > 0, share * mine["payment_score"].to_numpy(), 0.0)
    result["payment_score"] = total
    if rounding == "cms":
        result["payment_score"] = half_up(result["payment_score"])
    return amend(
        result,
        measure=f"blended payment score, payment year {payment_year}",
        model=" + ".join(models),
        shares=shares,
        **({"shares_of_pace": of_pace} if of_pace else {}),
    )


def _in_pace(members: Claims | pd.DataFrame | pa.Table, payment_year: int) -> set[str]:
    """Who is known to be a member of PACE in the payment year, else in the year before."""
    if isinstance(members, Claims):
        with members.session() as s:
            rows = s.fetch(sql.text("risk/members_of_year"), {"payment_year": payment_year})
    else:
        rows = as_arrow(members)
        if "pace" not in rows.column_names:
            return set()
    taken = take_members(rows)
    of_pace = pc.fill_null(taken.facts.column("pace"), False).take(pa.array(taken.fact))
    return set(taken.person_id.filter(of_pace.combine_chunks()).to_pylist())


def _who(frame: pd.DataFrame, scorer: Scorer) -> str:
    """How many persons of claims are scored, why others are not, and what was assumed of those who are."""
    persons = [row for row in scorer.rejects.records if row["location"].startswith("person ")]
    out = Counter(row["reason"].partition(": found")[0] for row in persons if row["source"] == "members")
    text = f"{scorer.model}, payment year {scorer.payment_year}: {len(frame):,} persons scored"
    text += "".join(f"; not scored, {n:,}: {reason}" for reason, n in out.most_common(3))
    text += f"; and {len(out) - 3} more reasons (cx.risk.rejects)" if len(out) > 3 else ""
    assumed = (f"; assumed of {n:,}: {what}" for what, n in scorer.assumed.items() if n)
    return text + "".join(assumed)


def _scores(scorer: Scorer) -> pd.DataFrame:
    """The result, in the order in which the members were given."""
    scorer.score()
    scores = scorer.s.fetch(sql.text("risk/payment_scores"))
    order = np.argsort(scores.column("person").to_numpy())
    ids = scorer.scored.column("person_id").combine_chunks()
    names = pa.array(scorer.blocks.segments, pa.string())
    segment = pa.array(scores.column("segment").to_numpy()[order])
    columns: dict[str, Any] = {
        "person_id": ids.to_pandas().astype("str"),
        "segment": names.take(segment).to_pandas().astype("str"),
    }
    for name in scores.column_names[2:]:
        if name == "payment_hcc_count":
            columns["hccs"] = _hccs(scorer, len(ids))
        columns[name] = scores.column(name).to_numpy()[order]
    return pd.DataFrame(columns)


def _hccs(scorer: Scorer, persons: int) -> pd.Series:
    """Each person's paid HCCs, by number, for persons 1 to ``persons``."""
    scorer.s.load("set_members", scorer.blocks.members)
    rows = scorer.s.fetch(sql.text("risk/paid_hccs"), segment=SEGMENT)
    key = np.sort(rows.column(0).to_numpy())
    ends = np.cumsum(np.bincount(key // 1000, minlength=persons + 1))
    values = _NUMBERS.take(pa.array(key % 1000))
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)
    # A million Python lists would cost more than the scores; pandas makes each when it is looked at.
    return pd.Series(lists, dtype=pd.ArrowDtype(lists.type))


def described(frame: pd.DataFrame, scorer: Scorer, *, measure: str) -> pd.DataFrame:
    """``frame`` with its contract and with what could not be scored."""
    return attach(
        frame,
        measure=f"{measure}, {scorer.model}, payment year {scorer.payment_year}",
        numerator=f"coefficients of the person's segment: {scorer.parts}",
        denominator=scorer.denominator,
        clock=scorer.clock,
        exclusions="persons and diagnoses that risk.rejects lists",
        rows_left_out=scorer.left_out["members"],
        code_set_release=f"{scorer.publisher} mapping of payment year {scorer.payment_year}",
        model=scorer.model,
        payment_year=scorer.payment_year,
        assumed={reason: n for reason, n in scorer.assumed.items() if n},
        records={"rejects": scorer.rejects.records},
    )
