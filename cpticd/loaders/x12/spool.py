"""Staged tables: what was read from the files, typed, before claims and remittances are joined.

They are Arrow files in a temporary folder, appended to batch by batch and mapped into memory afterwards, so
that neither a large file nor many worker processes hold them in memory. ``key`` is the source's number and
the number of the segment (CLM or CLP) in it, so that order and identity do not depend on who read what
when.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

_BUFFER: Final = 1 << 18
#: Seconds after which pages of staged tables are given back.
_GIVE_BACK: Final = 0.02
_KINDS = {
    "text": pa.string(),
    "date": pa.date32(),
    "money": pa.decimal128(18, 2),
    "number": pa.decimal128(18, 3),
    "integer": pa.int32(),
    "key": pa.int64(),
    "flag": pa.bool_(),
}


def _schema(columns: str) -> pa.Schema:
    return pa.schema([(name, _KINDS[kind]) for name, kind in (item.split(":") for item in columns.split())])


_MODIFIERS = " ".join(f"hcpcs_modifier_{k}:text" for k in range(1, 5))
_SUBMITTED = " ".join(f"submitted_modifier_{k}:text" for k in range(1, 5))
STAGED: Final[dict[str, pa.Schema]] = {
    "claims": _schema(
        "key:key set_key:key source_claim_id:text claim_type:text person_id:text member_id:text payer:text "
        "payer_id:text payer_kind:text payer_sequence:integer drg_code:text discharge_status_code:text "
        "is_encounter:flag is_chart_review:flag deletes_diagnoses:flag "
        "billing_npi:text billing_taxonomy:text facility_npi:text place_of_service_code:text bill_type_code:text "
        "frequency_code:text "
        "original_payer_claim_id:text start_date:date end_date:date sent_date:date "
        "charge_amount:money birth_date:date sex:text"
    ),
    "lines": _schema(
        f"key:key line:integer start_date:date end_date:date hcpcs_code:text {_MODIFIERS} "
        "revenue_center_code:text service_unit_quantity:number unit_of_measure:text ndc_code:text "
        "place_of_service_code:text "
        "rendering_npi:text rendering_taxonomy:text charge_amount:money control:text counter:text"
    ),
    "diagnoses": _schema(
        "key:key diagnosis_position:integer diagnosis_code:text diagnosis_code_type:text diagnosis_kind:text "
        "present_on_admission_code:text"
    ),
    "pointers": _schema("key:key line:integer pointer_position:integer diagnosis_position:integer"),
    "procedures": _schema(
        "key:key procedure_position:integer procedure_code:text procedure_code_type:text procedure_date:date"
    ),
    "remits": _schema(
        "key:key set_key:key source_claim_id:text payer:text payer_id:text payer_kind:text payer_sequence:integer "
        "paid_date:date claim_status_code:text "
        "charge_amount:money paid_amount:money patient_responsibility_amount:money "
        "payer_claim_id:text facility_code:text frequency_code:text person_id:text "
        "member_id:text billing_npi:text rendering_npi:text start_date:date end_date:date "
        "received_date:date"
    ),
    "services": _schema(
        f"key:key ordinal:integer hcpcs_code:text {_MODIFIERS} submitted_hcpcs_code:text {_SUBMITTED} "
        "revenue_center_code:text charge_amount:money paid_amount:money service_unit_quantity:number "
        "submitted_unit_quantity:number allowed_amount:money start_date:date end_date:date "
        "control:text"
    ),
    "adjustments": _schema(
        "key:key ordinal:integer adjustment_position:integer group_code:text carc:text amount:money "
        "quantity:number"
    ),
    "remarks": _schema("key:key ordinal:integer remark_position:integer rarc:text"),
    "provider_adjustments": _schema(
        "key:key set_key:key place:integer payer:text paid_date:date provider_id:text fiscal_period_date:date "
        "adjustment_reason_code:text reference_id:text amount:money"
    ),
    # One row per 835: what its check or transfer says.
    "payments": _schema(
        "key:key payer:text payer_id:text trace_number:text method_code:text paid_date:date amount:money"
    ),
    # What a claim reports of another payer's decision: of the claim (line null: 2320), of a line (2430).
    "reported": _schema(
        "key:key place:integer line:integer payer:text payer_id:text payer_sequence:integer paid_date:date "
        f"hcpcs_code:text {_MODIFIERS} revenue_center_code:text paid_amount:money service_unit_quantity:number"
    ),
    "reported_adjustments": _schema(
        "key:key place:integer line:integer adjustment_position:integer group_code:text carc:text amount:money "
        "quantity:number"
    ),
    # One row per transaction set: what tells a second copy of it.
    "sets": _schema(
        "key:key kind:text interchange:text group_control:text set_control:text digest:text segments:integer"
    ),
    # How many segments of a transaction set are understood, and held by no table.
    "left_out": _schema("key:key tag:text segments:integer"),
    # Claims that a 277CA turned away before adjudication, and sets of claims that a 999 or 997 did.
    "turned_away": _schema(
        "key:key source_claim_id:text payer:text day:date status:text reason:text person_id:text charge_amount:money"
    ),
    "turned_away_sets": _schema(
        "key:key group_control:text set_control:text day:date status:text reason:text"
    ),
    # One row per 834; one per member in it (INS), one per coverage of a member (HD): the columns of enrolment_layout.
    "enrolment_sets": _schema(
        "key:key sent_date:date sent_time:text action:text effective_date:date policy:text sponsor:text payer:text"
    ),
    "enrolments": _schema(
        "key:key set_key:key person:text is_subscriber:text maintenance:text medicare_plan:text medicare_reason:text "
        "medicare_reason_2:text medicare_reason_3:text death_date:date subscriber_id:text medicare_id:text "
        "own_id:text begin_date:date end_date:date changed_date:date medicare_begin_date:date "
        "medicare_end_date:date birth_date:date sex:text state:text location_kind:text location:text"
    ),
    "coverages": _schema(
        "key:key place:key maintenance:text line:text plan:text begin_date:date end_date:date changed_date:date "
        "plan_id:text"
    ),
    "rejects": _schema("key:key table_name:text action:text severity:text reason:text content:text"),
}


class Spool:
    """Writes staged tables into a folder; close it before the folder is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, pa.ipc.RecordBatchStreamWriter] = {}
        self._files: dict[str, pa.NativeFile] = {}

    def write(self, name: str, table: pa.Table) -> None:
        """Append rows to staged table ``name``."""
        if not table.num_rows:
            return
        schema = STAGED[name]
        if name not in self._writers:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Through a buffer: a batch has hundreds of small ones.
            self._files[name] = pa.output_stream(str(self.folder / f"{name}.arrow"), buffer_size=_BUFFER)
            self._writers[name] = pa.ipc.new_stream(self._files[name], schema)
        self._writers[name].write_table(table.select(schema.names).cast(schema))

    def close(self) -> None:
        for name, writer in self._writers.items():
            writer.close()
            self._files[name].close()
        self._writers, self._files = {}, {}


class Staged(dict[str, pa.Table]):
    """Every staged table by name, mapped into memory, not read."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self._maps: list[mmap.mmap] = []
        for name, schema in STAGED.items():
            parts = [self._mapped(path) for folder in folders if (path := folder / f"{name}.arrow").exists()]
            self[name] = pa.concat_tables([schema.empty_table(), *parts])

    def _mapped(self, path: Path) -> pa.Table:
        with path.open("rb") as file:
            self._maps.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return pa.ipc.open_stream(pa.py_buffer(self._maps[-1])).read_all()

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Give pages that were read back to the system as long as the context lasts: reading them again is cheap."""
        if not hasattr(mmap, "MADV_DONTNEED"):
            yield
            return
        done = threading.Event()

        def give_back() -> None:
            while not done.wait(_GIVE_BACK):
                for each in self._maps:
                    each.madvise(mmap.MADV_DONTNEED)

        thread = threading.Thread(target=give_back, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def staged(folders: list[Path]) -> Staged:
    """Every staged table of ``folders``."""
    return Staged(folders)
