"""The command line: ``cpticd look``, ``demo``, ``report``, ``convert``, ``add``, ``simulate``.

An interruption may come at any moment, also while modules are imported: until it is listened for, nothing is imported
here but what is light. The commands stand in :mod:`cpticd.cli.commands`.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType
    from typing import Any, Self

#: What a command exits with that was interrupted, as shells have it.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing but the package's own messages reaches the user.

    ``arguments``: those of the process unless given; then the process ends with the command, and an interruption
    that comes later changes nothing.
    """
    own = arguments is None
    with Interruption(ends=own) as interruption:
        try:
            if own:
                # Equations of some hundred unknowns: a second thread waits longer than it works, at full speed.
                os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from cpticd.cli.commands import answered

            return answered(arguments, interruption.seen)
        except BaseException:
            # An interruption reaches the command in as many forms as there are libraries at work.
            if not interruption.seen:
                raise
            print("cpticd: interrupted", file=sys.stderr)
            return INTERRUPTED


class Interruption:
    """While it lasts, Ctrl-C raises KeyboardInterrupt once; pressed again, or swallowed by a library, it ends at once.

    seen: empty until the user interrupts. ends: whether the process ends with what is interrupted.
    """

    def __init__(self, *, ends: bool) -> None:
        self.seen: list[int] = []
        self._ends = ends
        self._before: Any = None
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> Self:
        try:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        except ValueError:  # not in the main thread, where no signal arrives
            return self
        sys.unraisablehook = self._swallowed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is None:
            return
        sys.unraisablehook = self._unraisable
        signal.signal(signal.SIGINT, signal.SIG_IGN if self._ends else self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.seen:
            self._at_once()
        self.seen.append(number)
        raise KeyboardInterrupt

    def _swallowed(self, raised: Any) -> None:
        """Python ignores what is raised in a destructor or a callback, and goes on."""
        if self.seen and issubclass(raised.exc_type, KeyboardInterrupt):
            self._at_once()
        self._unraisable(raised)

    def _at_once(self) -> None:
        os.write(2, b"cpticd: interrupted\n")
        os._exit(INTERRUPTED)
