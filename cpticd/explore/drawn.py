"""How a page of an explorer comes to be seen: its frame at once, its parts when they are worked out, the rest later."""

from __future__ import annotations

import asyncio
import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Final, Self

import pandas as pd
from IPython.core.display_functions import publish_display_data

from cpticd.charts import table
from cpticd.core.errors import CpticdError
from cpticd.explore.board import Board, Control
from cpticd.explore.preparing import Job, Prepare, in_voila, watched
from cpticd.explore.tiles import WORKED_OUT, Tile, tile

#: Among the parts of a page: those before it are shown while the others are worked out.
SO_FAR: Final[dict[str, Any]] = {"kind": "show"}
#: Rows of the table that stands for the page where there is no kernel.
FIRST: Final = 10
#: Seconds after which what is missing of a page is worked out.
PAUSE: Final = 0.2
#: Seconds between two looks at what is prepared.
_LOOK: Final = 0.25
_HINT: Final = "Run this notebook, or open it in Voila, to filter and click."


class Drawn(ABC):
    """A page that is drawn: the frame first, then what its class works out, then what may come late."""

    #: Heading of the page.
    title: ClassVar[str] = ""
    #: The page; what a notebook needs of it stands in the properties of an explorer.
    board: Board

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Made first: the browser fetches and compiles the page while the claims are worked out.
        made = super().__new__(cls)
        made._job = None
        made._failed = None
        made._waiting = None
        made._displayed = False
        made.board = Board(cls.title)
        made.board.served = "voila" if in_voila() else ""
        return made

    _job: Job | None
    _failed: BaseException | None
    _waiting: asyncio.Task[None] | None
    _displayed: bool

    def __getattr__(self, name: str) -> Any:
        """What the class declares and is still worked out is waited for."""
        declared = any(name in vars(cls).get("__annotations__", {}) for cls in type(self).__mro__)
        if declared and self.__dict__.get("_job") is not None:
            self._ensure()
            return getattr(self, name)
        if declared and self.__dict__.get("_failed") is not None:
            raise self.__dict__["_failed"]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- what a subclass says ----------------------------------------------------------------------

    @abstractmethod
    def parts(self) -> Iterable[dict[str, Any]]:
        """What the page shows: parts of ``cpticd.explore.board``, and ``SO_FAR``."""

    def opened(self, found: Any) -> list[Control]:
        """The controls, once what was prepared is there; a subclass keeps it."""
        raise NotImplementedError(f"{type(self).__name__}: nothing is prepared")

    def work(self) -> Callable[[], None] | None:
        """What is worked out once the page has left, beside it, in a thread; None where nothing is missing."""
        return None

    def later(self) -> Iterable[dict[str, Any]]:
        """Parts that show what was worked out, and take the place of those of their names."""
        return ()

    def said(self) -> str:
        """A sentence that a screen reader speaks after a change."""
        return ""

    @abstractmethod
    def shareable(self) -> pd.DataFrame:
        """The first rows as they may be saved with a notebook."""

    @abstractmethod
    def shareable_tiles(self) -> list[Tile]:
        """The tiles as they may be saved with a notebook."""

    @abstractmethod
    def _begin(self, controls: Sequence[Control]) -> None:
        """Hold these controls and draw the page for the first time."""

    # -- opening -----------------------------------------------------------------------------------

    def _open(self, controls: Sequence[Control], prepare: Prepare | None, tiles: Sequence[str]) -> None:
        """Show the frame: at once with all parts, or with what is prepared still to come."""
        if prepare is None:
            self._begin(controls)
            return
        self._job = Job(prepare)
        if not watched():
            self._ensure()
            return
        self.board.controls = [{**control.spec(), "waiting": True} for control in controls]
        self.board.values = {control.name: control.value for control in controls if control.kind != "button"}
        self._send([self._to_come(tiles), self._progress()], "")
        self._job.start()
        self._waiting = asyncio.get_running_loop().create_task(self._watch(tiles))

    @staticmethod
    def _to_come(tiles: Sequence[str]) -> dict[str, Any]:
        return {"kind": "tiles", "name": "tiles", "tiles": [tile(label, WORKED_OUT) for label in tiles]}

    def _progress(self) -> dict[str, Any]:
        words = "" if self._job is None else self._job.words
        return {"kind": "progress", "name": "progress", "text": words}

    async def _watch(self, tiles: Sequence[str]) -> None:
        """Say how far it is until it is there."""
        while self._job is not None and not self._job.done:
            self.board.parts = [self._to_come(tiles), self._progress()]
            self.board.late += 1
            await asyncio.sleep(_LOOK)
        try:
            self._ensure()
        except Exception as error:
            self._cannot(error)

    def _ensure(self) -> None:
        """Wait for what is prepared, then draw the page; raises what it raised."""
        job = self._job
        if job is None:
            if self._failed is not None:
                raise self._failed
            return
        try:
            found = job.result()
        except Exception as error:  # an interruption leaves the work as it is: who asks next waits again
            self._job, self._failed = None, error
            self._cannot(error)
            raise
        self._job = None
        self._begin(self.opened(found))
        if self._displayed:
            self._publish(update=True)

    # -- drawing -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw the page for what is chosen; where it cannot be shown, the reason stands in its place."""
        parts: list[dict[str, Any]] = []
        try:
            for part in self.parts():
                if part is not SO_FAR:
                    parts.append(part)
                elif self.board.turn:
                    done = {each["name"] for each in parts}
                    rest = [each["name"] for each in self.board.parts if each["name"] not in done]
                    self._send([*parts, *({"kind": "kept", "name": name} for name in rest)], self.board.said)
            self._send(parts, self.said())
        except CpticdError as error:
            self._cannot(error)
        self._go_on()

    def _cannot(self, error: BaseException) -> None:
        """Say why there is nothing to see."""
        words = str(error) if isinstance(error, CpticdError) else f"{type(error).__name__}: {error}"
        failed = {"kind": "text", "name": "error", "title": "Nothing to show", "paragraphs": [words]}
        self._send([failed], words)

    def _go_on(self) -> None:
        """Have what is missing worked out: in a notebook beside the page that has left, else at once."""
        if self._waiting is not None and self._waiting is not _current():
            self._waiting.cancel()
        work = self.work()
        if work is None:
            return
        try:
            self._waiting = asyncio.get_running_loop().create_task(self._wait_for(work))
        except RuntimeError:  # no notebook: nobody waits for the page
            self._worked(_failure(work))

    async def _wait_for(self, work: Callable[[], None]) -> None:
        await asyncio.sleep(PAUSE)  # until a reader stops clicking
        self._worked(await asyncio.to_thread(_failure, work))

    def _worked(self, failed: CpticdError | None) -> None:
        """Show what was worked out, or why it cannot be."""
        if failed is None:
            self._finish()
        else:
            self._cannot(failed)

    def _finish(self) -> None:
        found = {part["name"]: part for part in self.later()}
        parts = [found.get(part["name"], part) for part in self.board.parts]
        names, before = [part["name"] for part in parts], ""
        for name, part in found.items():
            if name not in names:  # what there was nothing of: behind what it comes after
                place = names.index(before) + 1 if before in names else len(names)
                names.insert(place, name)
                parts.insert(place, part)
            before = name
        with self.board.hold_sync():
            self.board.parts = parts
            self.board.late += 1

    def _send(self, parts: list[dict[str, Any]], said: str) -> None:
        """One message with all that changed."""
        with self.board.hold_sync():
            self.board.parts = parts
            self.board.said = said
            self.board.turn += 1

    # -- in a notebook -----------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the page before it is complete; what a notebook keeps of it is replaced when it is."""
        if self._job is None:
            raise NotImplementedError  # as any other object is shown
        self._displayed = True
        self._publish(update=False)

    def _publish(self, *, update: bool) -> None:
        data, metadata = self._repr_mimebundle_()
        publish_display_data(data, metadata, transient={"display_id": self.board.key}, update=update)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = self.board._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": self._fallback(), "text/plain": repr(self)}, metadata

    def _fallback(self) -> str:
        """The page without a kernel: tiles and the first rows, as plain HTML, through disclosure control."""
        heading = f"<h3>{html.escape(self.title)}</h3>"
        if self._job is not None:
            return f"{heading}<p>{_HINT}</p>"
        try:
            if self._failed is not None:
                raise self._failed
            tiles = "".join(
                f"<li>{html.escape(tile['label'])}: <b>{html.escape(tile['value'])}</b></li>"
                for tile in self.shareable_tiles()
            )
            rows = str(table(self.shareable(), max_rows=FIRST))
        except CpticdError as error:
            tiles, rows = "", f"<p>{html.escape(str(error))}</p>"
        return f"{heading}<ul>{tiles}</ul>{rows}<p>{_HINT}</p>"


def _failure(work: Callable[[], None]) -> CpticdError | None:
    """Do the work; what it raised, which the page says in its place."""
    try:
        work()
    except CpticdError as error:
        return error
    return None


def _current() -> asyncio.Task[Any] | None:
    """The task that runs now, if any: it does not cancel itself."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
