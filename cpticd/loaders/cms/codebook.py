"""DE-SynPUF: which columns its files have, and which of them distinguish the files.

Layout: CMS, "DE 1.0 Codebook" (Medicare Claims Synthetic Public Use Files).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cpticd.core.errors import InputError
from cpticd.loaders import repair
from cpticd.loaders.loader import Sample

HEAD = {
    "person_id": ("DESYNPUF_ID", repair.text),
    "claim_id": ("CLM_ID", repair.identifier),
    "start": ("CLM_FROM_DT", repair.date),
    "finish": ("CLM_THRU_DT", repair.date),
}
LINE = {
    "hcpcs": ("HCPCS_CD", repair.procedure),
    "npi": ("PRF_PHYSN_NPI", repair.identifier),
    "indicator": ("LINE_PRCSG_IND_CD", repair.code),
    "dx": ("LINE_ICD9_DGNS_CD", repair.diagnosis),
    "paid": ("LINE_NCH_PMT_AMT", repair.money),
    "deductible": ("LINE_BENE_PTB_DDCTBL_AMT", repair.money),
    "primary_payer": ("LINE_BENE_PRMRY_PYR_PD_AMT", repair.money),
    "coinsurance": ("LINE_COINSRNC_AMT", repair.money),
    "allowed": ("LINE_ALOWD_CHRG_AMT", repair.money),
}
FACILITY = {
    "paid": ("CLM_PMT_AMT", repair.money),
    "primary_payer": ("NCH_PRMRY_PYR_CLM_PD_AMT", repair.money),
    "npi": ("AT_PHYSN_NPI", repair.identifier),
    "deductible": ("NCH_BENE_IP_DDCTBL_AMT", repair.money),
    "deductible_b": ("NCH_BENE_PTB_DDCTBL_AMT", repair.money),
    "coinsurance": ("NCH_BENE_PTA_COINSRNC_LBLTY_AM", repair.money),
    "coinsurance_b": ("NCH_BENE_PTB_COINSRNC_AMT", repair.money),
    "blood": ("NCH_BENE_BLOOD_DDCTBL_LBLTY_AM", repair.money),
    "segment": ("SEGMENT", repair.whole),
}
#: Columns that distinguish the files; those of carrier claims begin so.
SIGNS = {
    "pde": {"DESYNPUF_ID", "PDE_ID", "SRVC_DT"},
    "beneficiary": {"DESYNPUF_ID", "BENE_BIRTH_DT"},
    "inpatient": {"DESYNPUF_ID", "CLM_ID", "CLM_ADMSN_DT"},
    "outpatient": {"DESYNPUF_ID", "CLM_ID", "NCH_BENE_PTB_DDCTBL_AMT"},
}
CARRIER = ("LINE_PRCSG_IND_CD", "LINE_ICD9_DGNS_CD", "LINE_NCH_PMT_AMT")
MONEY = ("paid", "deductible", "primary_payer", "coinsurance", "allowed")
SLOTS = 45


def tell(sample: Sample) -> str | None:
    """Which file of DE-SynPUF a sample is; InputError for one that holds nothing of the kind."""
    upper = set() if sample.is_folder else {name.upper() for name in sample.columns}
    if "DESYNPUF_ID" not in upper:
        return None
    for kind, signs in SIGNS.items():
        if signs <= upper:
            return kind
    if any(name.startswith(CARRIER) for name in upper):
        return "carrier"
    raise InputError(
        f"{sample.path}: DE-SynPUF, but neither claims, drugs nor beneficiaries; found {sample.columns[:12]}"
    )


def known(cells: Iterable[str]) -> int:
    """How many cells are names of DE-SynPUF columns."""
    return sum(
        1
        for cell in cells
        if re.match(r"(DESYNPUF_ID|CLM_ID|PDE_ID|(LINE|CLM|BENE|SP|NCH|ICD9|HCPCS)_\w+)$", cell.strip())
    )
