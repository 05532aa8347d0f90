"""Headings in the styles of systems that claims come from."""

from __future__ import annotations

#: One heading a line, with its meaning; ``-``: not used, which is reported.
STYLES = {
    "hospital billing extract": """
        CLAIM_ID = claim_id
        HSP_ACCOUNT_ID = -
        INVOICE_NUM = -
        PAT_MRN_ID = person_id
        ORIG_SERVICE_DATE = claim_line_start_date
        CPT_CODE = hcpcs_code
        MODIFIER_ONE = hcpcs_modifier_1
        MODIFIERS = modifiers
        PROCEDURE_QUANTITY = service_unit_quantity
        AMOUNT = -
        PRIMARY_DX_CODE = diagnosis_code_1
        DX_TWO = diagnosis_code_2
        PAYOR_NAME = payer
        BENEFIT_PLAN_NAME = -
        FINANCIAL_CLASS = -
        BILLING_PROV_NPI = billing_npi
        SERV_PROVIDER_NPI = rendering_npi
        POS_CODE = place_of_service_code
        REMIT_CODE = carc_1
        REMARK_CODE_1 = rarc_1
        DENIAL_AMT = adjustment_amount_1
        PAYMENT_POST_DATE = paid_date
        ALLOWED_AMT = allowed_amount
        PAID_AMT = paid_amount
        NONCVD_AMT = -
        DEDUCTIBLE = deductible_amount
        COINS = coinsurance_amount
        COPAY = copay_amount
        BUCKET_ID = -
    """,
    "denial report of a portal, in its own words": """
        Claim Reference = claim_id
        Coverage Payer = payer
        Procedure Code (CPT) = hcpcs_code
        Diag A = diagnosis_code_1
        Diag B = diagnosis_code_2
        Diag C = diagnosis_code_3
        Amount Submitted = charge_amount
        Eligible = allowed_amount
        Carrier Pmt = paid_amount
        Claim Outcome = status
        Outcome Reason = carc_1
        Remit Code Group = group_code_1
    """,
    "work list of a clearinghouse, in the fewest letters": """
        Claim ID # = claim_id
        Subscriber # = person_id
        Srv Day = claim_line_start_date
        Thru DOS = claim_line_end_date
        Disch Dt = claim_end_date
        HCPC = hcpcs_code
        # Units = service_unit_quantity
        UB Rev = revenue_center_code
        Allow Amt = allowed_amount
        Payments = paid_amount
        ANSI Reason = carc_1
        Insurance Co = payer
        Received = received_date
        D/C Status = discharge_status_code
        Resub Code = frequency_code
        Orig Ref # = original_payer_claim_id
        Payer Seq = payer_sequence
        Balance = -
        EOB Code = -
    """,
    "from and through, without a word more": """
        Claim = claim_id
        Stmt From = claim_start_date
        Stmt Thru = claim_end_date
        From = claim_line_start_date
        Thru = claim_line_end_date
        Proc = hcpcs_code
        Group/Reason = adjustment_1
    """,
    "warehouse that shortens every word": """
        CLM_NBR = claim_id
        PAYER_NM = payer
        ICD-10 Dx List = diagnosis_codes
        Fin Class = -
        REIMBURSED_AMT = paid_amount
    """,
    "practice system with packages and kick codes": """
        Claim ID = claim_id
        Patient ID = person_id
        Patient Name = -
        Service Date = claim_line_start_date
        Procedure Code = hcpcs_code
        Procedure Code Modifier = modifiers
        ICD-10 Diagnosis Code 1 = diagnosis_code_1
        ICD-10 Diagnosis Code 2 = diagnosis_code_2
        Primary Insurance Package Name = payer
        Charge = charge_amount
        Payment = paid_amount
        Adjustment = adjustment_1
        Transfer = -
        Outstanding Amount = -
        Kick Code = carc_1
        Kick Reason = -
        Claim Status = status
        Rendering Provider = -
        Rendering Provider NPI = rendering_npi
        Place of Service = place_of_service_code
        Post Date = paid_date
        Service Department = -
    """,
    "practice system with mods and ICDs in columns": """
        Claim No = claim_id
        Claim Date = -
        Service Date = claim_line_start_date
        Patient Acct No = -
        Patient Name = -
        Patient DOB = birth_date
        CPT Code = hcpcs_code
        CPT Description = -
        Mod1 = hcpcs_modifier_1
        Mod2 = hcpcs_modifier_2
        ICD1 = diagnosis_code_1
        ICD2 = diagnosis_code_2
        ICD3 = diagnosis_code_3
        Units = service_unit_quantity
        Billed Charge = charge_amount
        Allowed = allowed_amount
        Insurance Payment = paid_amount
        Patient Payment = -
        Contractual Adj = -
        Balance = -
        Payer = payer
        Rendering Provider NPI = rendering_npi
        Facility = -
        POS = place_of_service_code
        Claim Status = status
        Denial Code = carc_1
        ERA Posted Date = paid_date
    """,
    "practice system with encounters": """
        Encounter ID = -
        Claim ID = claim_id
        Service Start Date = claim_line_start_date
        Service End Date = claim_line_end_date
        Procedure Code = hcpcs_code
        Procedure Modifier 1 = hcpcs_modifier_1
        Procedure Modifier 2 = hcpcs_modifier_2
        Encounter Diagnosis 1 = diagnosis_code_1
        Units = service_unit_quantity
        Service Charge Amount = charge_amount
        Total Charges = claim_charge_amount
        Expected Allowed Amount = -
        Allowed Amount = allowed_amount
        Primary Insurance Company Name = payer
        Primary Insurance Plan Name = -
        Primary Insurance Payment = paid_amount
        Adjusted Charges = -
        Receipts = -
        Insurance Balance = -
        Primary Ins Adjustment = -
        Primary Ins Adjustment Reason = carc_1
        Posting Date = paid_date
        Patient ID = person_id
        Patient DOB = birth_date
        Rendering Provider Name = -
        Service Location Name = -
        Place of Service Code = place_of_service_code
        Status = status
    """,
    "practice system with visits and vouchers": """
        Visit ID = claim_id
        Charge ID = -
        Voucher # = payment_id
        DOS From = claim_line_start_date
        DOS To = claim_line_end_date
        Proc Code = hcpcs_code
        Mod 1 = hcpcs_modifier_1
        Dx 1 = diagnosis_code_1
        Dx 2 = diagnosis_code_2
        Chart # = person_id
        Carrier Name = payer
        Charge Amt = charge_amount
        Ins Pmts = paid_amount
        Pat Pmts = -
        Write-Offs = -
        Denial Code = carc_1
        Denial Reason = -
        Last Bill Date = -
        Facility = -
        Units = service_unit_quantity
        POS = place_of_service_code
    """,
    "practice database with Nbr and Amt": """
        Enc Nbr = -
        Person Nbr = person_id
        Svc Date = claim_line_start_date
        CPT4 Code ID = hcpcs_code
        Modifier 1 = hcpcs_modifier_1
        ICD10CM Code 1 = diagnosis_code_1
        ICD10CM Code 2 = diagnosis_code_2
        Quantity = service_unit_quantity
        Amt = -
        Payer Name = payer
        Allowed Amt = allowed_amount
        Payment Amt = paid_amount
        Adj Amt = adjustment_amount_1
        Reason Code 1 = carc_1
        Tran Code = -
        Claim Nbr = claim_id
        Rendering Provider = rendering_npi
        Location Name = -
        Process Date = paid_date
        Place Of Service = place_of_service_code
    """,
    "remittance viewer": """
        Patient Control Number = claim_id
        Payer Claim Control Number = payer_claim_id
        Claim Status = status
        Patient Name = -
        Member ID = person_id
        Service From Date = claim_line_start_date
        Service To Date = claim_line_end_date
        Line Number = claim_line_number
        Procedure Code = hcpcs_code
        Modifiers = modifiers
        Charge Amount = charge_amount
        Allowed Amount = allowed_amount
        Payment Amount = paid_amount
        Adjustment Group Code = group_code_1
        Adjustment Reason Code = carc_1
        Adjustment Amount = adjustment_amount_1
        Remark Codes = rarc_1
        Check/EFT Number = payment_id
        Check/EFT Date = paid_date
        Payer Name = payer
        Payer ID = -
    """,
    "clearinghouse denials": """
        Account # = -
        Claim Number = claim_id
        Payer = payer
        Service Date = claim_line_start_date
        Billed Amount = charge_amount
        Paid Amount = paid_amount
        Denial Category = -
        CARC = carc_1
        RARC = rarc_1
        Group Code = group_code_1
        Remit Date = paid_date
        Denied Amount = adjustment_amount_1
        Patient Control # = -
        Procedure = hcpcs_code
        Line # = claim_line_number
        ICN = payer_claim_id
        Rendering NPI = rendering_npi
        Bill Type = bill_type_code
        Revenue Code = revenue_center_code
    """,
    "clearinghouse claims in camel case": """
        ClaimID = claim_id
        PatientAcctNum = -
        SubscriberID = person_id
        PayerID = -
        PayerName = payer
        StatementFromDate = claim_start_date
        StatementToDate = claim_end_date
        ServiceLineNumber = claim_line_number
        ProcedureCode = hcpcs_code
        ProcedureModifier1 = hcpcs_modifier_1
        LineChargeAmount = charge_amount
        LinePaidAmount = paid_amount
        CASGroupCode1 = group_code_1
        CASReasonCode1 = carc_1
        CASAmount1 = adjustment_amount_1
        RemarkCode1 = rarc_1
        ClaimFrequencyTypeCode = frequency_code
        FacilityTypeCode = place_of_service_code
        DiagnosisCodePointer1 = diagnosis_pointer_1
        PrincipalDiagnosisCode = diagnosis_code_1
        DiagnosisCode2 = diagnosis_code_2
        DRGCode = drg_code
        BillingProviderNPI = billing_npi
        RenderingProviderNPI = rendering_npi
        ServiceUnitCount = service_unit_quantity
    """,
    "Medicaid extract": """
        ICN = claim_id
        RECIP_ID = person_id
        FDOS = claim_line_start_date
        TDOS = claim_line_end_date
        HDR_STATUS_CD = -
        DTL_STATUS_CD = status
        DTL_LINE_NBR = claim_line_number
        PROC_CD = hcpcs_code
        PROC_MOD_1 = hcpcs_modifier_1
        DIAG_CD_1 = diagnosis_code_1
        DIAG_CD_2 = diagnosis_code_2
        REV_CD = revenue_center_code
        BILLED_AMT = charge_amount
        ALLOWED_AMT = allowed_amount
        PAID_AMT = paid_amount
        TPL_AMT = -
        COPAY_AMT = copay_amount
        EOB_CD_1 = -
        ADJ_RSN_CD_1 = carc_1
        BILL_PROV_NPI = billing_npi
        PERF_PROV_NPI = rendering_npi
        POS_CD = place_of_service_code
        UNITS_BILLED = service_unit_quantity
        PAID_DT = paid_date
        CLM_TYPE_CD = claim_type
        CLM_FREQ_CD = frequency_code
        PROGRAM_CD = -
        CHRG_AMT = -
    """,
    "payer extract, shortened": """
        Claim Nbr = claim_id
        Mbr ID = person_id
        Svc Begin Dt = claim_line_start_date
        Svc End Dt = claim_line_end_date
        Amount Charged = charge_amount
        Amount Allowed = allowed_amount
        Amount Paid = paid_amount
        Not Covered = adjustment_amount_1
        Deduct Amt = deductible_amount
        Coins Amt = coinsurance_amount
        Copay Amt = copay_amount
        Proc Cd = hcpcs_code
        Primary Diag = diagnosis_code_1
        Secondary Diag = diagnosis_code_2
        Prov NPI = rendering_npi
        TIN = -
        Line Nbr = claim_line_number
        Clm Stat = status
        Rsn Cd = carc_1
        Adj Grp Cd = group_code_1
        Rev Cd = revenue_center_code
        Tot Chrg = claim_charge_amount
        Mbr DOB = birth_date
        Mbr Sex = sex
        Chk Dt = paid_date
        Rcvd Dt = received_date
        Other Insurance Paid = -
        Patient Paid = -
        Denied = denial_flag
        Service Type = -
    """,
    "practice system, a row per encounter's procedure": """
        enc_nbr = claim_id
        svc_dt = claim_line_start_date
        cpt4_code_id = hcpcs_code
        chg_amt = charge_amount
        pay_amt = paid_amount
        Encounter Diagnosis ID 1 = diagnosis_code_1
        Encounter Diagnosis ID 2 = diagnosis_code_2
    """,
    "Medicaid's details": """
        TCN = claim_id
        DTL NUM = claim_line_number
        RECIPIENT ID = person_id
        FDOS = claim_line_start_date
        PRIM DIAG = diagnosis_code_1
        SEC DIAG = diagnosis_code_2
        Ins Pmt Amt = paid_amount
        EOB1 = -
    """,
}
