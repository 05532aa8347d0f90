"""Classes of drugs that a user adds: read, refused with the place, and what suspicions read of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpticd import reference
from cpticd.core.errors import InputError
from cpticd.risk.gaps import gaps
from tests.risk.visits import claims_of_visits


def test_codes_of_either_system_are_read_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPTICD_REFERENCE", str(tmp_path / "kept"))
    fills = "a | 2025-02-05 | 99990000101\na | 2025-03-05 | 99990000102"
    claims = claims_of_visits("a | 2025-03-01 | 11 | I10 | 99213", drugs=fills)
    assert gaps(claims, year=2025, kinds=["drug"], quiet=True).empty
    file = tmp_path / "classes.csv"
    file.write_text("Drug Class,NDC,RXCUI\nlevodopa,99990-0001,6375\ninsulin,00002-7510-01,\n")
    reference.add("drug_classes", file, effective_from="2025-01-01")
    rows = reference.release("drug_classes").to_pylist()
    assert [(row["code_system"], row["code"], row["drug_class"]) for row in rows] == [
        ("ndc", "999900001", "levodopa"), ("rxnorm", "6375", "levodopa"), ("ndc", "00002751001", "insulin"),
    ]  # fmt: skip
    found = gaps(claims, year=2025, kinds=["drug"], quiet=True)
    assert found[["hcc", "diagnosis_code"]].values.tolist() == [["199", "G20C"]]


def test_its_headings_say_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    file.write_text("Drug Class,NDC\ninsulin,00002-7510-01\n")
    reference.add(file, effective_from="2025-01-01", folder=tmp_path / "kept")
    assert reference.release("drug_classes", folder=tmp_path / "kept").num_rows == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drug_class,name\nx,y\n", "classes.csv:1: found"),
        ("drug_class,ndc\nx,123\n", "classes.csv:2: found '123', no code of ndc"),
        ("drug_class,ndc\n,00002751001\n", "classes.csv:2: found no class"),
        ("drug_class,code,code_system\nx,1,atc\n", "code_system 'atc'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "classes.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        reference.add("drug_classes", file, effective_from="2025-01-01", folder=tmp_path / "kept")
