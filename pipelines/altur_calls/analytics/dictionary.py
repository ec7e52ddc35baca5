"""The data dictionary: what the warehouse says of itself, as a page with a diagram. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from altur_calls.analytics.questions import questions
from altur_calls.analytics.relations import Relation
from altur_calls.analytics.views import DATASET, SCHEMA

HEAD = """# Data dictionary

Made by `altur-calls docs` from the comments in the warehouse: what is changed here is lost.
Start with the marts in schema `analytics`: their days and hours are those of the campaign's timezone, and
calls that vanished are not counted. Staging views only rename what is in the raw
tables, of loads that were completed.
"""

KEYS = {"call_id": "calls", "contact_id": "contacts", "campaign_id": "campaigns"}
"""The mart in which a key has one row, from the finest to the coarsest."""


def dictionary(relations: Sequence[Relation]) -> str:
    """Return the page, as Markdown: of the tables and views that say what they are."""
    told = [relation for relation in relations if relation.comment]
    marts = [relation for relation in told if relation.schema == SCHEMA and not relation.is_inner]
    others = [relation for relation in told if relation.is_inner]
    raw = [relation for relation in told if relation.schema == DATASET]
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
    for question in questions():
        yield f"{question.text}\n\n```sql\n{question.sql}\n```\n"


def _chapter(title: str, relations: Iterable[Relation]) -> Iterator[str]:
    yield f"## {title}\n"
    for relation in relations:
        yield f"### {relation.schema}.{relation.name}\n\n{_sentence(relation.comment or '')}\n"
        yield "| column | type | meaning |\n| --- | --- | --- |"
        for column in relation.columns:
            yield f"| `{column.name}` | {column.data_type} | {_cell(column.comment or '')} |"
        yield ""


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
