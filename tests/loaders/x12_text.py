"""Small X12 files as text, for tests: write ``*``, ``:`` and ``~``, whatever separators the file is to have."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd

from cpticd.claims import Claims
from cpticd.core.frames import to_frame
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Options
from cpticd.loaders.x12 import read_x12, reader

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *250301*1200*^*00501*000000001*0*P*:~"


def interchange(*sets: str, kind: str = "HC", version: str = "005010X222A1") -> str:
    """ISA to IEA around transaction sets."""
    group = f"GS*{kind}*SENDER*RECEIVER*20250301*1200*1*X*{version}~"
    return f"{ISA}{group}{''.join(sets)}GE*{len(sets)}*1~IEA*1*000000001~"


def transaction(body: str, *, kind: str = "837", number: str = "0001") -> str:
    """ST to SE around ``body``, with the right count of segments."""
    head = f"ST*{kind}*{number}~"
    return f"{head}{body}SE*{(head + body).count('~') + 1}*{number}~"


def professional(*claims: str, number: str = "0001", sent: str = "20250302") -> str:
    """An 837P set with one billing provider; a claim begins with its own subscriber level."""
    head = f"BHT*0019*00*1*{sent}*1200*CH~NM1*41*2*SERVICE*****46*1~NM1*40*2*PAYER*****46*2~"
    provider = "HL*1**20*1~NM1*85*2*CLINIC*****XX*1111111111~N3*1 MAIN~N4*TOWN*IL*60000~REF*EI*123456789~"
    return transaction(head + provider + "".join(claims), number=number)


def subscriber(
    member: str = "M1", payer: str = "PAYER ONE", *, payer_id: str = "P1", order: str = "P"
) -> str:
    """The level of a subscriber who is the patient; ``order`` P, S or T of the payer."""
    return (
        f"HL*2*1*22*0~SBR*{order}*18*******CI~NM1*IL*1*DOE*PAT****MI*{member}~DMG*D8*19700102*F~"
        f"NM1*PR*2*{payer}*****PI*{payer_id}~"
    )


def claim(
    number: str = "A1",
    charge: str = "100",
    diagnoses: str = "HI*ABK:E119*ABF:I10~",
    lines: str = "LX*1~SV1*HC:99213*100*UN*1***1:2~DTP*472*D8*20250110~REF*6R*L1~",
    *,
    frequency: str = "1",
    replaces: str = "",
) -> str:
    """A professional claim in office; ``replaces`` is the payer's number of the claim before."""
    original = f"REF*F8*{replaces}~" if replaces else ""
    return f"CLM*{number}*{charge}***11:B:{frequency}*Y*A*Y*Y~{original}{diagnoses}{lines}"


def remittance(
    *claims: str,
    number: str = "0001",
    paid: str = "20250201",
    payer: str = "PAYER ONE",
    payer_id: str = "",
    amount: str | None = None,
    trace: str = "1",
) -> str:
    """An 835 set; its amount is what its claims and provider adjustments (PLB) come to, unless one is given."""
    segments = [segment.split("*") for segment in "".join(claims).split("~")]
    total = sum((Decimal(parts[4]) for parts in segments if parts[0] == "CLP"), Decimal(0))
    total -= sum((Decimal(parts[4]) for parts in segments if parts[0] == "PLB"), Decimal(0))
    named = f"{payer}*XV*{payer_id}" if payer_id else payer
    head = (
        f"BPR*I*{total if amount is None else amount}*C*CHK************{paid}~TRN*1*{trace}*1~DTM*405*{paid}~"
        f"N1*PR*{named}~N1*PE*CLINIC*XX*1111111111~LX*1~"
    )
    return transaction(head + "".join(claims), kind="835", number=number)


def paid_claim(
    number: str = "A1",
    *,
    status: str = "1",
    charge: str = "100",
    paid: str = "80",
    member: str = "M1",
    lines: str = "SVC*HC:99213*100*80**1~DTM*472*20250110~CAS*CO*45*20~REF*6R*L1~AMT*B6*80~",
    icn: str | None = None,
    frequency: str = "",
) -> str:
    """A claim of an 835; ``icn`` is the payer's number of it."""
    icn = f"ICN{number}" if icn is None else icn
    answered = f"*11*{frequency}" if frequency else ""
    return (
        f"CLP*{number}*{status}*{charge}*{paid}**12*{icn}{answered}~NM1*QC*1*DOE*PAT****MI*{member}~{lines}"
    )


def another(number: int) -> str:
    """A file with one claim of one person, both of this number: a file that holds the same would be its copy."""
    return interchange(professional(subscriber(f"M{number}"), claim(f"A{number}")))


#: The first of these files.
PLAIN = another(1)


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


class Taken:
    """What files came to before anything is derived from it: for tests of reading and matching alone."""

    def __init__(self, folder: Path, *texts: str, names: list[str] | None = None) -> None:
        for place, text in enumerate(texts):
            (folder / (names[place] if names else f"f{place}.edi")).write_text(text)
        self.intake = Intake()
        reader.load({"x12": [folder]}, self.intake, Options(workers=1))

    def query(self, sql: str) -> pd.DataFrame:
        return to_frame(self.intake.query(sql))

    def table(self, name: str) -> pd.DataFrame:
        return self.query(f"SELECT * FROM {name} ORDER BY ALL")

    @property
    def rejects(self) -> pd.DataFrame:
        return to_frame(self.intake.rejects())

    def noted(self, about: str) -> pd.DataFrame:
        """Entries of rejects whose reason begins so."""
        found = self.rejects
        return found[found["reason"].str.startswith(about)]


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
