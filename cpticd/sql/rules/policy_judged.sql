-- One row per line whose procedure stands under a policy that holds on its day.
SELECT claim_id, claim_line_number FROM rule_policy_supported
UNION
SELECT claim_id, claim_line_number FROM rule_policy_failing
