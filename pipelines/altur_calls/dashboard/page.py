"""The page: its words, style, script and figures, and the charts' library, in one file of HTML. Pure."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import orjson

from altur_calls.dashboard.texts import words

SCRIPTS = ("words.js", "sums.js", "charts.js", "tables.js", "page.js")
"""One script to the browser; the last one begins to draw."""


def page(figures: Mapping[str, Any], *, language: str, charts: str) -> str:
    """Return the page of some figures; ``charts`` is the code of Chart.js."""
    text = words(language)
    code = {"style": _asset("page.css"), "script": "\n".join(map(_asset, SCRIPTS)), "charts": charts}
    data = orjson.dumps({"language": language, "text": text, **figures}).decode()
    parts = {
        **{key: html.escape(value) for key, value in text.items()},
        **code,
        "lang": language,
        "policy": content_policy(scripts=(code["charts"], code["script"]), styles=(code["style"],)),
        # No text of the data may end the element it is in, or begin a comment.
        "figures": data.replace("<", "\\u003c"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _asset("page.html"))


def content_policy(*, scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """Return what a browser may do with the page: run these scripts, use these styles, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(code: str) -> str:
    return f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return (files("altur_calls.dashboard") / "assets" / name).read_text(encoding="utf-8")
