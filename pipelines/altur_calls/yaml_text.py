"""Values as YAML that is read by people too: for files that are kept in git. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def yaml_of(value: Any) -> str:
    """Return a value as YAML."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if isinstance(item, dict | list) and item:
                yield f"{key}:"
                yield from (f"  {line}" for line in _lines(item))
            elif isinstance(item, str) and "\n" in item:
                yield f"{key}: |-"
                yield from (f"  {line}" for line in item.splitlines())
            else:
                yield f"{key}: {_scalar(item)}"
    elif isinstance(value, list) and value:
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    """Return a value on one line. A JSON scalar is a YAML scalar too, and so is an empty list."""
    return json.dumps(value, ensure_ascii=False)
