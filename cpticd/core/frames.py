"""Arrow tables as the pandas DataFrames that analysts expect."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def to_frame(table: pa.Table) -> pd.DataFrame:
    """The rows of an Arrow table: text as str, money as float64, whole numbers as Int64 where some are absent."""
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_decimal(kind):
            kind = pa.int64() if kind.scale == 0 else pa.float64()
        elif pa.types.is_dictionary(kind):
            kind = pa.string()
        elif pa.types.is_date(kind):
            kind = pa.timestamp("s")
        fields.append(pa.field(field.name, kind))
    table = table.cast(pa.schema(fields))
    columns = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_integer(field.type) and column.null_count:
            columns[field.name] = column.to_pandas(types_mapper={field.type: pd.Int64Dtype()}.get)
        elif pa.types.is_boolean(field.type) and column.null_count:
            columns[field.name] = column.to_pandas(types_mapper={field.type: pd.BooleanDtype()}.get)
        else:
            columns[field.name] = column.to_pandas(date_as_object=False)
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
