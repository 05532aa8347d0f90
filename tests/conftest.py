"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

# Processes that tests start keep what they compile, as those of users do; to compile the package takes a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Before numpy is imported, here and in every process that a test starts: on matrices of a few dozen rows a second
# thread of linear algebra does nothing but wait, which costs as much as the work.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import cpticd as cx  # noqa: E402
from cpticd.claims import Claims  # noqa: E402
from tests.browser.chromium import CHROMIUM  # noqa: E402
from tests.spec import SPEC, claims_of  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]


#: Tests ask what a query says, of a few dozen rows: Spark plans it as anywhere, but spends nothing on speed that
#: it cannot win back. Java code made for each query, a compiler that optimises and plans made anew while they run
#: are meant for large data, and cost these tests more than all the rest.
SPARK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
#: Files that ask about the same 20,000 beneficiaries of each model: to draw them takes longer than to score them.
SAMPLED = {f"tests/risk/test_{name}.py" for name in ("invariants", "oracle", "parity", "peers")}

#: Folders whose tests share what takes long to make: servers, pages, simulated persons.
SHARED = ("tests/browser", "tests/explore", "tests/simulation")

#: Tests on Spark of one folder that the default run has, if not one; ``-m every_engine`` runs the others. The ledger
#: is derived there for every other folder.
SPARK_TESTS: Final = {"tests/ledger": 0}

#: The host in which the default run opens an explorer's page; ``-m every_page`` opens it in the other one too, and runs
#: its notebook without a page.
PAGES: Final = {
    "tests/browser/test_explorers_in_lab.py": ("denials",),
    "tests/browser/test_explorers_in_voila.py": ("risk", "rules", "two_ledgers", "worklist"),
}
#: The explorers of these.
PAGED: Final = {explorer for held in PAGES.values() for explorer in held}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests on Spark beyond the first of each folder: what one of them finds, the others find too, at a price."""
    kept: dict[str, int] = {}
    for item in sorted(items, key=lambda each: each.nodeid):
        if "[spark" in item.nodeid or "spark]" in item.nodeid or "-spark-" in item.nodeid:
            folder = item.nodeid.rpartition("/")[0]
            kept[folder] = kept.get(folder, 0) + 1
            if kept[folder] > SPARK_TESTS.get(folder, 1):
                item.add_marker(pytest.mark.every_engine)
        file, _, test = item.nodeid.rstrip("]").partition("::")
        asked = {*test.rpartition("[")[2].split("-")}
        elsewhere = file in PAGES and asked & PAGED and not asked & {*PAGES[file]}
        if elsewhere or (CHROMIUM and file.startswith("notebooks/explore_")):
            item.add_marker(pytest.mark.every_page)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage need not walk through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n`` a file's tests stay in one process, where its fixtures are made once; so do all that need Spark.

    The beneficiaries of risk adjustment are drawn once, too, and what a folder shares is made once.
    (``--dist loadgroup`` would do it by marks, but not with every pytest.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            if "[spark" in nodeid or "spark]" in nodeid:
                return "spark"
            if file in SAMPLED:
                return "risk sample"
            return next((folder for folder in SHARED if file.startswith(f"{folder}/")), file)

    # In the order of the files: the browser's tests, which are few and long, begin at once, and notebooks end the run.
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests measured (``record_property("measured", …)``), which would else be shown of failed tests alone."""
    reports = [report for several in terminalreporter.stats.values() for report in several]
    told = [
        text
        for report in reports
        for name, text in getattr(report, "user_properties", ())
        if name == "measured"
    ]
    if told:
        terminalreporter.section("measured in the browser")
        for text in dict.fromkeys(told):
            terminalreporter.write_line(text)


def find_shared_data() -> Path:
    """Public claims samples beside the checkout; the calling test is skipped where they are absent."""
    folder = Path(os.environ.get("CPTICD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"public sample data not found at {folder}; set CPTICD_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public sample data (x12/, desynpuf_2008/, …), or skip."""
    return find_shared_data()


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """One local Spark session for the whole run, or skip where Spark or Java is not there."""
    pytest.importorskip("pyspark", reason="the extra 'spark' is not installed")
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        pytest.skip("Spark needs a Java runtime")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]")
    for name, value in SPARK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session", params=["duckdb", "spark"])
def spec(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    """The claims of ``tests/spec.py`` on each engine, every view derived by it."""
    claims = claims_of(**SPEC)
    if request.param == "duckdb":
        return claims
    folder = claims.save(tmp_path_factory.mktemp("spec") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session")).with_references()
