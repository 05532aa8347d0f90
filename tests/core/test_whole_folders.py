"""A folder is replaced whole or not at all, at whatever step its writer dies, and nobody else's file is lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.whole_folders import Kind, recover, whole

pytest.importorskip("fcntl", reason="without locks nothing tells whether an owner lives")

#: A folder lists its own files in ``mark``.
KIND = Kind(
    "mark", lambda folder: (folder / "mark").read_text().split() if (folder / "mark").exists() else ["mark"]
)


def write(target: Path, text: str, *names: str) -> None:
    with whole(target, KIND) as working:
        for name in names:
            (working / name).write_text(text)
        (working / "mark").write_text(" ".join((*names, "mark")))


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.name != "mark"}


def die_at(step: int, target: Path) -> bool:
    """Whether a process that replaces the folder died before its nth change of names; all of its steps lie before."""
    child = os.fork()
    if not child:
        seen = 0

        def watch(event: str, _: object) -> None:
            nonlocal seen
            if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"):
                seen += 1
                if seen == step:
                    os._exit(9)

        sys.addaudithook(watch)
        write(target, "new", "a", "c")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_death_at_any_step_leaves_the_old_or_the_new_folder_and_the_files_of_others(tmp_path: Path) -> None:
    step, found = 0, set()
    while True:
        step += 1
        place = tmp_path / str(step)
        write(place / "set", "old", "a", "b")
        (place / "set" / "notes.txt").write_text("mine")
        died = die_at(step, place / "set")
        recover(place / "set", KIND)
        now = held(place / "set")
        assert now.pop("notes.txt") == "mine"
        assert now in ({"a": "old", "b": "old"}, {"a": "new", "c": "new"})
        assert [path.name for path in place.iterdir()] == ["set"]
        found.add(now["a"])
        if not died:
            break
    assert (step > 6, found) == (True, {"old", "new"})


def test_a_folder_that_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with whole(target, KIND) as working:
        write(target, "other", "a")
        recover(target, KIND)
        assert working.is_dir()
        (working / "mark").write_text("mark")
    assert held(target) == {}


def test_an_error_or_an_interruption_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "set"
    write(target, "old", "a")
    for error, becomes in (
        (OSError(28, "No space left"), ArgumentError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ):
        with pytest.raises(becomes), whole(target, KIND) as working:
            (working / "a").write_text("half")
            raise error
        assert held(target) == {"a": "old"}
        assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_file_of_others_that_would_be_replaced_stops_it(tmp_path: Path) -> None:
    target = tmp_path / "set"
    write(target, "old", "a")
    (target / "c").write_text("mine")
    with pytest.raises(OutputExistsError, match="holds c, which is not its own"):
        write(target, "new", "a", "c")
    assert held(target) == {"a": "old", "c": "mine"}


@pytest.mark.parametrize("name", ["below/a_file/set", "n" * 300])
def test_where_nothing_can_be_written_the_target_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a_file").write_text("x")
    with pytest.raises(ArgumentError, match=f"{name[:20]}.*cannot be written"):
        write(tmp_path / name, "new", "a")
