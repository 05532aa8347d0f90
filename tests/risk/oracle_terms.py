"""Groups and interactions of the models, written out from CMS's SAS programs for the oracle.

V22: V2218O1M. V24: V2419P1M. V28: V2823T2M. ESRD V24 and RxHCC V08 have no SAS program of the current version; their names are those
of CMS's coefficients, their rules those of E2118P1M and of risk-adjustment-model's account of CMS's Python.
"""

from __future__ import annotations

# Groups of HCCs: the SAS programs' "diagnostic categories", each a MAX over its HCCs.
GROUPS = {
    "V22": {
        "CANCER": (8, 9, 10, 11, 12),
        "DIABETES": (17, 18, 19),
        "CARD_RESP_FAIL": (82, 83, 84),
        "CHF": (85,),
        "gCopdCF": (110, 111, 112),
        "RENAL": (134, 135, 136, 137),
        "SEPSIS": (2,),
        "gSubstanceAbuse": (54, 55),
        "gPsychiatric": (57, 58),
        "PRESSURE_ULCER": (157, 158),
    },
    "V24": {
        "CANCER": (8, 9, 10, 11, 12),
        "DIABETES": (17, 18, 19),
        "CARD_RESP_FAIL": (82, 83, 84),
        "CHF": (85,),
        "gCopdCF": (110, 111, 112),
        "RENAL_V24": (134, 135, 136, 137, 138),
        "SEPSIS": (2,),
        "gSubstanceUseDisorder_V24": (54, 55, 56),
        "gPsychiatric_V24": (57, 58, 59, 60),
        "PRESSURE_ULCER": (157, 158, 159),
    },
    "V28": {
        "CANCER_V28": (17, 18, 19, 20, 21, 22, 23),
        "DIABETES_V28": (35, 36, 37, 38),
        "CARD_RESP_FAIL": (211, 212, 213),
        "HF_V28": (221, 222, 223, 224, 225, 226),
        "CHR_LUNG_V28": (276, 277, 278, 279, 280),
        "KIDNEY_V28": (326, 327, 328, 329),
        "gSubUseDisorder_V28": (135, 136, 137, 138, 139),
        "gPsychiatric_V28": (151, 152, 153, 154, 155),
        "NEURO_V28": (180, 181, 182, 190, 191, 192, 195, 196, 198, 199),
        "ULCER_V28": (379, 380, 381, 382),
    },
}
GROUPS["ESRD V24"] = GROUPS["V24"]
GROUPS["RxHCC V08"] = {}

# An interaction is a product: of groups, of single HCCs, of DISABL (disabled) or NONAGED (under 65).
INTERACTIONS = {
    "V22": {
        "HCC47_gCancer": ("HCC47", "CANCER"),
        "HCC85_gDiabetesMellit": ("HCC85", "DIABETES"),
        "HCC85_gCopdCF": ("HCC85", "gCopdCF"),
        "HCC85_gRenal": ("HCC85", "RENAL"),
        "gRespDepandArre_gCopdCF": ("CARD_RESP_FAIL", "gCopdCF"),
        "HCC85_HCC96": ("HCC85", "HCC96"),
        "gSubstanceAbuse_gPsychiatric": ("gSubstanceAbuse", "gPsychiatric"),
        "CHF_gCopdCF": ("CHF", "gCopdCF"),
        "gCopdCF_CARD_RESP_FAIL": ("gCopdCF", "CARD_RESP_FAIL"),
        "SEPSIS_PRESSURE_ULCER": ("SEPSIS", "PRESSURE_ULCER"),
        "SEPSIS_ARTIF_OPENINGS": ("SEPSIS", "HCC188"),
        "ART_OPENINGS_PRESSURE_ULCER": ("HCC188", "PRESSURE_ULCER"),
        "DIABETES_CHF": ("DIABETES", "CHF"),
        "gCopdCF_ASP_SPEC_BACT_PNEUM": ("gCopdCF", "HCC114"),
        "ASP_SPEC_BACT_PNEUM_PRES_ULC": ("HCC114", "PRESSURE_ULCER"),
        "SEPSIS_ASP_SPEC_BACT_PNEUM": ("SEPSIS", "HCC114"),
        "SCHIZOPHRENIA_gCopdCF": ("HCC57", "gCopdCF"),
        "SCHIZOPHRENIA_CHF": ("HCC57", "CHF"),
        "SCHIZOPHRENIA_SEIZURES": ("HCC57", "HCC79"),
        "DISABLED_HCC85": ("DISABL", "HCC85"),
        "DISABLED_PRESSURE_ULCER": ("DISABL", "PRESSURE_ULCER"),
        "DISABLED_HCC161": ("DISABL", "HCC161"),
        "DISABLED_HCC39": ("DISABL", "HCC39"),
        "DISABLED_HCC77": ("DISABL", "HCC77"),
        "DISABLED_HCC6": ("DISABL", "HCC6"),
    },
    "V24": {
        "HCC47_gCancer": ("HCC47", "CANCER"),
        "DIABETES_CHF": ("DIABETES", "CHF"),
        "CHF_gCopdCF": ("CHF", "gCopdCF"),
        "HCC85_gRenal_V24": ("HCC85", "RENAL_V24"),
        "gCopdCF_CARD_RESP_FAIL": ("gCopdCF", "CARD_RESP_FAIL"),
        "HCC85_HCC96": ("HCC85", "HCC96"),
        "gSubstanceUseDisorder_gPsych": ("gSubstanceUseDisorder_V24", "gPsychiatric_V24"),
        "SEPSIS_PRESSURE_ULCER": ("SEPSIS", "PRESSURE_ULCER"),
        "SEPSIS_ARTIF_OPENINGS": ("SEPSIS", "HCC188"),
        "ART_OPENINGS_PRESS_ULCER": ("HCC188", "PRESSURE_ULCER"),
        "gCopdCF_ASP_SPEC_B_PNEUM": ("gCopdCF", "HCC114"),
        "ASP_SPEC_B_PNEUM_PRES_ULC": ("HCC114", "PRESSURE_ULCER"),
        "SEPSIS_ASP_SPEC_BACT_PNEUM": ("SEPSIS", "HCC114"),
        "SCHIZOPHRENIA_gCopdCF": ("HCC57", "gCopdCF"),
        "SCHIZOPHRENIA_CHF": ("HCC57", "CHF"),
        "SCHIZOPHRENIA_SEIZURES": ("HCC57", "HCC79"),
        "DISABLED_HCC85": ("DISABL", "HCC85"),
        "DISABLED_PRESSURE_ULCER": ("DISABL", "PRESSURE_ULCER"),
        "DISABLED_HCC161": ("DISABL", "HCC161"),
        "DISABLED_HCC39": ("DISABL", "HCC39"),
        "DISABLED_HCC77": ("DISABL", "HCC77"),
        "DISABLED_HCC6": ("DISABL", "HCC6"),
    },
    "V28": {
        "DIABETES_HF_V28": ("DIABETES_V28", "HF_V28"),
        "HF_CHR_LUNG_V28": ("HF_V28", "CHR_LUNG_V28"),
        "HF_KIDNEY_V28": ("HF_V28", "KIDNEY_V28"),
        "CHR_LUNG_CARD_RESP_FAIL_V28": ("CHR_LUNG_V28", "CARD_RESP_FAIL"),
        "HF_HCC238_V28": ("HF_V28", "HCC238"),
        "gSubUseDisorder_gPsych_V28": ("gSubUseDisorder_V28", "gPsychiatric_V28"),
        "DISABLED_CANCER_V28": ("DISABL", "CANCER_V28"),
        "DISABLED_NEURO_V28": ("DISABL", "NEURO_V28"),
        "DISABLED_HF_V28": ("DISABL", "HF_V28"),
        "DISABLED_CHR_LUNG_V28": ("DISABL", "CHR_LUNG_V28"),
        "DISABLED_ULCER_V28": ("DISABL", "ULCER_V28"),
    },
    "ESRD V24": {
        "HCC47_gCancer": ("HCC47", "CANCER"),
        "DIABETES_CHF": ("DIABETES", "CHF"),
        "CHF_gCopdCF": ("CHF", "gCopdCF"),
        "HCC85_gRenal_V24": ("HCC85", "RENAL_V24"),
        "gCopdCF_CARD_RESP_FAIL": ("gCopdCF", "CARD_RESP_FAIL"),
        "HCC85_HCC96": ("HCC85", "HCC96"),
        "gSubUseDs_gPsych_V24": ("gSubstanceUseDisorder_V24", "gPsychiatric_V24"),
        "NONAGED_gSubUseDs_gPsych": ("NONAGED", "gSubstanceUseDisorder_V24", "gPsychiatric_V24"),
        "NONAGED_HCC6": ("NONAGED", "HCC6"),
        "NONAGED_HCC34": ("NONAGED", "HCC34"),
        "NONAGED_HCC46": ("NONAGED", "HCC46"),
        "NONAGED_HCC110": ("NONAGED", "HCC110"),
        "NONAGED_HCC176": ("NONAGED", "HCC176"),
        "SEPSIS_PRESSURE_ULCER_V24": ("SEPSIS", "PRESSURE_ULCER"),
        "SEPSIS_ARTIF_OPENINGS": ("SEPSIS", "HCC188"),
        "ART_OPENINGS_PRESS_ULCER_V24": ("HCC188", "PRESSURE_ULCER"),
        "gCopdCF_ASP_SPEC_B_PNEUM": ("gCopdCF", "HCC114"),
        "ASP_SPEC_B_PNEUM_PRES_ULC_V24": ("HCC114", "PRESSURE_ULCER"),
        "SEPSIS_ASP_SPEC_BACT_PNEUM": ("SEPSIS", "HCC114"),
        "SCHIZOPHRENIA_gCopdCF": ("HCC57", "gCopdCF"),
        "SCHIZOPHRENIA_CHF": ("HCC57", "CHF"),
        "SCHIZOPHRENIA_SEIZURES": ("HCC57", "HCC79"),
        "NONAGED_HCC85": ("NONAGED", "HCC85"),
        "NONAGED_PRESSURE_ULCER_V24": ("NONAGED", "PRESSURE_ULCER"),
        "NONAGED_HCC161": ("NONAGED", "HCC161"),
        "NONAGED_HCC39": ("NONAGED", "HCC39"),
        "NONAGED_HCC77": ("NONAGED", "HCC77"),
    },
    "RxHCC V08": {f"NONAGED_RXHCC{n}": ("NONAGED", f"HCC{n}") for n in (1, 130, 131, 132, 133, 159, 163)},
}

# Which interactions a segment's regression has: INTERRACC_VARSA, INTERRACC_VARSD, INTERRACI_VARS and their kin.
_V24_AGED = "HCC47_gCancer DIABETES_CHF CHF_gCopdCF HCC85_gRenal_V24 gCopdCF_CARD_RESP_FAIL HCC85_HCC96"
_V24_INSTITUTIONAL = """
    DISABLED_HCC85 DISABLED_PRESSURE_ULCER DISABLED_HCC161 DISABLED_HCC39 DISABLED_HCC77 DISABLED_HCC6
    CHF_gCopdCF gCopdCF_CARD_RESP_FAIL SEPSIS_PRESSURE_ULCER SEPSIS_ARTIF_OPENINGS ART_OPENINGS_PRESS_ULCER
    DIABETES_CHF gCopdCF_ASP_SPEC_B_PNEUM ASP_SPEC_B_PNEUM_PRES_ULC SEPSIS_ASP_SPEC_BACT_PNEUM
    SCHIZOPHRENIA_gCopdCF SCHIZOPHRENIA_CHF SCHIZOPHRENIA_SEIZURES"""
_V22_COMMUNITY = """
    HCC47_gCancer HCC85_gDiabetesMellit HCC85_gCopdCF HCC85_gRenal gRespDepandArre_gCopdCF HCC85_HCC96"""
_V22_INSTITUTIONAL = """
    DISABLED_HCC85 DISABLED_PRESSURE_ULCER DISABLED_HCC161 DISABLED_HCC39 DISABLED_HCC77 DISABLED_HCC6
    CHF_gCopdCF gCopdCF_CARD_RESP_FAIL SEPSIS_PRESSURE_ULCER SEPSIS_ARTIF_OPENINGS ART_OPENINGS_PRESSURE_ULCER
    DIABETES_CHF gCopdCF_ASP_SPEC_BACT_PNEUM ASP_SPEC_BACT_PNEUM_PRES_ULC SEPSIS_ASP_SPEC_BACT_PNEUM
    SCHIZOPHRENIA_gCopdCF SCHIZOPHRENIA_CHF SCHIZOPHRENIA_SEIZURES"""
_V28_AGED = "DIABETES_HF_V28 HF_CHR_LUNG_V28 HF_KIDNEY_V28 CHR_LUNG_CARD_RESP_FAIL_V28 HF_HCC238_V28"
_V28_INSTITUTIONAL = """
    DIABETES_HF_V28 HF_CHR_LUNG_V28 HF_KIDNEY_V28 CHR_LUNG_CARD_RESP_FAIL_V28 DISABLED_CANCER_V28
    DISABLED_NEURO_V28 DISABLED_HF_V28 DISABLED_CHR_LUNG_V28 DISABLED_ULCER_V28"""
_ESRD_INSTITUTIONAL = """
    SEPSIS_PRESSURE_ULCER_V24 SEPSIS_ARTIF_OPENINGS ART_OPENINGS_PRESS_ULCER_V24 DIABETES_CHF CHF_gCopdCF
    gCopdCF_CARD_RESP_FAIL gCopdCF_ASP_SPEC_B_PNEUM ASP_SPEC_B_PNEUM_PRES_ULC_V24 SEPSIS_ASP_SPEC_BACT_PNEUM
    SCHIZOPHRENIA_gCopdCF SCHIZOPHRENIA_CHF SCHIZOPHRENIA_SEIZURES NONAGED_HCC85 NONAGED_PRESSURE_ULCER_V24
    NONAGED_HCC161 NONAGED_HCC39 NONAGED_HCC77 NONAGED_HCC6"""
_ESRD_DIALYSIS = f"""{_V24_AGED}
    NONAGED_gSubUseDs_gPsych NONAGED_HCC6 NONAGED_HCC34 NONAGED_HCC46 NONAGED_HCC110 NONAGED_HCC176"""
_LISTS = {
    "V22": {
        "CNA CFA CPA": _V22_COMMUNITY,
        "CND CFD CPD": f"{_V22_COMMUNITY} gSubstanceAbuse_gPsychiatric",
        "INS": _V22_INSTITUTIONAL,
    },
    "V24": {
        "CNA CFA CPA": _V24_AGED,
        "CND CFD CPD": f"{_V24_AGED} gSubstanceUseDisorder_gPsych",
        "INS": _V24_INSTITUTIONAL,
    },
    "V28": {
        "CNA CFA CPA": _V28_AGED,
        "CND CFD CPD": f"{_V28_AGED} gSubUseDisorder_gPsych_V28",
        "INS": _V28_INSTITUTIONAL,
    },
    "ESRD V24": {
        "DI": _ESRD_DIALYSIS,
        "GI": _ESRD_INSTITUTIONAL,
        "GFA GNPA": _V24_AGED,
        "GFN GNPN": f"{_V24_AGED} gSubUseDs_gPsych_V24",
    },
    "RxHCC V08": {
        "Rx_CE_LowAged Rx_CE_LowNoAged Rx_CE_NoLowAged Rx_CE_NoLowNoAged Rx_CE_LTI": " ".join(
            INTERACTIONS["RxHCC V08"]
        )
    },
}
IN_SEGMENT: dict[str, dict[str, tuple[str, ...]]] = {
    model: {
        segment: tuple(terms.split()) for segments, terms in lists.items() for segment in segments.split()
    }
    for model, lists in _LISTS.items()
}
