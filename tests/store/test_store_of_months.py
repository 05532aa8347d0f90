"""A data set that grows is what reading all of its files at once gives, however they came, and whatever was killed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import cpticd as cx
from cpticd.cli import main
from cpticd.core.errors import ArgumentError, InputError
from cpticd.loaders.growing import journal, parsed
from cpticd.loaders.growing.journal import File
from tests.amount import first
from tests.conftest import ROOT
from tests.store.months import differences, tables, x12_files

_HEADING = "Claim #,CPT,Dx1,Charges,Status,Member ID,DOS\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two months of a flat export."""
    place = tmp_path / "inbox"
    place.mkdir()
    (place / "january.csv").write_text(f"{_HEADING}A1,99213,I10,80,Denied,P1,2025-01-03\n")
    (place / "february.csv").write_text(f"{_HEADING}A2,99214,E119,90,Paid,P2,2025-02-03\n")
    return place


def counts(changed: object) -> dict[str, int]:
    rows = changed[["change", "n"]].values.tolist()  # type: ignore[index]
    return {change: n for change, n in rows if n}


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 12))]
)
def test_any_split_in_any_order_gives_what_reading_all_at_once_gives(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    files = x12_files(tmp_path / "inbox", persons=6, seed=seed, pieces=3)
    expected = tables(cx.read(*sorted(files), progress=False))
    store = cx.store(tmp_path / "book")
    draw.shuffle(files)
    out = draw.choice(files)
    while files:
        store.add(files[: (n := draw.randint(2, 5))], progress=False)
        files = files[n:]
    store.remove(out, progress=False)
    store.add(tmp_path / "inbox" / out.name, progress=False)
    assert differences(store.claims(), expected) == []


@pytest.mark.parametrize("count", [1, pytest.param(20, marks=pytest.mark.thorough)])
def test_a_kill_at_any_step_leaves_what_the_next_addition_completes(count: int) -> None:
    pytest.importorskip("fcntl", reason="processes are forked")
    command = [sys.executable, "-m", "tests.store.kills", str(count)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_changed_is_counted(tmp_path: Path, inbox: Path) -> None:
    store = cx.store(tmp_path / "book")
    first = store.add(inbox / "january.csv", progress=False)
    assert counts(first) == {"files read": 1, "new services": 1}
    (inbox / "march.csv").write_text(f"{_HEADING}A3,99215,I10,120,Denied,P1,2025-03-03\n,,,,,,\nA4,x\n")
    changed = store.add(inbox, progress=False)
    assert counts(changed)["files read"] == 2
    assert counts(changed)["files read before"] == 1
    assert changed.set_index("change").loc["new services", "charge_amount"] == 90 + 120
    assert cx.contract(changed)["measure"] == "changes of a growing data set"
    assert set(store.rejects()["load"].dropna()) == {1, 2}
    loads = store.accounting().groupby("load")["read"].sum()
    assert loads.index.tolist() == [1, 2]


def test_a_file_is_known_by_its_content(tmp_path: Path, inbox: Path) -> None:
    store = cx.store(tmp_path / "book")
    store.add(inbox, progress=False)
    (tmp_path / "copy.csv").write_bytes((inbox / "january.csv").read_bytes())
    assert counts(store.add(tmp_path / "copy.csv", progress=False)) == {"files read before": 1}
    (inbox / "january.csv").write_text(f"{_HEADING}A9,99215,I10,95,Paid,P9,2025-01-03\n")
    with pytest.warns(UserWarning, match=r"january\.csv changed since it was read, and was not read again"):
        changed = store.add(inbox, progress=False)
    assert counts(changed) == {
        "files read before": 1,
        "files changed since they were read: not read again": 1,
    }
    assert store.claims().table("claims")["claim_id"].tolist() == ["A1", "A2"]
    assert store.files()["state"].tolist() == ["as it was read", "changed since it was read"]
    store.remove(inbox / "january.csv", progress=False)
    store.add(inbox, progress=False)
    assert store.claims().table("claims")["claim_id"].tolist() == ["A2", "A9"]


def test_files_and_loads_are_taken_out_again(tmp_path: Path, inbox: Path) -> None:
    store = cx.store(tmp_path / "book")
    store.add(inbox / "january.csv", progress=False)
    store.add(inbox / "february.csv", progress=False)
    (inbox / "january.csv").unlink()
    assert store.files()["state"].tolist() == ["no longer there", "as it was read"]
    anew = {"all was read anew: files are of other kinds than X12": 1}
    assert counts(store.remove(2, progress=False)) == {"files taken out": 1, "services gone": 1} | anew
    assert store.claims().table("claims")["claim_id"].tolist() == ["A1"]
    with pytest.raises(ArgumentError, match=r"no file or load 'march.csv'"):
        store.remove("march.csv")
    store.remove("january.csv", progress=False)
    with pytest.raises(InputError, match="nothing was added yet"):
        store.claims()


def test_what_cannot_be_read_is_named_and_changes_nothing(tmp_path: Path, inbox: Path) -> None:
    store = cx.store(tmp_path / "book")
    (inbox / "scan.pdf").write_bytes(b"%PDF-1.4 no claims")
    with pytest.raises(InputError, match=r"scan\.pdf"):
        store.add(inbox / "scan.pdf", progress=False)
    assert store.files().empty
    with pytest.warns(UserWarning, match=r"scan\.pdf"):
        changed = store.add(inbox, progress=False)
    assert counts(changed)["files that cannot be read"] == 1
    (inbox / "scan.pdf").write_text(f"{_HEADING}A3,99215,I10,95,Paid,P9,2025-01-03\n")
    assert counts(store.add(inbox, progress=False))["files read"] == 1


def test_one_process_writes_and_others_read(tmp_path: Path, inbox: Path) -> None:
    store = cx.store(tmp_path / "book")
    store.add(inbox / "january.csv", progress=False)
    before = store.claims()
    with journal.writing(store.folder), pytest.raises(InputError, match="another process adds to it"):
        store.add(inbox, progress=False)
    store.add(inbox, progress=False)
    assert (len(before.table("claims")), len(store.claims().table("claims"))) == (1, 2)


def test_an_interruption_leaves_the_store_as_it_was(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cx.store(tmp_path / "book")
    store.add(inbox / "january.csv", progress=False)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cx.Claims, "save", interrupted)  # the last step before the new state is in force
        store.add(inbox, progress=False)
    assert store.claims().table("claims")["claim_id"].tolist() == ["A1"]
    assert counts(store.add(inbox, progress=False))["files read"] == 1
    assert sorted(path.name for path in (store.folder / "files").iterdir()) == ["0001", "0002"]


def test_options_are_kept(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("Claim #,CPT,Dx1,Charges,Plan of mine\nA1,99213,I10,80,Blue\n")
    store = cx.store(tmp_path / "book", rename={"Plan of mine": "payer"})
    store.add(tmp_path / "odd.csv", progress=False)
    assert cx.store(tmp_path / "book").claims().table("claims")["payer"].tolist() == ["Blue"]
    with pytest.raises(ArgumentError, match="make another store"):
        cx.store(tmp_path / "book", rename={"Plan of mine": "payer_id"})
    with pytest.raises(ArgumentError, match="no option"):
        cx.store(tmp_path / "book", colour="red")


def test_other_folders_and_openers_say_what_to_do(tmp_path: Path, inbox: Path) -> None:
    with pytest.raises(InputError, match="holds something else"):
        cx.store(inbox)
    store = cx.store(tmp_path / "book")
    store.add(inbox, progress=False)
    with pytest.raises(InputError, match=r"a store, which grows; open it with cpticd\.store"):
        cx.open(tmp_path / "book")
    with pytest.raises(InputError, match=r"book: a store, which grows"):
        cx.read(tmp_path / "book", progress=False)


def test_the_command_line_adds(tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = str(tmp_path / "book")
    assert main(["add", book, str(inbox / "january.csv")]) == 0
    assert "new services" in capsys.readouterr().out
    assert main(["add", "--quiet", book, str(inbox)]) == 0
    assert capsys.readouterr().out.split() == [book]
    assert main(["add", book, str(inbox / "none.csv")]) == 1
    assert "none.csv" in capsys.readouterr().err


@pytest.mark.parametrize("lost", first(1, ["procedure_families.parquet", "state.json"]))
def test_a_state_that_lost_a_file_is_refused_and_made_anew(tmp_path: Path, lost: str) -> None:
    files = sorted(x12_files(tmp_path / "inbox", persons=6, seed=1, pieces=3))
    expected = tables(cx.read(*files, progress=False))
    store = cx.store(tmp_path / "book")
    store.add(files[:-2], progress=False)
    store.add(files[-2], progress=False)
    (file,) = (tmp_path / "book" / "sets").glob(f"*/{lost}")
    file.write_text("{") if lost.endswith("json") else file.unlink()
    with pytest.raises(InputError, match=lost.partition(".")[0]):
        store.claims()
    with pytest.warns(UserWarning, match="made anew"):
        store.add(files[-1], progress=False)
    assert differences(store.claims(), expected) == []


def test_what_is_named_twice_is_taken_out_once_and_a_file_that_cannot_be_read_may_stay(
    tmp_path: Path, inbox: Path
) -> None:
    (inbox / "broken.csv").write_bytes(bytes(range(256)) * 8)
    store = cx.store(tmp_path / "book")
    with pytest.warns(UserWarning, match=r"skipped 1 files: broken\.csv"):
        store.add(inbox, progress=False)
    with pytest.warns(UserWarning, match=r"skipped 1 files: broken\.csv"):
        changed = counts(store.remove(inbox / "january.csv", inbox / "january.csv", progress=False))
    assert changed["files taken out"] == 1
    store.remove(inbox / "february.csv", progress=False)
    assert store.files()["file"].tolist() == ["broken.csv"]


def test_a_file_that_cannot_be_joined_is_known_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(x12_files(tmp_path / "inbox", persons=2, seed=3, pieces=1))
    damaged = tmp_path / "damaged.837"
    damaged.write_bytes(files[0].read_bytes()[:60])
    store = cx.store(tmp_path / "book")
    with pytest.warns(UserWarning, match="damaged.837"):
        store.add(files[0], damaged, progress=False)
    read, parse = [], parsed.parse

    def counted(given: dict[Path, File], folder: Path, *, progress: bool) -> None:
        read.extend(each.name for each in given.values())
        parse(given, folder, progress=progress)

    monkeypatch.setattr(parsed, "parse", counted)
    with pytest.warns(UserWarning, match="damaged.837"):
        changed = store.add(files[1], progress=False)
    assert damaged.name not in read
    (why,) = [change for change in changed["change"] if change.startswith("all was read anew: ")]
    assert changed.set_index("change").loc[why, "n"] == 3
    assert why in repr(store)
