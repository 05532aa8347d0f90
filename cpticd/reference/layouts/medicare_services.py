"""What Medicare's clinicians billed in a year: services by code, specialty and setting, as numbers for comparison.

Layout: CMS's Medicare Physician and Other Practitioners, of data.cms.gov, described in its data dictionaries. By
provider and service (``MUP_PHY_R…_D22_Prov_Svc.csv``): a row per clinician, code and place, with Rndrng_NPI,
Rndrng_Prvdr_Type, HCPCS_Cd, Place_Of_Srvc (F facility, O office) and Tot_Srvcs; rows under 11
beneficiaries are not published. Or by geography and service (``…_Geo.csv``): Rndrng_Prvdr_Geo_Lvl, of which the rows
National count, without specialties.

Clinicians are added up while the file is read: what is kept has no NPI. A release is of the year in its name (D22:
2022) and speaks of the services of that year.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, code, single, table, told

KEY: Final = ("code", "specialty", "place")
_COLUMNS: Final = {
    "code": pa.string(), "specialty": pa.string(), "place": pa.string(), "services": pa.float64(),
}  # fmt: skip
_NEEDED: Final = {"hcpcs_cd", "place_of_srvc", "tot_srvcs"}
#: What services are divided by: the clinician's specialty, or the level of the place.
_OF: Final = {"rndrng_prvdr_type", "rndrng_prvdr_geo_lvl"}
#: Bytes that are added up together.
_BLOCK: Final = 1 << 26
_WANTED: Final = (
    "Medicare Physician and Other Practitioners, by provider and service or by geography and service"
)


def tells(file: Source) -> bool:
    """Whether the first row has the headings of services by code and place, of clinicians or of places."""
    names = {cell.strip().lower() for _, cells in file.head(1) for cell in cells}
    return names >= _NEEDED and bool(names & _OF)


def read(files: Sequence[Source]) -> Reading:
    """One row per code, specialty ('' where the file has none) and place (F, O): services."""
    file = single(told(files, tells, "Medicare services", _WANTED), "Medicare services", _WANTED)
    counted: dict[tuple[str, str, str], float] = defaultdict(float)
    for names, columns in _batches(file):
        texts = [columns[names.index(name)] for name in ("hcpcs_cd", "place_of_srvc", "tot_srvcs")]
        of = "rndrng_prvdr_type" if "rndrng_prvdr_type" in names else "rndrng_prvdr_geo_lvl"
        for own, place, services, group in zip(*texts, columns[names.index(of)], strict=True):
            if of.endswith("geo_lvl") and group.strip().lower() != "national":
                continue
            specialty = group.strip() if of.endswith("type") else ""
            counted[code(own), specialty, place.strip().upper()[:1]] += _number(services, own, file.name)
    rows = [(*key, services) for key, services in sorted(counted.items())]
    return Reading(table(rows, _COLUMNS, name=file.name), *_year(file))


def _batches(file: Source) -> Any:
    """Lower-case headings and columns of text, piece by piece: the file has ten million rows."""
    if file.is_book:
        names, *rows = [cells for _, cells in file.rows()]
        reached = [[*cells, *[""] * len(names)][: len(names)] for cells in rows]
        yield [cell.strip().lower() for cell in names], list(zip(*reached, strict=True))
        return
    from pyarrow import compute, csv

    heads = [cell.strip() for cell in file.head(1)[0][1]]
    kept = [name for name in heads if name.lower() in _NEEDED | _OF]
    keys = [name for name in kept if name.lower() != "tot_srvcs"]
    services = next(name for name in kept if name.lower() == "tot_srvcs")
    try:
        reader = csv.open_csv(
            io.BytesIO(file.data),
            read_options=csv.ReadOptions(block_size=_BLOCK),
            parse_options=csv.ParseOptions(delimiter=file.delimiter()),
            convert_options=csv.ConvertOptions(
                include_columns=kept, column_types=dict.fromkeys(kept, pa.string()), strings_can_be_null=False
            ),
        )
        for batch in reader:
            part = pa.Table.from_batches([batch])
            numbers = compute.replace_substring(part[services], ",", "").cast(pa.float64())
            sums = part.append_column("n", numbers).group_by(keys).aggregate([("n", "sum")])
            texts = [sums[name].to_pylist() for name in keys]
            yield [*(name.lower() for name in keys), "tot_srvcs"], [*texts, sums["n_sum"].to_pylist()]
    except (pa.ArrowInvalid, KeyError) as error:
        raise InputError(f"{file.name}: {error}; download the file again") from error


def _number(found: str | float, own: str, name: str) -> float:
    """A number of services: a cell of a workbook, or a sum."""
    try:
        return found if isinstance(found, float) else float(found.replace(",", ""))
    except ValueError:
        raise InputError(
            f"{name}: found {found!r} services of {own}, no number; download the file again"
        ) from None


def _year(file: Source) -> tuple[str, date | None]:
    """The year of the services, as the name has it: D22, or 2022."""
    for name in file.names:
        if found := re.search(r"_D(\d\d)(?!\d)", name) or re.search(r"(?<!\d)20(\d\d)(?!\d)", name):
            return f"20{found[1]}", date(2000 + int(found[1]), 1, 1)
    return "", None
