"""Several threads at one analysis: they must find what one alone finds."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pandas as pd


def at_once(call: Callable[[], pd.DataFrame], *, threads: int = 6) -> None:
    """Fail unless ``call`` gives the same frame alone, in every thread at once, and afterwards."""
    alone = call()
    found: list[pd.DataFrame] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            found.append(call())
        except BaseException as error:
            faults.append(error)

    working = [threading.Thread(target=work) for _ in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    assert not faults, faults
    assert len(found) == threads
    for each in [*found, call()]:
        pd.testing.assert_frame_equal(each, alone)
