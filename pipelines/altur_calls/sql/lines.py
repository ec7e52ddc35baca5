"""What a person types, with a history and names completed where Python has readline."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

try:
    import readline
except ImportError:  # on Windows
    readline = None  # type: ignore[assignment]

FIRST, MORE = "sql> ", "...> "

COMMAND = "."
"""What a line begins with that is no SQL."""

KEPT = 1_000
"""Statements in the history."""

DELIMITERS = " \t\n.,;:()[]{}=<>+-*/%'\""


def typed() -> str:
    """Return the next statement or command; what begins with a space is not kept in the history.

    Raises:
        EOFError: at the end of input.

    """
    text = input(FIRST)
    while text.strip() and not text.startswith(COMMAND) and not is_complete(text):
        text += "\n" + input(MORE)
    if readline and text.strip() and not text.startswith(" "):
        readline.add_history(text if "--" in text else text.replace("\n", " "))
    return text


def is_complete(text: str) -> bool:
    """Tell if a text ends with a semicolon that is in no string, name or comment. Pure."""
    tokens = duckdb.tokenize(text)
    return bool(tokens) and text.encode()[tokens[-1][0] :].startswith(b";")


@contextmanager
def edited(words: Sequence[str]) -> Iterator[None]:
    """Complete ``words`` on the tab key, and keep a history that only its owner can read."""
    if not readline:
        yield
        return
    readline.set_auto_history(False)  # statements are kept, not lines
    readline.set_completer_delims(DELIMITERS)
    readline.set_completer(lambda begun, place: _completion(words, begun, place))
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in str(readline.__doc__) else "tab: complete")
    history = _folder() / "sql_history"
    with suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        readline.set_history_length(KEPT)
        with suppress(OSError):
            history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            history.touch(mode=0o600)
            readline.write_history_file(history)


def _completion(words: Sequence[str], begun: str, place: int) -> str | None:
    found = [word for word in words if word.startswith(begun.lower())]
    return found[place] if place < len(found) else None


def _folder() -> Path:
    states = os.environ.get("XDG_STATE_HOME")
    return (Path(states) if states else Path.home() / ".local" / "state") / "altur-calls"
