"""The API reference: a page per module that users meet, with its public names alone, made by pdoc."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import docstrings
import pdoc.doc
import pdoc.render

PACKAGE = "cpticd"
#: Made by functions, never by hand.
NOT_CALLED = {f"{PACKAGE}.Claims.__init__"}


def public_modules() -> list[str]:
    """The package, the modules that it names in ``__all__``, those that these name in turn, and the errors."""
    found = [PACKAGE, f"{PACKAGE}.errors"]
    for name in found:
        module = importlib.import_module(name)
        for each in getattr(module, "__all__", ()):
            # Names are loaded when first used; only then they stand in the module, where pdoc looks.
            value = getattr(module, each)
            if inspect.ismodule(value) and value.__name__ not in found:
                found.append(value.__name__)
    return sorted(found)


def write(folder: Path) -> None:
    """Write the pages of all public modules into ``folder``, and the index that their search uses."""
    modules = {name: pdoc.doc.Module(importlib.import_module(name)) for name in public_modules()}
    for module in modules.values():
        module.docstring = docstrings.markdown(module.docstring)
        for each in _members(module):
            each.docstring = (
                "@private" if _is_hidden(each) else docstrings.markdown(each.docstring or _comment(each))
            )
    for name, module in modules.items():
        target = folder / f"{name.replace('.', '/')}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = pdoc.render.html_module(module, modules)
        # Links without words get them, for readers who hear the page.
        text = re.sub(r'(<a class="headerlink" href="#([^"]+)")>', r'\1 aria-label="Link to \2">', text)
        target.write_text(text, encoding="utf-8", newline="\n")
    (folder / "search.js").write_text(pdoc.render.search_index(modules), encoding="utf-8", newline="\n")


def _members(parent: pdoc.doc.Namespace) -> Iterator[pdoc.doc.Doc]:
    for each in parent.members.values():
        if each.kind != "module":
            yield each
        if isinstance(each, pdoc.doc.Class):
            yield from _members(each)


def _is_hidden(each: pdoc.doc.Doc) -> bool:
    """What a class has from Python or plotly, and what nobody is to call."""
    inherited = "." in each.qualname and each.taken_from[0].partition(".")[0] != PACKAGE
    return inherited or each.fullname in NOT_CALLED


def _comment(each: pdoc.doc.Doc) -> str:
    """The lines after ``#:`` over a variable, which is how the package documents one."""
    if each.kind != "variable":
        return ""
    assigned = re.compile(rf"((?:^ *#:.*\n)+) *{re.escape(each.name)}\b *[:=]", re.MULTILINE)
    home = each.modulename
    for name in [home, *(name for name in sys.modules if name.startswith(f"{home}."))]:
        if found := assigned.search(inspect.getsource(sys.modules[name])):
            return re.sub(r"^ *#: ?", "", found[1], flags=re.MULTILINE)
    return ""
