"""The project's site: built by one command, every link leads somewhere, and nothing is asked of another host."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from tests.browser.chromium import running
from tests.conftest import ROOT

pytest.importorskip("pdoc", reason="the extra docs is not installed")

#: What makes a browser load something, by tag; a link that a reader follows does not.
LOADS = {"src", "srcset", "data", "poster", "background", "action", "xlink:href"}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
CHART = "application/vnd.plotly.v1+json"


class Page(HTMLParser):
    """Ids of a page, links that a reader follows, and what a browser loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.classes: list[str] = []
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        self.classes += given.get("class", "").split()
        self._in_style = tag == "style"
        self._styled(given.get("style", ""))
        self.loaded += [value for name, value in given.items() if name in LOADS]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "href" in given:
            self.loaded.append(given["href"])
        if given.get("http-equiv", "").lower() == "refresh":
            self.loaded.append(given.get("content", "").partition("url=")[2])

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._styled(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def _styled(self, text: str) -> None:
        self.loaded += re.findall(r"""url\(\s*['"]?([^'")]+)""", text)
        self.loaded += re.findall(r"""@import\s+['"]([^'"]+)""", text)


def faults(folder: Path) -> Iterator[str]:
    """Every link of the pages in a folder that leads nowhere, and everything that is loaded from elsewhere."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        for url in page.loaded:
            if re.match(r"(?!data:)[a-z][a-z+.-]*:|//", url, re.IGNORECASE):
                yield f"{name} loads {url}"
        for url in page.links + page.loaded:
            if re.match(r"(https|data):", url):
                continue
            file, _, fragment = url.partition("#")
            target = (path.parent / unquote(file.partition("?")[0])).resolve() if file else path
            if file.startswith("/") or not target.is_file():
                yield f"{name} links to {url}: no such file"
            elif fragment and target in pages and not {fragment, unquote(fragment)} & pages[target].ids:
                yield f"{name} links to {url}: no such place"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, ROOT / ".site" / "build.py", "--folder", folder, "--no-contracts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "open" in done.stdout
    return folder


def page(site: Path, name: str) -> Page:
    return Page((site / name).read_text(encoding="utf-8"))


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Modules of the site's builder, by name."""
    monkeypatch.syspath_prepend(ROOT / ".site")
    return importlib.import_module


def test_every_link_of_the_site_leads_somewhere_and_nothing_is_loaded_from_another_host(site: Path) -> None:
    assert not [*faults(site)]


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<a href="there.html#here">', []),
        ('<a href="https://www.cms.gov/">', []),
        ('<img src="data:image/png;base64,AA">', []),
        ('<a href="#gone">', ["index.html links to #gone: no such place"]),
        ('<a href="there.html#gone">', ["index.html links to there.html#gone: no such place"]),
        ('<a href="gone.html">', ["index.html links to gone.html: no such file"]),
        ('<a href="/there.html">', ["index.html links to /there.html: no such file"]),
        ('<img src="gone.png">', ["index.html links to gone.png: no such file"]),
        ('<script src="https://cdn.test/a.js"></script>', ["index.html loads https://cdn.test/a.js"]),
        (
            '<link href="https://cdn.test/a.css" rel="stylesheet">',
            ["index.html loads https://cdn.test/a.css"],
        ),
        ("<style>p {background: url('https://cdn.test/a')}</style>", ["index.html loads https://cdn.test/a"]),
    ],
)
def test_what_leads_nowhere_or_is_loaded_from_another_host_is_found(
    tmp_path: Path, markup: str, found: list[str]
) -> None:
    (tmp_path / "there.html").write_text('<p id="here">')
    (tmp_path / "index.html").write_text(markup)
    assert [*faults(tmp_path)] == found


@pytest.mark.parametrize("name", TEXTS)
def test_links_of_the_projects_papers_lead_somewhere(name: str) -> None:
    """In the repository, where hosts show them: files as they lie, headings by their words."""
    text = (ROOT / name).read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:href|src)="([^"]+)"', prose)
    for link in links:
        if link.startswith("https://"):
            continue
        file, _, place = link.partition("#")
        target = ROOT / (file or name)
        assert target.is_file(), f"{name}: {link}"
        if place:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert place in anchors, f"{name}: {link}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_page_with_its_charts(site: Path, path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    forms = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    charts = [form for form in forms if CHART in form]
    shown = page(site, f"notebooks/{path.stem}.html")
    assert shown.classes.count("chart") == len(charts)
    assert shown.classes.count("numbers") == len([form for form in charts if "text/html" in form])
    assert ("../assets/plotly.min.js" in shown.loaded) == bool(charts)


def test_the_reference_has_public_names_and_no_others(site: Path) -> None:
    """Also those that are loaded when first used."""
    package = importlib.import_module("cpticd")
    rooms = [name for name in package.__all__ if isinstance(getattr(package, name), ModuleType)]
    for name in ["cpticd", *(f"cpticd/{room}" for room in rooms)]:
        public = {*importlib.import_module(name.replace("/", ".")).__all__}
        ids = page(site, f"api/{name}.html").ids
        # A long value has a button of its own.
        shown = {each.partition(".")[0] for each in ids if not each.endswith("-view-value")}
        modules = {each for each in public if (site / f"api/{name}/{each}.html").is_file()}
        assert shown - {"navtoggle", "togglestate"} == public - modules, name
    assert len(rooms) > 10
    assert "measure(" not in (site / "api/cpticd/denials.html").read_text(encoding="utf-8")


def test_a_docstring_reads_as_it_was_meant(part: Callable[[str], ModuleType]) -> None:
    text = """One row per payer: n*, rate < 1, see :func:`cpticd.rates`.

    import cpticd as cx

Parameters
----------
by: dimensions, as in ``x * y``; a line
    goes on.
low, high: of the interval.

>>> 1 + 1
2

The end."""
    assert (
        re.sub(r"\n{2,}", "\n\n", part("docstrings").markdown(text))
        == """One row per payer: n\\*, rate &lt; 1, see `cpticd.rates`.

```python
import cpticd as cx
```

**Parameters**

* `by`: dimensions, as in ``x * y``; a line
    goes on.
* `low`, `high`: of the interval.

```pycon
>>> 1 + 1
2
```

The end."""
    )


def test_anchors_of_headings_are_those_of_repository_hosts(part: Callable[[str], ModuleType]) -> None:
    text = part("markdown_pages").read("# A title\n\n## How to add …\n\n## `x` & y\n\n## How to add …\n")
    assert text.title == "A title"
    assert [anchor for _, anchor in text.headings] == ["how-to-add-", "x--y", "how-to-add--1"]


def test_the_page_of_measures_states_what_a_result_says(part: Callable[[str], ModuleType]) -> None:
    page = part("measure_page")
    importlib.import_module("cpticd.denials")  # a room declares its measures when it is loaded
    measures = {each.name: each for each in page.declared.measures("denials")}
    claims = importlib.import_module("cpticd").simulate(persons=20, seed=1).claims
    entry = page.entry(measures["denials.rates"], page.Results(claims).terms("denials.rates"))
    facts = dict(entry.facts)
    assert entry.grain.startswith("One row per group")
    assert facts["Denominator"] == "service lines adjudicated"
    assert facts["Leaves a session"] == "as counts; cells of fewer than eleven persons are suppressed"
    assert (entry.chart, entry.groups) == ("rates", True)


def test_the_page_of_measures_has_every_public_one(site: Path) -> None:
    package = importlib.import_module("cpticd")
    rooms = {
        name: getattr(package, name) for name in package.__all__
    }  # a room declares its measures when it is loaded
    declared = {each.name for each in importlib.import_module("cpticd.core.measure").measures()}
    public = {name for name in declared if name.split(".")[1] in rooms[name.split(".")[0]].__all__}
    assert len(public) > 5
    assert {name for name in page(site, "measures.html").ids if name in declared} == public


@pytest.mark.browser
def test_charts_are_drawn_without_a_network_or_a_button_that_uploads(site: Path) -> None:
    asked, wrong = [], []
    with running() as browser:
        for scheme, background in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 25, 29)")):
            shown = browser.new_page(color_scheme=scheme)
            shown.on("request", lambda request: asked.append(request.url))
            shown.on("pageerror", lambda error: wrong.append(str(error)))
            shown.goto((site / "notebooks" / "01_explore_claims.html").as_uri())
            shown.locator(".chart").first.scroll_into_view_if_needed()
            shown.wait_for_selector(".chart .main-svg")
            assert shown.locator(".chart .modebar-btn").count() > 3
            assert not shown.locator(".chart [data-title*='hare'], .chart [data-title*='loud']").count()
            drawn = shown.locator(".chart .main-svg").first
            assert drawn.evaluate("it => getComputedStyle(it).backgroundColor") == background
    assert not wrong
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def test_how_to_cite_names_the_version_and_what_a_citation_needs() -> None:
    yaml = pytest.importorskip("yaml")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= {*cited}
    assert cited["cff-version"] == "1.2.0"
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert [author["name"] for author in cited["authors"]] == [
        author["name"] for author in project["authors"]
    ]


def test_the_security_policy_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert f"| {version}" in policy


def test_new_names_of_the_changelog_exist() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    table = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|$", changelog, re.MULTILINE)
    names = {name for cell in table for name in re.findall(r"`([a-z]+\.[a-z0-9_.]*[a-z0-9_])", cell)}
    assert len(names) > 25
    assert not {name for name in names if not exists(name)}
    assert not exists("denials.payment_delay")


def exists(name: str) -> bool:
    """Whether there is a module, or a name in one, as the changelog writes it: cx.…, cpticd.…, claims.… or room.…"""
    path = re.sub(r"^(cx|cpticd)\.", "", name)
    home, _, last = f"cpticd.{path}".rpartition(".")
    if home == "cpticd.claims":
        return hasattr(importlib.import_module("cpticd").Claims, last)
    if hasattr(importlib.import_module(home), last):
        return True
    return importlib.util.find_spec(f"{home}.{last}") is not None
