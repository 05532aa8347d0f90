"""The project's Markdown files as HTML, with the anchors that repository hosts give their headings."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name


class Text(NamedTuple):
    title: str
    body: str
    #: Text and anchor of every heading of the second level.
    headings: list[tuple[str, str]]


def read(text: str) -> Text:
    """A Markdown text as HTML."""
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _code}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    used: dict[str, int] = {}
    title, headings = "", []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = "".join(
            part.content for part in inline.children or [] if part.type in ("text", "code_inline")
        )
        opening.attrSet("id", anchor(words, used))
        if opening.tag == "h1":
            title = title or words
        elif opening.tag == "h2":
            headings.append((words, str(opening.attrGet("id"))))
    return Text(title, parser.renderer.render(tokens, parser.options, {}), headings)


def anchor(words: str, used: dict[str, int]) -> str:
    """The id of a heading: lower case, hyphens for spaces, no other signs; repeated ones are numbered."""
    made = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
    used[made] = used.get(made, -1) + 1
    return f"{made}-{used[made]}" if used[made] else made


def _code(source: str, language: str, _: Any) -> str:
    """A block of code with its parts marked; markdown-it puts text that does not begin with <pre into one."""
    lexer = get_lexer_by_name({"sh": "bash"}.get(language, language) or "text")
    return (
        highlight(source, lexer, HtmlFormatter(cssclass="highlight", nowrap=False))
        .replace('<div class="highlight"><pre>', '<pre class="highlight">')
        .replace("</pre></div>", "</pre>")
    )
