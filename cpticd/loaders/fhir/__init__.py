"""FHIR resources of claims, payments, persons and coverage, in the dialects in which payers give them."""
