"""Docstrings of the package as Markdown, which the generator of the API reference renders.

The package writes plain sentences, ``Parameters`` underlined, an entry a line with its further lines indented, code in
two backquotes or indented by four, roles such as ``:func:`rates```, and examples that doctest runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RULE = re.compile(r"-{3,}$")
_ENTRY = re.compile(r"([\w`*][\w`*., ]*): (.*)")
_CODE = re.compile(r"(``.*?``|`[^`]*`)")
_ROLE = re.compile(r":(?:class|func|mod|meth|data|attr):`~?([^`]*)`")


def markdown(text: str) -> str:
    """One docstring, its indentation cleaned, as Markdown."""
    lines = _ROLE.sub(r"`\1`", text).splitlines()
    return "\n".join(_blocks(lines)).strip()


def _blocks(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if at + 1 < len(lines) and line.strip() and _RULE.match(lines[at + 1]):
            end = _end(lines, at + 2)
            yield from ("", f"**{line}**", "", *_entries(lines[at + 2 : end]), "")
        elif line.startswith(">>> "):
            end = _end(lines, at)
            yield from ("", "```pycon", *lines[at:end], "```", "")
        elif line.startswith("    ") and not any(lines[at - 1 : at]):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end]):
                end += 1
            code = "\n".join(each[4:] for each in lines[at:end]).rstrip()
            yield from ("", "```python", code, "```", "")
        else:
            end = at + 1
            yield _plain(line)
        at = end


def _end(lines: list[str], start: int) -> int:
    """Where the block that starts here ends: at an empty line."""
    return next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))


def _entries(lines: list[str]) -> Iterator[str]:
    """A section's entries as a list; what is no entry stays a paragraph."""
    for line in lines:
        entry = _ENTRY.match(line)
        if entry:
            names = ", ".join(f"`{name.strip(' `')}`" for name in entry[1].split(","))
            yield f"* {names}: {_plain(entry[2])}"
        else:
            yield _plain(line)


def _plain(line: str) -> str:
    """Text with what Markdown would take for emphasis or a tag escaped, outside of code."""
    parts = _CODE.split(line)
    return "".join(
        part if _CODE.fullmatch(part) else re.sub(r"([*<])", r"\\\1", part).replace("\\<", "&lt;")
        for part in parts
    )
