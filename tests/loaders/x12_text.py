"""Small X12 files as text, for tests: write ``*``, ``:`` and ``~``, whatever separators the file is to have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.x12 import read_x12

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250301*1200*^*00501*000000001*0*P*:~"


def interchange(*sets: str, kind: str = "HC", version: str = "005010X222A1") -> str:
    """ISA to IEA around transaction sets."""
    group = f"GS*{kind}*SENDER*RECEIVER*20250301*1200*1*X*{version}~"
    return f"{ISA}{group}{''.join(sets)}GE*{len(sets)}*1~IEA*1*000000001~"


def transaction(body: str, *, kind: str = "837", number: str = "0001") -> str:
    """ST to SE around ``body``, with the right count of segments."""
    head = f"ST*{kind}*{number}~"
    return f"{head}{body}SE*{(head + body).count('~') + 1}*{number}~"


def professional(*claims: str, number: str = "0001") -> str:
    """An 837P set with one billing provider; a claim begins with its own subscriber level."""
    head = "BHT*0019*00*1*20250302*1200*CH~NM1*41*2*SERVICE*****46*1~NM1*40*2*PAYER*****46*2~"
    provider = "HL*1**20*1~NM1*85*2*CLINIC*****XX*1111111111~N3*1 MAIN~N4*TOWN*IL*60000~REF*EI*123456789~"
    return transaction(head + provider + "".join(claims), number=number)


def subscriber(member: str = "M1", payer: str = "PAYER ONE") -> str:
    """The level of a subscriber who is the patient."""
    return (
        f"HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*PAT****MI*{member}~DMG*D8*19700102*F~"
        f"NM1*PR*2*{payer}*****PI*P1~"
    )


def claim(
    number: str = "A1",
    charge: str = "100",
    diagnoses: str = "HI*ABK:E119*ABF:I10~",
    lines: str = "LX*1~SV1*HC:99213*100*UN*1***1:2~DTP*472*D8*20250110~REF*6R*L1~",
) -> str:
    """A professional claim in office."""
    return f"CLM*{number}*{charge}***11:B:1*Y*A*Y*Y~{diagnoses}{lines}"


def remittance(*claims: str, number: str = "0001", paid: str = "20250201", payer: str = "PAYER ONE") -> str:
    """An 835 set."""
    head = f"BPR*I*0*C*CHK************{paid}~TRN*1*1*1~DTM*405*{paid}~N1*PR*{payer}~N1*PE*CLINIC*XX*1111111111~LX*1~"
    return transaction(head + "".join(claims), kind="835", number=number)


def paid_claim(
    number: str = "A1",
    *,
    status: str = "1",
    charge: str = "100",
    paid: str = "80",
    member: str = "M1",
    lines: str = "SVC*HC:99213*100*80**1~DTM*472*20250110~CAS*CO*45*20~REF*6R*L1~AMT*B6*80~",
) -> str:
    """A claim of an 835."""
    return f"CLP*{number}*{status}*{charge}*{paid}**12*ICN{number}~NM1*QC*1*DOE*PAT****MI*{member}~{lines}"


def load(folder: Path, *texts: str | bytes, names: list[str] | None = None) -> Claims:
    """Write each text to a file of its own and read them all."""
    paths = []
    for place, text in enumerate(texts):
        path = folder / (names[place] if names else f"f{place}.edi")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    return read_x12(paths, progress=False)


def problems(claims: Claims) -> pd.DataFrame:
    """What rejects say beyond the note that every file has: which of its segments no table holds."""
    return claims.rejects.query("reason != 'left out, since no table holds it'").reset_index(drop=True)


def balanced(claims: Claims) -> bool:
    """Whether read = loaded + rejected + left out, for every source and table."""
    accounts = claims.accounting()
    return bool((accounts["read"] == accounts["loaded"] + accounts["rejected"] + accounts["left_out"]).all())


def show(frame: pd.DataFrame, columns: str) -> list[str]:
    """Rows of some columns as text, in order, nulls as a hyphen."""
    rows = []
    for row in frame[columns.split()].itertuples(index=False):
        rows.append(" ".join("-" if pd.isna(cell) else _cell(cell) for cell in row))
    return rows


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)
