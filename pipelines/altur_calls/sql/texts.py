"""Values as text, by expressions in SQL: DuckDB knows its types best, and is many times as fast. Pure.

Times become ISO 8601, in UTC where they have a zone; lists, structs and maps become JSON, in which a number
that is not finite is null.
"""

from __future__ import annotations

from collections.abc import Sequence

from duckdb.sqltypes import DuckDBPyType

from altur_calls.analytics.quoting import identifier, literal

ZONED = "timestamp with time zone"
NESTED = {"list", "array", "struct", "map", "union"}
NOT_IN_PARQUET = {"interval", "bit", "union", "bignum", "variant", "time with time zone"}


def cells(types: Sequence[DuckDBPyType]) -> str:
    """Return a select list that makes a text of each column, as for CSV."""
    return ", ".join(_cell(f"#{place}", kind) for place, kind in enumerate(types, start=1))


def objects(names: Sequence[str], types: Sequence[DuckDBPyType]) -> str:
    """Return an expression that makes a JSON object of a row."""
    pairs = (
        f"{literal(name)}, {_value(f'#{place}', kind)}"
        for place, (name, kind) in enumerate(zip(names, types, strict=True), start=1)
    )
    return f"json_object({', '.join(pairs)})"


def columns(names: Sequence[str], types: Sequence[DuckDBPyType]) -> str:
    """Return a select list that makes a text of what Parquet has no type for."""
    return ", ".join(
        f"{f'CAST(#{place} AS VARCHAR)' if kind.id in NOT_IN_PARQUET else f'#{place}'} AS {identifier(name)}"
        for place, (name, kind) in enumerate(zip(names, types, strict=True), start=1)
    )


def _cell(sql: str, kind: DuckDBPyType) -> str:
    if kind.id in NESTED:
        sql = f"to_json({_value(sql, kind)})"
    elif kind.id.startswith("timestamp"):
        sql = _time(sql, kind)
    return f"CAST({sql} AS VARCHAR)"


def _value(sql: str, kind: DuckDBPyType) -> str:
    """Return an expression of a type that DuckDB makes the right JSON of."""
    if kind.id.startswith("timestamp"):
        return _time(sql, kind)
    if kind.id in {"float", "double"}:  # the shortest text that is this number, a FLOAT's too
        return f"CASE WHEN isfinite({sql}) THEN CAST(CAST({sql} AS VARCHAR) AS JSON) END"
    if kind.id in {"list", "array"}:
        return _list(sql, _children(kind)[0][1])
    if kind.id == "struct":
        return _struct(sql, _children(kind))
    if kind.id == "map":
        return _map(sql, _children(kind)[1][1])
    return sql


def _children(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]


def _time(sql: str, kind: DuckDBPyType) -> str:
    local, zone = (f"CAST({sql} AS TIMESTAMP)", "Z") if kind.id == ZONED else (sql, "")
    iso = f"replace(CAST({local} AS VARCHAR), ' ', 'T') || '{zone}'"
    return f"CASE WHEN isfinite({sql}) THEN {iso} ELSE CAST({sql} AS VARCHAR) END"


def _list(sql: str, kind: DuckDBPyType) -> str:
    item = _value("item", kind)
    return sql if item == "item" else f"list_transform({sql}, lambda item: {item})"


def _struct(sql: str, fields: Sequence[tuple[str, DuckDBPyType]]) -> str:
    """Return an expression for an object, or for a list where the fields have no names."""
    values = [
        _value(f"struct_extract_at({sql}, {place})", kind) for place, (_, kind) in enumerate(fields, start=1)
    ]
    if fields[0][0]:
        pairs = (f"{literal(name)}, {value}" for (name, _), value in zip(fields, values, strict=True))
        made = f"json_object({', '.join(pairs)})"
    else:
        made = f"json_array({', '.join(values)})"
    return f"CASE WHEN {sql} IS NOT NULL THEN {made} END"


def _map(sql: str, kind: DuckDBPyType) -> str:
    value = _value("entry.value", kind)
    entry = f"{{'key': entry.key, 'value': {value}}}"
    return f"map_from_entries(list_transform(map_entries({sql}), lambda entry: {entry}))"
