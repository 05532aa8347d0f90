"""What the columns of a flat claims export are called, and which canonical column each name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cpticd.core.errors import SchemaError

#: Most columns of one numbered family: diagnoses, procedures, reasons.
FAMILY_LIMIT = 25

#: Canonical column of the flat form: usual names, best first, squeezed as :func:`squeeze` does
#: (lower case, no blanks or punctuation). ``@`` stands for the number of a family's member.
_NAMES = """
claim_id: claimid claimnumber claimno claimnum clmid clmno clmnum clmnumber claim claimcontrolnumber
  patientcontrolnumber patientaccountnumber accountnumber pcn internalclaimid claimkey sourceclaimid
  encounterid encounternumber invoicenumber
claim_line_number: claimlinenumber linenumber lineno linenum claimline claimlineno lineid clmlinenum
  lineitem line ln servicelinenumber servicelineno serviceline svcline claimlineid sequence linesequence
  lineseq seq
payer_kind: payerkind kindofpayer payertype payortype lineofbusiness lob insurancetype insurancecategory payercategory
  payerclass coveragetype product producttype productline plantype
payer_sequence: payersequence payersequencenumber payerrank payerorder payerlevel payerresponsibility
  payerresponsibilitysequence coborder cobsequence filingorder insurancesequence insuranceorder insurancerank
  primarysecondary coveragesequence
billing_taxonomy: billingtaxonomy billingprovidertaxonomy billingtaxonomycode billingprovidertaxonomycode
rendering_taxonomy: renderingtaxonomy renderingprovidertaxonomy renderingtaxonomycode providertaxonomy
  providertaxonomycode taxonomycode taxonomy renderingprovidertaxonomycode
facility_npi: facilitynpi servicefacilitynpi servicelocationnpi facilitylocationnpi locationnpi sitenpi
person_id: personid patientid memberid beneid beneficiaryid desynpufid mrn patientmrn medicalrecordnumber
  subscriberid patientno patientnumber memberno membernumber patid enrolid patientkey memberkey chartnumber
  patient member
payer: payer payor payername payorname insurance insurancename carrier carriername plan planname healthplan
  insurancecompany insurancecompanyname insco inscompany insplan insname insuranceplan insuranceplanname
  planname primaryins primaryinsco primaryinsname primaryplan primaryinsurancename primaryinsuranceplan
  primarypayername primarypayer primarypayor primaryinsurance payerid payorid insurer financialclass
claim_type: claimtype clmtype claimtypecode formtype claimform
billing_npi: billingnpi billingprovidernpi billingprovidernumber billprovnpi billingprovider groupnpi
  billingid billingproviderid
rendering_npi: renderingnpi renderingprovidernpi renderprovnpi renderingprovider renderingid servicingnpi
  servicingprovidernpi performingnpi performingprovidernpi prfphysnnpi renderingproviderid providernpi npi
  provider providerid
place_of_service_code: placeofservicecode placeofservice pos poscode placeofsvc plcsrvccd linepos
  servicelocation
bill_type_code: billtypecode billtype typeofbill tob tobcode
drg_code: drgcode drg msdrg msdrgcode drgcd
discharge_status_code: dischargestatuscode dischargestatus dischargedispositioncode dischargedisposition
  patientdischargestatuscode ptntdschrgstuscd patientstatus patientstatuscode
ndc_code: ndccode ndc ndcnumber nationaldrugcode
unit_of_measure: unitofmeasure uom unitmeasure unitqualifier unitbasis measurementunit
frequency_code: claimfrequencycode claimfrequency frequencycode resubmissioncode claimfreqcode
original_payer_claim_id: originalreferencenumber originalclaimnumber originalref originalrefno originalicn
  originalpayerclaimid originalclaimid originalclaimicn replacedclaimid
claim_start_date: claimstartdate claimfromdate statementfromdate statementfrom clmfromdt claimfrom
  claimservicedate admissiondate admitdate
claim_end_date: claimenddate claimthrudate claimthroughdate statementthrudate statementthroughdate
  statementto clmthrudt claimto dischargedate
claim_line_start_date: claimlinestartdate servicedate dateofservice dos dosfrom fromdos dosstart
  servicefromdate servicedatefrom fromdate servicestartdate linefromdate svcdate srvcdate svcfromdate
  datefrom startdate linestartdate dateofservicefrom firstdateofservice date lineservicedate servicefrom
claim_line_end_date: claimlineenddate dosto todos dosend servicetodate servicedateto todate servicethrudate
  servicethroughdate serviceenddate linethrudate svcthrudate dateto enddate lineenddate dateofserviceto
  lastdateofservice
received_date: receiveddate datereceived claimreceiveddate receiptdate submissiondate submitdate
  datesubmitted submitteddate claimsubmissiondate fileddate datefiled billeddate billdate
paid_date: paiddate datepaid paymentdate checkdate remitdate remittancedate eradate adjudicationdate
  adjudicateddate processeddate dateprocessed paymentpostdate posteddate posteddt eobdate checkeftdate
  decisiondate denialdate
hcpcs_code: hcpcscode cpt cptcode cpthcpcs hcpcscpt hcpcs cpthcpcscode hcpcscptcode proccode procedurecode
  proccd hcpcscd proc procedure servicecode svccode linehcpcscd cpt4 chargecode submittedcpt billedcpt
  submittedhcpcs cptcodes
paid_hcpcs_code: paidhcpcscode paidcpt adjudicatedcpt adjudicatedhcpcs adjudicatedhcpcscode adjudicatedcode
  paidcode paidproccode allowedcpt
hcpcs_modifier_@: hcpcsmodifier@ modifier@ mod@ cptmodifier@ procmod@ modifiercode@ modcode@ hcpcsmod@
  proceduremodifier@ m@ modcd@ modifier@code hcpcs@stmdfrcd
modifiers: modifiers modifier mods mod cptmodifier cptmodifiers hcpcsmodifier hcpcsmodifiers modifiercode
  procmod
revenue_center_code: revenuecentercode revenuecode revcode rev revcd revenue revcntr ubrevcode
service_unit_quantity: serviceunitquantity units unit quantity qty serviceunits unitsofservice billedunits
  unitcount svcunits numberofunits linesrvccnt unitsbilled days daysorunits
charge_amount: chargeamount charge charges billedamount billedamt billed chargeamt linecharge linecharges
  linechargeamount billedcharge billedcharges chargedamount submittedcharge submittedcharges submittedamount
  submittedchargeamount amountbilled grosscharge grosscharges linesbmtdchrgamt amtbilled fee
claim_charge_amount: claimchargeamount totalcharge totalcharges totalchargeamount claimtotal claimcharge
  claimcharges claimtotalcharge totalbilled totalbilledamount claimbilledamount claimtotalcharges
allowed_amount: allowedamount allowed allowedamt amountallowed allowable allowableamount eligibleamount
  linealowdchrgamt contractallowed
paid_amount: paidamount paid paidamt amountpaid payment paymentamount insurancepaid inspaid payerpaid
  payerpaidamount insurancepayment insurancepaidamount netpaid planpaid planpaidamount linepaid amtpaid
  paymentamt linenchpmtamt
claim_paid_amount: claimpaidamount claimpaid claimpayment claimpaymentamount clmpmtamt claimpaidamt claimtotalpaid
  claimtotalpayment claimnetpaid
patient_responsibility_amount: patientresponsibilityamount patientresponsibility patientresp patresp
  patientrespamt patientresponsibilityamt ptresp memberresponsibility memberliability patientliability
  patientamount patientshare
deductible_amount: deductibleamount deductible deductibleamt ded dedamt linebeneptbddctblamt
coinsurance_amount: coinsuranceamount coinsurance coinsuranceamt coins coinsamt linecoinsrncamt
copay_amount: copayamount copay copayment copaymentamount copayamt copaymentamt
status: claimstatus status linestatus claimstatuscode claimstatuscd linestatuscode adjudicationstatus
  paymentstatus claimlinestatus clp02 processingstatus disposition decision outcome
denial_flag: denialflag denied isdenied deniedflag denialind denialindicator denial
payment_id: paymentid paymentnumber paymentno checknumber checkno checknum check eftnumber eftno checkeftnumber
  checkoreftnumber eftchecknumber checktracenumber tracenumber traceno remittancenumber remitnumber remittanceid
  remitid eranumber eraid voucherid vouchernumber chknumber chkno trn02 paymenttracenumber paymentreference
adjustment_type: adjustmenttype clmadjsmttypecd claimadjustmenttypecode claimadjustmenttype adjustmenttypecode
  adjtypecode clmadjsmttypecode adjstmtind adjustmentindicator
payer_claim_id: payerclaimid payerclaimnumber payericn icn dcn payercontrolnumber payerclaimcontrolnumber
  payerclaimno claimicn tcn
diagnosis_code_@: diagnosiscode@ dx@ diag@ diagnosis@ diagcode@ dxcode@ icd@ icddx@ icdcode@ icddiag@
  icddiagnosis@ diagcd@ dx@code diag@code diagnosis@code dgnscd@ icddgnscd@ icddgns@ d@ icddiagnosiscode@
  icddxcode@ dxcd@
diagnosis_codes: diagnosiscodes dx diag diagnosis diagnoses diagnosiscode diagcode dxcode dxcodes diagcodes
  icdcode icdcodes icd icddx icdcm alldiagnoses alldx dxlist icddiagnosis icddiagnosiscode linedx
  linediagnosis icds
diagnosis_code_type: diagnosiscodetype dxcodetype diagnosistype dxtype icdversion icdind icdindicator
  dxversion codetype icdqualifier icdtype diagcodetype diagtype
diagnosis_poa_@: poa@ poaindicator@ dxpoa@ diagpoa@ presentonadmission@ dx@poa poacode@ diag@poa
  diagnosis@poa diagnosispoa@
diagnosis_pointer_@: diagnosispointer@ dxptr@ dxpointer@ diagpointer@ diagptr@ pointer@ ptr@ dx@pointer
  diag@pointer diagnosis@pointer dxptr@code pointerdx@
diagnosis_pointers: diagnosispointers diagnosispointer dxpointer dxpointers dxptr dxptrs diagpointer
  diagpointers diagptr pointer pointers dxp diagnosiscodepointer diagnosiscodepointers dxcodepointer ptr
group_code_@: groupcode@ adjustmentgroup@ adjgroup@ adjustmentgroupcode@ adjgroupcode@ casgroup@ group@
  casgroupcode@ adj@group cagc@ carcgroup@ adj@groupcode reasongroup@ adjgrp@
carc_@: carc@ carccode@ adjustmentreason@ adjreason@ adjustmentreasoncode@ adjreasoncode@ reasoncode@
  reason@ casreason@ adj@reason adj@carc adj@reasoncode adj@code denialcode@ denialreason@ denialreasoncode@ denial@
  adjustmentcode@ adjcode@ casreasoncode@
adjustment_amount_@: adjustmentamount@ adjamount@ adjamt@ adjustmentamt@ casamount@ carcamount@ adj@amount
  adj@amt reasonamount@ casamt@ carcamt@ carc@amount carc@amt
adjustment_@: adjustment@ adj@ cas@ adjustments@ groupcarc@ casadjustment@
rarc_@: rarc@ rarccode@ remarkcode@ remark@ remittanceremark@ remittanceremarkcode@ lqcode@ remarkscode@
  rmkcode@ rmk@
procedure_code_@: procedurecode@ icdprocedure@ icdproc@ icdprdrcd@ icdprcdrcd@ pcs@ icdpcs@
  icdprocedurecode@ proccode@ icdproccode@ procedurecodeicd@ surgicalprocedure@ proc@
procedure_date_@: proceduredate@ procdate@ icdproceduredate@ procdt@
procedure_code_type: procedurecodetype proccodetype
birth_date: birthdate dateofbirth dob patientdob memberdob benebirthdt patientbirthdate birthdt patdob
sex: sex gender patientsex patientgender membersex membergender beneesexidentcd patsex
"""
#: Where an unnumbered name means the first member of a family.
_FIRST = {
    "diagnosis_code_1": "primarydx primarydiagnosis principaldiagnosis principaldx primarydiagnosiscode "
                        "primarydiag "
    "principaldiagnosiscode prncpaldgnscd primaryicd",
    "diagnosis_code_2": "secondarydx secondarydiagnosis secondarydiagnosiscode secondarydiag",
    "group_code_1": "groupcode adjustmentgroup adjgroup adjustmentgroupcode adjgroupcode casgroup "
    "casgroupcode cagc group",
    "carc_1": "carc carccode adjustmentreason adjreason adjustmentreasoncode adjreasoncode reasoncode "
    "reason denialcode "
    "denialreason denialreasoncode carcs carccodes denialreasons reasoncodes casreason adjustmentcode "
    "adjcode",
    "adjustment_amount_1": "adjustmentamount adjamount adjamt adjustmentamt casamount carcamount adjusted "
    "adjustedamount "
    "deniedamount denialamount",
    "adjustment_1": "adjustment adjustments adj cas groupcarc casadjustments adjustmentcodes",
    "rarc_1": "rarc rarccode rarcs remarkcode remark remarkcodes remittanceremarkcode remarks rmk rarccodes",
    "procedure_code_1": "icdprocedure icdprocedurecode icdproc icdpcs pcscode principalprocedure "
                        "principalprocedurecode",
}  # fmt: skip


def _read() -> tuple[dict[str, tuple[str, int]], list[str]]:
    names: dict[str, tuple[str, int]] = {}
    canonical = []
    for entry in re.split(r"\n(?=\S)", _NAMES.strip()):
        column, _, aliases = entry.partition(":")
        canonical.append(column)
        for rank, alias in enumerate(aliases.split()):
            names.setdefault(alias, (column, rank))
    for column, text in _FIRST.items():
        for rank, alias in enumerate(text.split()):
            names.setdefault(alias, (column, 100 + rank))
    return names, canonical


_ALIASES, _CANONICAL = _read()
#: The vocabulary of the flat form; ``_@`` stands for _1, _2… up to FAMILY_LIMIT (modifiers and pointers: 12).
VOCABULARY: tuple[str, ...] = tuple(_CANONICAL)


def is_canonical(name: str) -> bool:
    """Whether ``name`` is a column of the flat form."""
    if name in VOCABULARY:
        return "@" not in name
    family, _, number = name.rpartition("_")
    return f"{family}_@" in VOCABULARY and number.isdigit() and 1 <= int(number) <= FAMILY_LIMIT


def squeeze(name: str) -> str:
    """``"Claim #"`` → ``"claimnumber"``, ``"ICD-10 Dx 1"`` → ``"icddx@1"``: how names are compared."""
    text = re.sub(r"#", " number ", name.strip().lower())
    text = re.sub(r"^(\d)(st|nd|rd|th)\b(.*)$", r"\3 \1", text)
    text = re.sub(
        r"icd[\s_-]*(?:10|0?9)(?=[\s_-]*(?:cm|pcs)?(?:[\s_\-.]|[a-z]|$))[\s_-]*(?:cm)?", "icd ", text
    )
    text = re.sub(r"[^a-z0-9]+", " ", text).strip()
    number = re.search(r"(?<!\d)0?(\d{1,2})(?!\d)", text)
    squeezed = text.replace(" ", "")
    if number is None or not text[:1].isalpha():
        return squeezed
    marked = (text[: number.start()] + "@" + text[number.end() :]).replace(" ", "")
    return f"{marked}@{int(number[1])}"


@dataclass(frozen=True)
class Guess:
    """What one column of the user's was taken for."""

    column: str
    meaning: str | None  # canonical column, or None: not used
    why: str = ""
    kept: str = ""  # the attribute that it is kept as, as it stands
    is_sure: bool = True  # the user says so, or the column has the canonical name
    by_user: bool = False  # the user says so
    day_first: bool = False  # its dates have the day before the month
    note: str = ""  # what else must be known of how it is read

    @property
    def shown(self) -> str:
        """What becomes of the column, in words."""
        kept = f"kept as attribute {self.kept}" if self.kept else ""
        read = f"{self.meaning} ({self.note})" if self.meaning and self.note else self.meaning
        return ", ".join(filter(None, [read, kept])) or f"- not used: {self.why}"


def meaning(name: str) -> tuple[str, int] | None:
    """Canonical column that ``name`` usually means, and how unusual the name is (0: the canonical one)."""
    exact = re.sub(r"[\s_\-]+", "_", name.strip().lower())
    if is_canonical(exact):
        return exact, -1
    key = squeeze(name)
    if "@" not in key:
        return _ALIASES.get(key)
    marked, _, number = key.rpartition("@")
    if (found := _ALIASES.get(marked)) and "@" in found[0] and 1 <= int(number) <= FAMILY_LIMIT:
        return found[0].replace("@", number), found[1]
    return _ALIASES.get(re.sub(r"[^a-z0-9]", "", name.lower()))


def known(cells: Iterable[str]) -> int:
    """How many cells of a row are names that a flat claims file may have: distinguishes a header from data."""
    return sum(1 for cell in cells if cell.strip() and meaning(cell) is not None)


#: Meanings whose columns are numbered together, from 1 or from 0.
_TOGETHER = (
    ("group_code", "carc", "adjustment_amount", "adjustment", "rarc"),
    ("diagnosis_code", "diagnosis_poa"),
    ("diagnosis_pointer",),
    ("procedure_code", "procedure_date"),
    ("hcpcs_modifier",),
)


def _from_zero(columns: Iterable[str]) -> set[str]:
    """Families of meanings that are numbered from 0: as programs count."""
    families: set[str] = set()
    for column in columns:
        marked, _, number = squeeze(re.sub(r"(?<!\d)0(?!\d)", "1", column)).rpartition("@")
        zero = re.search(r"(?<!\d)0(?!\d)", re.sub(r"(?i)icd[\s_-]*(10|0?9)", "icd", column))
        found = _ALIASES.get(marked) if number == "1" and zero else None
        if found and found[0].endswith("_@"):
            families |= next({*each} for each in _TOGETHER if found[0][:-2] in each)
    return families


def meanings(columns: Iterable[str]) -> dict[str, tuple[str, int] | None]:
    """What each column usually means, where families that are numbered from 0 are numbered from 1."""
    columns = list(columns)
    families = _from_zero(columns)
    return {column: _shifted(column, families) if families else meaning(column) for column in columns}


def _shifted(column: str, families: set[str]) -> tuple[str, int] | None:
    number = re.search(r"(?<!\d)\d{1,2}(?!\d)", re.sub(r"(?i)icd[\s_-]*(10|0?9)", "icd-", column))
    found = meaning(column if number is None or int(number[0]) else re.sub(r"(?<!\d)0(?!\d)", "1", column))
    if found is None or number is None or found[0].rpartition("_")[0] not in families:
        return found
    family, _, place = found[0].rpartition("_")
    return f"{family}_{int(place) + (int(number[0]) > 0)}", max(found[1], 0)


def guess(
    columns: list[str],
    rename: Mapping[str, str | None] | None = None,
    *,
    exact: bool = False,
    refused: Mapping[tuple[str, str], str] | None = None,
    moved: Mapping[str, str] | None = None,
) -> list[Guess]:
    """One guess per column; ``rename`` (their name → canonical name, None: not used) overrides, ``exact`` takes
    canonical names only.

    Where two columns have the same meaning the one with the more usual name is taken, the other noted. ``refused``
    (column and meaning → why) are guesses that the columns' content contradicts, ``moved`` (column → meaning) what
    their content is instead. Raises SchemaError where ``rename`` names a meaning that does not exist.
    """
    renamed = _check_rename(columns, rename or {})
    refused, moved = refused or {}, moved or {}
    taken = {target: column for column, target in renamed.items() if target}
    usual = meanings(columns)
    shifted = _from_zero(columns)
    found: dict[str, tuple[str, int]] = {}
    for column in columns:
        each = (moved[column], 0) if column in moved else usual[column]
        if (
            each
            and column not in renamed
            and not (exact and each[1] >= 0)
            and (column, each[0]) not in refused
        ):
            found[column] = each
    ranked: dict[str, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        if (each := found.get(column)) and each[0] not in taken:
            ranked[each[0]] = min(ranked.get(each[0], (each[1], place)), (each[1], place))
    guesses = []
    for place, column in enumerate(columns):
        name, rank = found.get(column, ("", 0))
        if column in renamed:
            why = "as rename says" if renamed[column] else "rename says that it is not used"
            guesses.append(Guess(column, renamed[column], why, by_user=True))
        elif not name:
            contradicted = next((why for (each, _), why in refused.items() if each == column), "")
            guesses.append(Guess(column, None, contradicted or "no known meaning"))
        elif name in taken:
            guesses.append(Guess(column, None, f"rename gives {name} to {taken[name]!r}"))
        elif ranked[name][1] == place:
            note = "numbered from 0" if name.rpartition("_")[0] in shifted else ""
            if column in moved:
                note = next((why for (each, _), why in refused.items() if each == column), "")
            guesses.append(Guess(column, name, is_sure=rank < 0, note=note))
        else:
            other = columns[ranked[name][1]]
            guesses.append(Guess(column, None, f"{other!r} was taken for {name}; use rename to choose"))
    return guesses


def _check_rename(columns: list[str], rename: Mapping[str, str | None]) -> dict[str, str | None]:
    folded = {column.lower(): column for column in columns}
    renamed: dict[str, str | None] = {}
    for theirs, ours in rename.items():
        if theirs.lower() not in folded:
            continue  # another file of the same call may have it; read_wide checks that one does
        if ours is not None and not is_canonical(ours):
            raise SchemaError(
                f"rename: no column {ours!r} in the flat form; there are {', '.join(VOCABULARY)}; None: not used"
            )
        if ours is not None and ours in renamed.values():
            raise SchemaError(f"rename: two columns are called {ours!r}; keep one")
        renamed[folded[theirs.lower()]] = ours
    return renamed
