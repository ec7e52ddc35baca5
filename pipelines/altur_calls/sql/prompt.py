"""A prompt: statements that end with a semicolon, and commands that begin with a dot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import click
import duckdb

from altur_calls.analytics.questions import questions
from altur_calls.analytics.relations import Relation, relations_of
from altur_calls.analytics.views import SCHEMA
from altur_calls.errors import AlturError
from altur_calls.sql import catalog, lines
from altur_calls.sql.output import FORMATS, PARQUET, Output
from altur_calls.sql.session import Session

PUBLISHED = f"SELECT strftime(published_at, '%Y-%m-%d %H:%M') FROM {SCHEMA}.publication"  # noqa: S608 (ours)

SHOWN = [kind for kind in FORMATS if kind != PARQUET]

HELP = f"""\
A statement has as many lines as it needs and ends with a semicolon. The history keeps all but those that
begin with a space.
.tables           the tables, and what a row of each is
.schema [TABLE]   the columns of one or all, and what they mean
.questions        questions to begin with
.question NUMBER  one of them in SQL, and its answer
.format NAME      how rows are shown: {", ".join(SHOWN)}
.help             this list
.quit             leave, as Ctrl-D does"""


class Prompt:
    """What a person at a terminal types, and is told."""

    def __init__(self, session: Session, output: Output) -> None:
        self._session, self._output = session, output
        self._commands: Mapping[str, Callable[[str], None]] = {
            "tables": self._tables,
            "schema": self._schema,
            "questions": self._questions,
            "question": self._question,
            "format": self._format,
            "help": lambda _: click.echo(HELP),
            "quit": self._quit,
            "exit": self._quit,
        }

    def run(self) -> None:
        """Answer until the end of input, or ``.quit``."""
        click.echo(
            f"{self._session.path}, published {self._published()} UTC. Read-only. Try .questions or .help"
        )
        with lines.edited([*catalog.words(self._relations()), *self._commands]):
            while True:
                try:
                    self._answer(lines.typed().strip())
                except EOFError:
                    click.echo()
                    return
                except KeyboardInterrupt:
                    click.echo()
                except (duckdb.Error, AlturError) as error:
                    click.echo(error, err=True)

    def _answer(self, text: str) -> None:
        if self._session.renew():
            click.echo(f"A new load was published at {self._published()} UTC: this is of it.", err=True)
        if not text.startswith(lines.COMMAND):
            self._show(text)
            return
        name, _, argument = text.removeprefix(lines.COMMAND).partition(" ")
        if name in self._commands:
            self._commands[name](argument.strip())
        else:
            click.echo(f"There is no .{name}; see .help", err=True)

    def _show(self, sql: str) -> None:
        for result in self._session.results(sql):
            self._output.write(self._session, result)

    def _tables(self, _argument: str) -> None:
        click.echo(catalog.tables(self._relations()))

    def _schema(self, name: str) -> None:
        told = [
            catalog.schema(relation)
            for relation in self._relations()
            if name in {"", relation.name, f"{relation.schema}.{relation.name}"}
        ]
        click.echo("\n\n".join(told) or f"There is no table {name}; see .tables", err=not told)

    def _questions(self, _argument: str) -> None:
        for number, question in enumerate(questions(), start=1):
            click.echo(f"{number:>2}  {question.text}")

    def _question(self, number: str) -> None:
        asked = dict(zip(map(str, range(1, 100)), questions(), strict=False)).get(number)
        if asked:
            click.echo(asked.sql)
            self._show(asked.sql)
        else:
            click.echo(f"There is no question {number}; see .questions", err=True)

    def _format(self, kind: str) -> None:
        if kind in SHOWN:
            self._output = Output(kind)
        else:
            click.echo(f"Rows can be shown as {', '.join(SHOWN)}.", err=True)

    def _quit(self, _argument: str) -> None:
        raise EOFError

    def _relations(self) -> Sequence[Relation]:
        return [found for found in relations_of(self._session.connection) if not found.is_inner]

    def _published(self) -> str:
        ((published,),) = self._session.connection.execute(PUBLISHED).fetchall()
        return str(published)
