"""Where a page stands, as a link that opens it there and as a line of code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from cpticd.core.errors import ArgumentError
from cpticd.explore.board import Control

#: Before the name of what was clicked, to tell it from a control.
_CLICKED: Final = "~"
#: Between the first and the last day.
_TO: Final = ".."


def written(
    name: str, controls: Iterable[Control], values: Mapping[str, Any], extra: Mapping[str, Any]
) -> str:
    """The part of a link behind ``#``: what is set otherwise than at first, several values one after the other."""
    found: list[tuple[str, str]] = []
    for control in controls:
        if control.kind == "button" or values[control.name] == control.value:
            continue
        value = values[control.name]
        if control.kind == "dates":
            found.append((control.name, _TO.join(value)))
        else:
            several = value if isinstance(value, list) else [value]
            found += [(control.name, str(each)) for each in several]
    for key, value in extra.items():
        if value not in ("", {}, [], None):
            found.append((_CLICKED + key, json.dumps(value, separators=(",", ":"))))
    return f"{name}:{urlencode(found, quote_via=quote)}" if found else ""


def read(name: str, controls: Iterable[Control], link: str) -> dict[str, Any] | None:
    """The state of a link; None where it is of another page. ArgumentError for what is none."""
    page, _, text = link.partition("#")[2].partition(":") if "#" in link else link.partition(":")
    if page != name:
        return None
    known = {control.name: control for control in controls if control.kind != "button"}
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        if key.startswith(_CLICKED):
            extra[key[1:]] = _json(key[1:], value)
        elif key not in known:
            raise ArgumentError(f"link: no filter {key!r} on this page; there are {', '.join(known)}")
        elif known[key].kind == "dates":
            first, _, last = value.partition(_TO)
            values[key] = [first, last]
        elif known[key].kind in ("range", "number"):
            values[key] = _json(key, value)
        elif key in values:
            values[key] = [*(values[key] if isinstance(values[key], list) else [values[key]]), value]
        else:
            values[key] = value
    return {"values": values, "extra": extra}


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"link: {name} reads {text!r}, which no page wrote") from error


def code(call: str, chosen: Mapping[str, Any]) -> str:
    """The line of code that opens the page where it stands."""
    opened = f"page = cx.explore.{call}"
    given = ", ".join(f"{name}={value!r}" for name, value in chosen.items() if value not in ("", {}, []))
    return f"{opened}; page.choose({given})" if given else opened
