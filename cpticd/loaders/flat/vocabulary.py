"""What columns of flat claims files are called: tables of usual headings, of which :mod:`headings` makes guesses."""

from __future__ import annotations

from typing import Final

#: Canonical column of the flat form: usual names, best first, squeezed as ``headings.squeeze`` does
#: (lower case, no blanks or punctuation). ``@`` stands for the number of a family's member.
NAMES: Final = """
claim_id: claimid claimnumber claimno claimnum clmid clmno clmnum clmnumber claim claimcontrolnumber
  patientcontrolnumber patientaccountnumber accountnumber pcn internalclaimid claimkey sourceclaimid encounterid
  encounternumber invoicenumber claimidentifier claimreferencenumber claimreference claimref visitid visitnumber
  hspaccountid
  hospitalaccountid
  claimidnumber
claim_line_number: claimlinenumber linenumber lineno linenum claimline claimlineno lineid clmlinenum lineitem line
  ln servicelinenumber servicelineno serviceline svcline claimlineid sequence linesequence lineseq seq
  detaillinenumber detailnumber linesequencenumber lineitemnumber chargelinenumber claimdetailnumber servicelineid
  chargesequence
payer_kind: payerkind kindofpayer payertype payortype lineofbusiness lob insurancetype insurancecategory
  payercategory payerclass coveragetype product producttype productline plantype
payer_sequence: payersequence payersequencenumber payerrank payerorder payerlevel payerresponsibility
  payerresponsibilitysequence coborder cobsequence filingorder insurancesequence insuranceorder insurancerank
  primarysecondary coveragesequence
billing_taxonomy: billingtaxonomy billingprovidertaxonomy billingtaxonomycode billingprovidertaxonomycode
rendering_taxonomy: renderingtaxonomy renderingprovidertaxonomy renderingtaxonomycode providertaxonomy
  providertaxonomycode taxonomycode taxonomy renderingprovidertaxonomycode
facility_npi: facilitynpi servicefacilitynpi servicelocationnpi facilitylocationnpi locationnpi sitenpi
person_id: personid patientid memberid beneid beneficiaryid desynpufid mrn patientmrn medicalrecordnumber
  subscriberid patientno patientnumber memberno membernumber patid enrolid patientkey memberkey chartnumber patient
  member patientmrnid mrnid recipientid recipientmedicaidid medicaidid personnumber patientchartnumber chartno chart
  mbi insuredid medicareid hicn
  subscribernumber
payer: payer payernm payor payername payorname insurance insurancename carrier carriername plan planname healthplan
  insurancecompany insurancecompanyname insco inscompany insplan insname insuranceplan insuranceplanname planname
  primaryins primaryinsco primaryinsname primaryplan primaryinsurancename primaryinsuranceplan primarypayername
  primarypayer primarypayor primaryinsurance payerid payorid insurer financialclass payornamelong benefitplanname
  primaryinsurancecompanyname primaryinsurancepackagename insurancepackagename insurancepackage currentpayer
  currentpayername billedpayer remitpayer healthplanname primarypayorname primarycarrier primarycarriername
  payernamelong coveragepayer coveragepayername policypackagename primarypolicypackagename
  insuranceco finclass
claim_type: claimtype clmtype claimtypecode formtype claimform
billing_npi: billingnpi billingprovidernpi billingprovidernumber billprovnpi billingprovider groupnpi billingid
  billingproviderid
rendering_npi: renderingnpi renderingprovidernpi renderprovnpi renderingprovider renderingid servicingnpi
  servicingprovidernpi performingnpi performingprovidernpi prfphysnnpi renderingproviderid providernpi npi provider
  providerid serviceprovidernpi treatingprovidernpi renderingprovidernumber rendnpi perfprovidernpi
  attendingprovidernpi attendingnpi
place_of_service_code: placeofservicecode placeofservice pos poscode placeofsvc plcsrvccd linepos servicelocation
  facilitytypecode placeofservicecd
bill_type_code: billtypecode billtype typeofbill tob tobcode
drg_code: drgcode drg msdrg msdrgcode drgcd
discharge_status_code: dischargestatuscode dischargestatus dischargedispositioncode dischargedisposition
  patientdischargestatuscode ptntdschrgstuscd patientstatus patientstatuscode patientdischargestatus
  dcstatus dcstatuscode
ndc_code: ndccode ndc ndcnumber nationaldrugcode
unit_of_measure: unitofmeasure uom unitmeasure unitqualifier unitbasis measurementunit
frequency_code: claimfrequencycode claimfrequency frequencycode resubmissioncode claimfreqcode
  claimfrequencytypecode frequencytypecode claimbillfrequency
  frequency resubcode resubmission resub
original_payer_claim_id: originalreferencenumber originalclaimnumber originalref originalrefno originalicn
  originalpayerclaimid originalclaimid originalclaimicn replacedclaimid
claim_start_date: claimstartdate claimfromdate statementfromdate statementfrom clmfromdt claimfrom claimservicedate
  admissiondate admitdate claimstartdt statementbegindate claimservicefromdate headerfromdate
claim_end_date: statementtodate claimtodate claimenddate claimthrudate claimthroughdate statementthrudate
  statementthroughdate statementthrough statementto clmthrudt claimto dischargedate statementenddate
  claimservicetodate headertodate headerthroughdate
claim_line_start_date: claimlinestartdate servicedate dateofservice dos dosfrom fromdos dosstart servicefromdate
  servicedatefrom fromdate servicestartdate linefromdate svcdate srvcdate svcfromdate datefrom startdate
  linestartdate dateofservicefrom firstdateofservice date lineservicedate servicefrom fdos origservicedate
  servicestart servicebegindate servicebegin dosbegin begindos firstdos dosfromdate fromdateofservice detailfromdate
  linebegindate chargeservicedate beginservicedate from
  serviceday startdos begindate
claim_line_end_date: claimlineenddate dosto todos dosend servicetodate servicedateto todate servicethrudate
  servicethroughdate serviceenddate linethrudate svcthrudate dateto enddate lineenddate dateofserviceto
  lastdateofservice tdos serviceend enddos lastdos dostodate todateofservice detailtodate detailthroughdate
  endservicedate thrudate throughdate servicethru servicethrough dosthru dosthrough datethru datethrough
  thru through to throughdos
received_date: receiveddate datereceived claimreceiveddate receiptdate submissiondate submitdate datesubmitted
  submitteddate claimsubmissiondate fileddate datefiled billeddate billdate dateclaimreceived claimsubmitdate
  received claimreceived filed
paid_date: paiddate datepaid paymentdate checkdate remitdate remittancedate eradate adjudicationdate adjudicateddate
  processeddate dateprocessed paymentpostdate posteddate posteddt eobdate checkeftdate decisiondate denialdate
  eraposteddate processdate processingdate remitpostdate paymenteffectivedate eftdate checkissuedate dateofpayment
  finalizeddate postdate postingdate dateposted posted depositdate paymentpostingdate paymentposted
  remitposteddate remitpostingdate transactionpostdate
hcpcs_code: hcpcscode cpt cptcode cpthcpcs hcpcscpt hcpcs cpthcpcscode hcpcscptcode proccode procedurecode proccd
  hcpcscd proc procedure servicecode svccode linehcpcscd cpt4 chargecode submittedcpt billedcpt submittedhcpcs
  cptcodes cptcodeid cpt4code cpt4codeid hcpcsproccode serviceprocedurecode lineprocedurecode cpthcpc hcpcscptcd
  procedurecodeid procedurecodecpt procedurecodecpthcpcs cptprocedure cptprocedurecode
  hcpc hcpccode
paid_hcpcs_code: paidhcpcscode paidcpt adjudicatedcpt adjudicatedhcpcs adjudicatedhcpcscode adjudicatedcode paidcode
  paidproccode allowedcpt
hcpcs_modifier_@: hcpcsmodifier@ modifier@ mod@ cptmodifier@ procmod@ modifiercode@ modcode@ hcpcsmod@
  proceduremodifier@ m@ modcd@ modifier@code hcpcs@stmdfrcd
modifiers: modifiers modifier mods mod cptmodifier cptmodifiers hcpcsmodifier hcpcsmodifiers modifiercode procmod
  procedurecodemodifier procedurecodemodifiers proceduremodifiers modifierlist modifiercodes
revenue_center_code: revenuecentercode revenuecode revcode rev revcd revenue revcntr ubrevcode
  ubrevenue ubrevenuecode
service_unit_quantity: serviceunitquantity units unit quantity qty serviceunits unitsofservice billedunits unitcount
  svcunits numberofunits linesrvccnt unitsbilled days daysorunits procedurequantity detailunits billedquantity
  servicecount serviceunitcount unitsofsvc
  numberunits daysunits serviceunitsquantity
charge_amount: chargeamount charge charges billedamount billedamt billed chargeamt linecharge linecharges
  linechargeamount billedcharge billedcharges chargedamount submittedcharge submittedcharges submittedamount
  submittedchargeamount amountbilled grosscharge grosscharges linesbmtdchrgamt amtbilled fee servicechargeamount
  servicecharge linebilledamount linebilled lineitemchargeamount lineitemcharge amountcharged detailbilledamount
  procedurecharge procedurechargeamount chargeamountline billedchargeamount servicelinecharge
  servicelinechargeamount providercharge submitted amountsubmitted
claim_charge_amount: claimchargeamount totalcharge totalcharges totalchargeamount claimtotal claimcharge
  claimcharges claimtotalcharge totalbilled totalbilledamount claimbilledamount claimtotalcharges
allowed_amount: allowedamount allowed allowedamt amountallowed allowable allowableamount eligibleamount
  linealowdchrgamt contractallowed lineallowedamount allowedcharge allowedcharges approvedamount amountapproved
  payerallowed detailallowedamount insuranceallowed insuranceallowedamount allowedfee eligible amounteligible
  allowamount
paid_amount: paidamount paid paidamt amountpaid payment paymentamount insurancepaid inspaid payerpaid
  payerpaidamount insurancepayment insurancepaidamount netpaid planpaid planpaidamount linepaid amtpaid paymentamt
  linenchpmtamt insurancepayments inspayments linepaidamount linepayment linepaymentamount lineitempaidamount
  providerpaid providerpayment providerpaymentamount primaryinsurancepayment primaryinsurancepaid detailpaidamount
  servicepaidamount netpayment payerpayment carrierpaid servicelinepaidamount reimbursement reimbursedamount
  reimbursed amountreimbursed carrierpayment payamount insurancepaymentamount inspaymentamount insurancepayamount
  payments
claim_paid_amount: claimpaidamount claimpaid claimpayment claimpaymentamount clmpmtamt claimpaidamt claimtotalpaid
  claimtotalpayment claimnetpaid
patient_responsibility_amount: patientresponsibilityamount patientresponsibility patientresp patresp patientrespamt
  patientresponsibilityamt ptresp memberresponsibility memberliability patientliability patientamount patientshare
  patientresponsible memberresp memberresponsibilityamount membercostshare patientowes patientdue
  patientliabilityamount memberliabilityamount patientrespamount
deductible_amount: deductibleamount deductible deductibleamt ded dedamt linebeneptbddctblamt deduct
  patientdeductible memberdeductible
coinsurance_amount: coinsuranceamount coinsurance coinsuranceamt coins coinsamt linecoinsrncamt patientcoinsurance
  membercoinsurance
copay_amount: copayamount copay copayment copaymentamount copayamt copaymentamt patientcopay membercopay
status: claimstatus status linestatus claimstatuscode claimstatuscd linestatuscode adjudicationstatus paymentstatus
  claimlinestatus clp02 processingstatus disposition decision outcome detailstatus detailstatuscode headerstatuscode
  headerstatus claimstatusdescription claimstatusdesc remitstatus currentstatus finalstatus claimdisposition
  linedisposition adjudicationdecision claimoutcome lineoutcome
denial_flag: denialflag denied isdenied deniedflag denialind denialindicator denial deniedindicator isdenial
  denialyn deniedyn
payment_id: paymentid paymentnumber paymentno checknumber checkno checknum check eftnumber eftno checkeftnumber
  checkoreftnumber eftchecknumber checktracenumber tracenumber traceno remittancenumber remitnumber remittanceid
  remitid eranumber eraid voucherid vouchernumber voucherno voucher chknumber chkno trn02
  paymenttracenumber paymentreference
adjustment_type: adjustmenttype clmadjsmttypecd claimadjustmenttypecode claimadjustmenttype adjustmenttypecode
  adjtypecode clmadjsmttypecode adjstmtind adjustmentindicator
payer_claim_id: payerclaimid payerclaimnumber payericn icn dcn payercontrolnumber payerclaimcontrolnumber
  payerclaimno claimicn tcn payericnnumber icnnumber internalcontrolnumber documentcontrolnumber
  transactioncontrolnumber payerreferencenumber payerclaimcontrolno
diagnosis_code_@: diagnosiscode@ dx@ diag@ diagnosis@ diagcode@ dxcode@ icd@ icddx@ icdcode@ icddiag@ icddiagnosis@
  diagcd@ dx@code diag@code diagnosis@code dgnscd@ icddgnscd@ icddgns@ d@ icddiagnosiscode@ icddxcode@ dxcd@
  icdcmcode@ diagnosiscodeid@ linediagnosis@ linediagnosiscode@ encounterdiagnosis@ encounterdiagnosiscode@ dxicd@
  otherdiagnosis@ otherdiagnosiscode@ encounterdiagnosisid@ encounterdx@ chargedx@ chargediagnosis@ servicediagnosis@
diagnosis_codes: diagnosiscodes dx diag diagnosis diagnoses diagnosiscode diagcode dxcode dxcodes diagcodes icdcode
  icdcodes icd icddx icdcm alldiagnoses alldx dxlist icddiagnosis icddiagnosiscode linedx linediagnosis icds
  diagnosiscodeid icdcmcode diagnosislist diagnosiscodelist linediagnosiscodes icddxlist
  icdlist icddiagnosislist
diagnosis_code_type: diagnosiscodetype dxcodetype diagnosistype dxtype icdversion icdind icdindicator dxversion
  codetype icdqualifier icdtype diagcodetype diagtype icdflag dxver dxversioncode icdver icdvrsn icdversioncode
  icdversionindicator diagnosisversion diagnosisversioncode dgnsvrsncd icdcodetype icdcodeset
diagnosis_poa_@: poa@ poaindicator@ dxpoa@ diagpoa@ presentonadmission@ dx@poa poacode@ diag@poa diagnosis@poa
  diagnosispoa@
diagnosis_pointer_@: diagnosiscodepointer@ dxcodepointer@ diagnosispointer@ dxptr@ dxpointer@ diagpointer@ diagptr@
  pointer@ ptr@ dx@pointer diag@pointer diagnosis@pointer dxptr@code pointerdx@
diagnosis_pointers: diagnosispointers diagnosispointer dxpointer dxpointers dxptr dxptrs diagpointer diagpointers
  diagptr pointer pointers dxp diagnosiscodepointer diagnosiscodepointers dxcodepointer ptr
group_code_@: groupcode@ adjustmentgroup@ adjgroup@ adjustmentgroupcode@ adjgroupcode@ casgroup@ group@
  casgroupcode@ adj@group cagc@ carcgroup@ adj@groupcode reasongroup@ adjgrp@ claimadjustmentgroupcode@
  claimadjustmentgroup@
carc_@: carc@ carccode@ adjustmentreason@ adjreason@ adjustmentreasoncode@ adjreasoncode@ reasoncode@ reason@
  casreason@ adj@reason adj@carc adj@reasoncode adj@code denialcode@ denialreason@ denialreasoncode@ denial@
  adjustmentcode@ adjcode@ casreasoncode@ claimadjustmentreasoncode@ casreasoncd@ adjustmentreasoncd@ denialcd@
adjustment_amount_@: adjustmentamount@ adjamount@ adjamt@ adjustmentamt@ casamount@ carcamount@ adj@amount adj@amt
  reasonamount@ casamt@ carcamt@ carc@amount carc@amt
adjustment_@: adjustment@ adj@ cas@ adjustments@ groupcarc@ casadjustment@
rarc_@: rarc@ rarccode@ remarkcode@ remark@ remittanceremark@ remittanceremarkcode@ lqcode@ remarkscode@ rmkcode@
  rmk@ claimremarkcode@ remittanceadviceremarkcode@ remarkcd@ rarccd@ remitremark@ remitremarkcode@
procedure_code_@: procedurecode@ icdprocedure@ icdproc@ icdprdrcd@ icdprcdrcd@ pcs@ icdpcs@ icdprocedurecode@
  proccode@ icdproccode@ procedurecodeicd@ surgicalprocedure@ proc@
procedure_date_@: proceduredate@ procdate@ icdproceduredate@ procdt@
procedure_code_type: procedurecodetype proccodetype icdprocedurecodetype icdprocedureversion
birth_date: birthdate dateofbirth dob patientdob memberdob benebirthdt patientbirthdate birthdt patdob
sex: sex gender patientsex patientgender membersex membergender beneesexidentcd patsex
"""
#: Where an unnumbered name means the first member of a family.
FIRST: Final = """
diagnosis_code_1: primdiagnosis primdx primdiagnosiscode diaga dxa icda diagnosisa primarydx primarydiagnosis
  principaldiagnosis principaldx
  primarydiagnosiscode primarydiag
  principaldiagnosiscode prncpaldgnscd primaryicd primarydxcode principaldxcode principaldiagcode primarydiagcode
  primaryicdcode primarydiagnosiscd headerdiagnosis admittedfordx maindiagnosis
diagnosis_code_2: secdiagnosis secdx secdiagnosiscode diagb dxb icdb diagnosisb secondarydx secondarydiagnosis
  secondarydiagnosiscode secondarydiag
diagnosis_code_3: diagc dxc icdc diagnosisc
diagnosis_code_4: diagd dxd icdd diagnosisd
group_code_1: remitcodegroup remitgroup remitgroupcode groupcode adjustmentgroup adjgroup adjustmentgroupcode
  adjgroupcode casgroup casgroupcode cagc group
  claimadjustmentgroupcode claimadjustmentgroup
carc_1: carc carccode adjustmentreason adjreason adjustmentreasoncode adjreasoncode reasoncode reason denialcode
  denialreason denialreasoncode carcs carccodes denialreasons reasoncodes casreason adjustmentcode adjcode remitcode
  reasoncodeid denialcodes denialreasoncodes casreasoncode adjustmentreasoncodes claimadjustmentreasoncode
  claimadjustmentreasoncodes denialcd kickcode kickreason adjustmentreasons denialreasontext denialdescription
  primaryinsuranceadjustmentreason outcomereason outcomereasoncode decisionreason rejectionreason rejectreason
  rejectioncode rejectcode
  ansicode ansireason ansireasoncode cascode
adjustment_amount_1: adjustmentamount adjamount adjamt adjustmentamt casamount carcamount adjusted adjustedamount
  deniedamount denialamount disallowedamount disallowed noncoveredamount notcoveredamount noncovered notcovered
  noncoveredcharges noncvdamount noncovamount amountdenied reasonamount reasoncodeamount denialcodeamount
  denialreasonamount rejectedamount rejectionamount carccodeamount
adjustment_1: adjustment adjustments adj cas groupcarc casadjustments adjustmentcodes
  groupreason groupreasoncode groupandreason groupreasoncodes
rarc_1: rarc rarccode rarcs remarkcode remark remarkcodes remittanceremarkcode remarks rmk rarccodes claimremarkcode
  claimremarkcodes remittanceadviceremarkcode remittanceadviceremarkcodes remarkscode remarkcodelist remitremark
  remitremarkcode remitremarkcodes
procedure_code_1: icdprocedure icdprocedurecode icdproc icdpcs pcscode principalprocedure principalprocedurecode
"""
#: A word in full: how headings of databases and practice systems shorten it.
SHORT: Final = """
number: nbr num no nr numb
name: nm nme
amount: amt amnt
date: dt dte
code: cd cde
service: svc srvc serv srv
claim: clm clms
diagnosis: diag dgns diags
payment: pmt pymt pymnt pmnt
payments: pmts pymts
charge: chg chrg chrgs
patient: pat pt ptnt
member: mbr mem
from: frm fm
reason: rsn reas
remark: rmk rmrk
adjustment: adj adjs adjust
responsibility: resp
procedure: proc
provider: prov
insurance: ins
quantity: qty
group: grp
detail: dtl
header: hdr
rendering: rend
performing: perf
billing: bill blng
total: tot
encounter: enc
account: acct
recipient: recip
modifier: mod
revenue: rev
description: desc
allowed: alwd
paid: pd
billed: bld
line: ln
deductible: deduct ded
coinsurance: coins
frequency: freq
status: stat
received: rcvd recd
check: chk ck
1: one
2: two
3: three
4: four
through: thru
statement: stmt
discharge: disch dschg
original: orig
sequence: seq
reference: ref
allow: alw
"""
