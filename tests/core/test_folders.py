"""Temporary folders: gone with their owner, or with the next start; a living owner's stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cpticd.core import folders

pytest.importorskip("fcntl", reason="without locks nothing tells whether an owner lives")

_OWNER = "from cpticd.core.folders import Folder; made = Folder(); print(made.path, flush=True); input()"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary folders of this process and of those that it starts lie here."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed_and_nothing_else(here: Path) -> None:
    (here / "cpticd-notes").mkdir()
    (here / "cpticd-notes" / "mine.txt").write_text("a folder that somebody else made")
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        path = Path(owner.stdout.readline().strip())
        (path / "claims.arrow").write_text("claims")
        with folders.temporary() as own:
            assert folders.sweep() == []
            assert own.is_dir()
        assert not own.exists()
        owner.kill()
        owner.wait()
        assert folders.sweep() == [path]
    assert [each.name for each in here.iterdir()] == ["cpticd-notes"]


def test_a_forked_child_leaves_the_folder_to_its_parent(here: Path) -> None:
    with folders.temporary() as own:
        child = os.fork()
        if not child:
            folders._remove(own, None, os.getppid())
            os._exit(0)
        os.waitpid(child, 0)
        assert own.is_dir()


def test_a_worker_ends_when_its_parent_is_gone() -> None:
    """Though its standard input stays open: it is told a parent that is not its own."""
    command = [sys.executable, "-m", "cpticd.loaders.x12.workers", str(os.getppid())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.wait(timeout=60) == 1
