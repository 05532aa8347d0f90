"""Spark as a data engineer has it: a master and two workers that are processes of their own, and the notebook's code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from tests.conftest import ROOT
from tests.test_persons import assert_same

#: A sample of analyses, of every package, in the order in which rows come back.
CALLS: dict[str, Callable[[cx.Claims], pd.DataFrame]] = {
    "rates": lambda claims: cx.denials.rates(claims, by=["payer", "place"]),
    "by_pair": lambda claims: cx.denials.by_pair(claims, by="payer", min_lines=3),
    "share": lambda claims: cx.specificity.share(claims, by="payer"),
    "conditions": lambda claims: cx.risk.conditions(claims, year=2025),
    "causes": lambda claims: cx.denials.causes(claims, by="payer"),
}


@pytest.mark.every_engine
def test_the_notebooks_code_for_data_engineers_runs(spark_session: Any, tmp_path: Path) -> None:
    cells = json.loads((ROOT / "notebooks" / "09_one_machine_or_many.ipynb").read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    [code] = [text.split("```python\n")[1].split("```")[0] for text in texts if "```python" in text]
    claims = cx.simulate(persons=60, seed=4).claims
    place = claims.save(tmp_path / "claims").as_uri()
    spark_session.sql("DROP TABLE IF EXISTS default.coding_findings")
    names: dict[str, Any] = {}
    try:
        exec(code.replace("s3a://bucket/claims", place), names)
        plain = cx.rules.check(claims, ["pointers", "laterality"], quiet=True)
        assert names["written"].rows == len(plain)
        assert_same(spark_session.table("default.coding_findings").toPandas(), plain)
        assert dict(names["worst"].collect()) == plain["rule"].value_counts().to_dict()
        assert len(names["pairs"])
        assert len(names["rates"]) == claims.table("claims")["payer"].nunique()
    finally:
        spark_session.sql("DROP TABLE IF EXISTS default.coding_findings")


#: Run in a process of its own: this one has a session of its own, and Spark has one a process.
ON_CLUSTER = """
import sys
import cpticd as cx
from pyspark.sql import SparkSession
from tests.conftest import SPARK
from tests.test_spark_cluster import CALLS
master, folder, out = sys.argv[1:]
builder = SparkSession.builder.master(master)
for name, value in SPARK.items():
    builder = builder.config(name, value)
own = {"spark.sql.shuffle.partitions": "2", "spark.executor.memory": "1g", "spark.driver.host": "127.0.0.1",
       "spark.driver.bindAddress": "127.0.0.1", "spark.sql.warehouse.dir": out + "/warehouse"}
for name, value in own.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
print("executors", executors)
claims = cx.open(folder, engine="spark", session=spark)
for name, call in CALLS.items():
    call(claims).to_pickle(f"{out}/{name}.pickle")
print(cx.risk.conditions(claims, year=2025, lazy=True).to_table("written"))
spark.table("written").toPandas().to_pickle(f"{out}/written.pickle")
spark.stop()
"""


def spark_class(log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of Spark's own, which ends with this test."""
    import pyspark

    home = Path(pyspark.__file__).parent
    own = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_NO_DAEMONIZE": "1"}
    own |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *arguments],
            stdout=out,
            stderr=out,
            env=os.environ | own,
            cwd=log.parent,
        )


def found_in(log: Path, word: str, process: subprocess.Popen[bytes]) -> str:
    """The first line of a log with this word, waited for."""
    import time

    for _ in range(600):
        lines = [line for line in log.read_text(errors="replace").splitlines() if word in line]
        if lines:
            return lines[0]
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        time.sleep(0.2)
    raise AssertionError(f"no {word!r} in {log.name}: {log.read_text(errors='replace')[-2000:]}")


@pytest.mark.every_engine
def test_a_master_and_two_workers_give_what_one_machine_gives(spark_session: Any, tmp_path: Path) -> None:
    """``spark_session`` is asked for where Spark is not installed: the test is skipped then."""
    claims = cx.simulate(persons=30, seed=4).claims
    folder = claims.save(tmp_path / "claims")
    log, host = tmp_path / "master.log", ("--host", "127.0.0.1")
    started = [
        spark_class(log, "org.apache.spark.deploy.master.Master", *host, "--port", "0", "--webui-port", "0")
    ]
    try:
        line = found_in(log, "Starting Spark master at", started[0])
        master = line.split("Starting Spark master at ")[1].split()[0]
        for number in (1, 2):
            work = (
                "--cores",
                "1",
                "--memory",
                "1g",
                "--webui-port",
                "0",
                "--work-dir",
                str(tmp_path / f"work{number}"),
            )
            started.append(
                spark_class(
                    tmp_path / f"worker{number}.log",
                    "org.apache.spark.deploy.worker.Worker",
                    *host,
                    *work,
                    master,
                )
            )
        for number in (1, 2):
            found_in(tmp_path / f"worker{number}.log", "Successfully registered", started[number])
        (tmp_path / "on_cluster.py").write_text(ON_CLUSTER)
        own = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        run = subprocess.run(
            [sys.executable, "on_cluster.py", master, str(folder), str(tmp_path)],
            cwd=tmp_path, env=os.environ | own, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr[-3000:]
        assert "executors 2" in run.stdout, run.stdout
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)
    for name, call in CALLS.items():
        plain = call(claims)
        assert len(plain), name
        there = pd.read_pickle(tmp_path / f"{name}.pickle")
        pd.testing.assert_frame_equal(there, plain, check_dtype=False, rtol=1e-9, atol=1e-9, obj=name)
    assert_same(pd.read_pickle(tmp_path / "written.pickle"), cx.risk.conditions(claims, year=2025))
