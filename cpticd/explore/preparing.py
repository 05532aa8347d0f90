"""What a page needs before it can open, worked out beside it: in a thread where somebody watches, else at once."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

#: Told what is worked out now, in words.
Tell = Callable[[str], None]
#: Works it out.
Prepare = Callable[[Tell], Any]


def in_voila() -> bool:
    """Whether Voila runs this kernel."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def watched() -> bool:
    """Whether somebody sees a page while its cell runs: in a notebook's frontend, or in Voila.

    Where a notebook is executed to be saved (nbconvert, papermill), the page is shown when it is complete.
    """
    try:
        asyncio.get_running_loop()
        from IPython import get_ipython
    except (RuntimeError, ImportError):
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    return in_voila() or bool(getattr(kernel, "_allow_stdin", False))


class Job:
    """One preparation: started in a thread, or worked out when its result is first asked for."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._found: Future[Any] = Future()
        self._started = False
        self._began = time.monotonic()
        self._now = ""

    def start(self) -> None:
        """Begin in a thread, which does not keep the process alive."""
        self._started = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._found.set_result(self._prepare(self._tell))
        except BaseException as error:
            self._found.set_exception(error)

    def _tell(self, words: str) -> None:
        self._now = words

    @property
    def done(self) -> bool:
        return self._found.done()

    @property
    def words(self) -> str:
        """What is worked out now, and for how long the page has been waited for."""
        return f"{self._now or 'Claims are read'} … {time.monotonic() - self._began:.0f} s"

    def result(self) -> Any:
        """What was worked out; waits for it, and raises what it raised."""
        if not self._started:
            self._started = True
            self._run()
        return self._found.result()
