"""Builds the project's site from what is there: README, notebooks, measures, API, contributing, changelog, security.

    python .site/build.py                  # into .site/html, which git ignores
    python .site/build.py --folder FOLDER

Notebooks are shown as they were saved; only measures are run, on a few synthetic claims, for what their results say of
themselves. The pages ask no other host for anything: open index.html from the folder, or serve the folder as it is.
"""

from __future__ import annotations

import argparse
import html
import json
import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))  # the package of this checkout

import api_pages  # noqa: E402
import markdown_pages  # noqa: E402
import measure_page  # noqa: E402
import notebook_pages  # noqa: E402
import pdoc.render  # noqa: E402
import plotly.io  # noqa: E402
import plotly.offline  # noqa: E402
from pygments.formatters import HtmlFormatter  # noqa: E402

import cpticd  # noqa: E402
from cpticd.charts import theme  # noqa: E402

#: Files of the repository that are pages, and the pages.
TEXTS = {
    "README.md": "index.html",
    "CONTRIBUTING.md": "contributing.html",
    "CHANGELOG.md": "changelog.html",
    "SECURITY.md": "security.html",
}
SECTIONS = [
    ("Start", "index.html"),
    ("Notebooks", "notebooks/index.html"),
    ("Measures", "measures.html"),
    ("API", "api/cpticd.html"),
    ("Contributing", "contributing.html"),
    ("Changelog", "changelog.html"),
    ("Security", "security.html"),
]
_LINK = re.compile(r'\b(href|src)="([^"#]+)(#[^"]*)?"')


class Site:
    """A folder that pages are written into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        styles = [HtmlFormatter(style=style) for style in ("default", "github-dark")]
        light, dark = (style.get_style_defs([".pdoc-code", ".pdoc .highlight"]) for style in styles)
        pdoc.render.configure(docformat="markdown", show_source=False, template_directory=HERE / "templates")
        self._env = pdoc.render.env
        self._env.globals |= {
            "version": cpticd.__version__,
            "sections": SECTIONS,
            "code_css": f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}",
        }

    def write(self, target: str, text: str) -> None:
        path = self.folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def page(self, target: str, title: str, body: str, *, source: str = "", **nav: Any) -> None:
        """One page; relative links of the body are those of ``source``, a file of the repository."""
        if source:
            body = self._relinked(body, source, target)
        # What is wider than the page is scrolled by keyboard too.
        body = re.sub(r"<(pre|table)\b", r'<\1 tabindex="0"', body)
        section = "notebooks/index.html" if target.startswith("notebooks/") else target
        page = self._env.get_template("page.html.jinja2")
        root = "../" * target.count("/")
        values = {"title": title, "body": body, "root": root, "section": section, "here": target, **nav}
        self.write(target, page.render(values))

    def part(self, template: str, **values: Any) -> str:
        return self._env.get_template(template).render(**values)

    def _relinked(self, body: str, source: str, target: str) -> str:
        """Links to files of the repository as links to their pages; pictures and data are copied."""

        def link(found: re.Match[str]) -> str:
            attribute, url, fragment = found[1], html.unescape(found[2]), found[3] or ""
            if re.match(r"[a-z]+:", url):
                return found[0]
            file = posixpath.normpath(posixpath.join(posixpath.dirname(source), url))
            page = TEXTS.get(file) or (f"{file[:-6]}.html" if file.endswith(".ipynb") else file)
            if page == file:
                self._copy(file, source)
            return f'{attribute}="{html.escape(posixpath.relpath(page, posixpath.dirname(target) or "."))}{fragment}"'

        return _LINK.sub(link, body)

    def _copy(self, file: str, source: str) -> None:
        if not re.search(r"\.(png|svg|jpe?g|gif|csv)$", file) or not (ROOT / file).is_file():
            sys.exit(f"{source}: links to {file}, which is no page of the site, no picture and no data")
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, self.folder / file)


def build(folder: Path, *, contracts: bool = True) -> None:
    """Write the whole site into ``folder``; without ``contracts`` no measure is run for what its result says."""
    site = Site(folder)
    texts(site)
    notebooks(site)
    measures(site, contracts=contracts)
    api_pages.write(folder / "api")
    assets(site)


def texts(site: Site) -> None:
    for source, target in TEXTS.items():
        text = markdown_pages.read((ROOT / source).read_text(encoding="utf-8"))
        contents = [(words, f"{target}#{anchor}") for words, anchor in text.headings]
        nav = {"contents": contents, "contents_title": "On this page"}
        site.page(target, text.title, text.body, source=source, **nav)


def notebooks(site: Site) -> None:
    found = [notebook_pages.read(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    contents = [(each.label, f"notebooks/{each.name}.html") for each in found]
    drawn = {path.stem for path in (ROOT / "notebooks" / "images").glob("*.png")}
    cards = [(each, f"images/{each.name}.png" if each.name in drawn else "") for each in found]
    body = site.part("notebooks.html.jinja2", cards=cards)
    nav = {"contents": contents, "contents_title": "Notebooks"}
    site.page("notebooks/index.html", "Notebooks", body, source="notebooks/index.ipynb", **nav)
    for each in found:
        target = f"notebooks/{each.name}.html"
        site.page(target, each.title, each.body, source=f"notebooks/{each.name}.ipynb", **nav)


def measures(site: Site, *, contracts: bool) -> None:
    entries, dimensions = measure_page.read(contracts=contracts)
    body = site.part("measures.html.jinja2", entries=entries, dimensions=dimensions)
    contents = [(each.name, f"measures.html#{each.name}") for each in entries]
    contents.append(("Dimensions", "measures.html#dimensions"))
    site.page("measures.html", "Measures", body, contents=contents, contents_title="Measures")


def assets(site: Site) -> None:
    """plotly.js, and what draws the charts with it."""
    dark = plotly.io.templates[theme.template_name("dark")].layout.to_plotly_json()
    script = (HERE / "charts.js").read_text(encoding="utf-8")
    site.write("assets/charts.js", f"const DARK_LAYOUT = {json.dumps(dark)};\n{script}")
    site.write("assets/plotly.min.js", plotly.offline.get_plotlyjs())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=HERE / "html", help="where to; .site/html by default")
    parser.add_argument("--no-contracts", action="store_true", help="leave out what results say; faster")
    options = parser.parse_args()
    folder: Path = options.folder
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "assets" / "charts.js").is_file():
            sys.exit(f"{folder} holds files that are no site of this project; give an empty folder")
        shutil.rmtree(folder)
    build(folder, contracts=not options.no_contracts)
    print(f"{len([*folder.rglob('*.html')])} pages; open {folder / 'index.html'}")


if __name__ == "__main__":
    main()
