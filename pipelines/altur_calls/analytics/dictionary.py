"""The data dictionary: what the warehouse says of itself, as a page with a diagram. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from altur_calls.analytics.views import SCHEMA, texts

DESCRIBED = f"""
SELECT objects.schema, objects.name, objects.comment,
    list([column_name, data_type, coalesce(columns.comment, '')] ORDER BY column_index)
FROM (
    SELECT schema_name AS schema, view_name AS name, comment FROM duckdb_views()
    UNION ALL SELECT schema_name, table_name, comment FROM duckdb_tables()
) AS objects
JOIN duckdb_columns() AS columns
    ON columns.schema_name = objects.schema AND columns.table_name = objects.name
WHERE objects.schema IN ('{SCHEMA}', $dataset) AND objects.comment IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 (a name of ours)

HEAD = """# Data dictionary

Made by `altur-calls docs` from the comments in the warehouse: what is changed here is lost.
Start with the marts in schema `analytics`: their days and hours are those of the campaign's timezone, and
calls that vanished are not counted. Staging views only rename what is in the raw
tables, of loads that were completed.
"""

KEYS = {"call_id": "calls", "contact_id": "contacts", "campaign_id": "campaigns"}
"""The mart in which a key has one row, from the finest to the coarsest."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its type as DuckDB shows it, and what it means."""

    name: str
    data_type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, and what a row of it is."""

    schema: str
    name: str
    comment: str
    columns: Sequence[Column]


def dictionary(relations: Sequence[Relation]) -> str:
    """Return the page, as Markdown."""
    views = [relation for relation in relations if relation.schema == SCHEMA]
    marts = [view for view in views if not view.name.startswith(("stg_", "int_"))]
    others = [view for view in views if view.name.startswith(("stg_", "int_"))]
    raw = [relation for relation in relations if relation.schema != SCHEMA]
    return "\n".join(
        [
            HEAD,
            "## How they hang together\n",
            *_diagram(marts),
            "\n## Questions\n",
            *_questions(),
            *_chapter("Marts", marts),
            *_chapter("Staging", others),
            *_chapter("Raw tables", raw),
        ]
    )


def _diagram(marts: Iterable[Relation]) -> Iterator[str]:
    """Yield a Mermaid diagram: each mart, and the one in which its finest key has a row."""
    yield "```mermaid\nerDiagram"
    for mart in marts:
        for key in _parent_keys(mart):
            yield f"    {KEYS[key]} ||--o{{ {mart.name} : {key}"
        yield f"    {mart.name} {{"
        for column in mart.columns:
            mark = "" if column.name not in KEYS else " PK" if KEYS[column.name] == mart.name else " FK"
            yield f"        {column.data_type.replace(' ', '_')} {column.name}{mark}"
        yield "    }"
    yield "```"


def _parent_keys(mart: Relation) -> list[str]:
    """Return the keys by which rows of a mart hang on others: all coarser than its own, or the finest."""
    held = [key for key in KEYS if key in {column.name for column in mart.columns}]
    for place, key in enumerate(held):
        if KEYS[key] == mart.name:
            return held[place + 1 :]
    return held[:1]


def _questions() -> Iterator[str]:
    for text in texts("questions").values():
        question, _, query = text.partition("\n")
        yield f"{question.removeprefix('-- ')}\n\n```sql\n{query.strip()};\n```\n"


def _chapter(title: str, relations: Iterable[Relation]) -> Iterator[str]:
    yield f"## {title}\n"
    for relation in relations:
        yield f"### {relation.schema}.{relation.name}\n\n{_sentence(relation.comment)}\n"
        yield "| column | type | meaning |\n| --- | --- | --- |"
        for column in relation.columns:
            yield f"| `{column.name}` | {column.data_type} | {_cell(column.comment)} |"
        yield ""


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
