"""A database that was published, brought up to what a warehouse has: only what was touched since is written.

So what it costs to publish a load depends on the load, and little on all that was loaded before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from altur_calls.analytics.quoting import literal
from altur_calls.analytics.relations import Relation
from altur_calls.analytics.touched import select_lacking
from altur_calls.analytics.views import SCHEMA, SUMS, TABLES, query_of, views
from altur_calls.publishing.attaching import COPY

THESE = "call_id IN (SELECT call_id FROM lacking)"

FORGOTTEN = f"""
DELETE FROM {COPY}.{SCHEMA}.call_changes
WHERE read_at < (SELECT coalesce(min(read_at), TIMESTAMPTZ 'infinity') FROM {SCHEMA}.call_changes)
"""  # noqa: S608
"""Changes that the bounded log has no more."""

ADDS_UP = f"""
SELECT
    calls = (SELECT coalesce(sum(calls), 0) FROM {COPY}.{SCHEMA}.campaign_hourly)
    AND calls = (SELECT coalesce(sum(calls), 0) FROM {COPY}.{SCHEMA}.campaign_daily)
    AND of_contacts = (SELECT coalesce(sum(attempts), 0) FROM {COPY}.{SCHEMA}.contacts)
FROM (SELECT count(*) AS calls, count(contact_id) AS of_contacts FROM {COPY}.{SCHEMA}.calls)
"""  # noqa: S608


def renew(connection: duckdb.DuckDBPyConnection, load_id: str, wanted: Iterable[Relation]) -> None:
    """Write into the attached copy of a load what was touched since; all of what is small or one's own."""
    select_lacking(connection, load_id)
    keys = {column: _values(connection, column) for column in set(SUMS.values())}
    for relation in wanted:
        name = relation.name if relation.schema == SCHEMA else ""
        if name in TABLES:
            _replace(connection, relation, _these(relation, keys["local_date"]))
        elif name in SUMS:
            _replace_sums(connection, relation, SUMS[name], keys[SUMS[name]])
        elif not relation.view:
            _replace(connection, relation, "true")
    connection.execute(FORGOTTEN)


def adds_up(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell if the sums in the attached copy are those of its calls, as far as calls are counted in them."""
    return bool(connection.execute(ADDS_UP).fetchall()[0][0])


def rows_of(connection: duckdb.DuckDBPyConnection, wanted: Iterable[Relation]) -> Mapping[str, int]:
    """Return how many rows the warehouse has of each table whose rows were replaced one by one."""
    return {
        relation.name_in_sql: _count(connection, relation)
        for relation in wanted
        if relation.schema == SCHEMA and relation.name in TABLES
    }


def _count(connection: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {relation.name_in_sql}").fetchall()  # noqa: S608
    return int(rows)


def _values(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    """Return the values that touched calls have in a column, as SQL: so only their rows are read."""
    query = f"SELECT DISTINCT CAST({column} AS VARCHAR) FROM lacking WHERE {column} IS NOT NULL"  # noqa: S608
    return ", ".join(literal(value) for (value,) in connection.execute(query).fetchall())


def _these(relation: Relation, days: str) -> str:
    """Return what tells the rows of touched calls: of their days, as rows lie in about the order of time."""
    has_days = any(column.name == "local_date" for column in relation.columns)
    return f"local_date IN ({days}) AND {THESE}" if has_days and days else THESE


def _replace(
    connection: duckdb.DuckDBPyConnection, relation: Relation, these: str, rows: str | None = None
) -> None:
    copy, source = f"{COPY}.{relation.name_in_sql}", rows or f"FROM {relation.name_in_sql}"
    connection.execute(f"DELETE FROM {copy} WHERE {these}")  # noqa: S608
    connection.execute(f"INSERT INTO {copy} BY NAME SELECT * FROM ({source}) WHERE {these}")  # noqa: S608


def _replace_sums(
    connection: duckdb.DuckDBPyConnection, relation: Relation, column: str, values: str
) -> None:
    """Write the rows that sum up the calls with some values of a column, from those calls alone."""
    if not values:
        return
    these = f"{column} IN ({values})"
    _replace(connection, relation, these, _query_of(relation.name, these))


def _query_of(name: str, these: str) -> str:
    """Return the query of a view that reads some rows of the tables only, also through another view."""
    instead = {table: f"(SELECT * FROM {SCHEMA}.{table} WHERE {these})" for table in TABLES}  # noqa: S608
    instead |= {view: f"({_query_of(view, these)})" for view in views()[name].uses if view in SUMS}
    return query_of(name, **instead)
