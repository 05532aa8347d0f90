"""A chart as a picture, PNG or SVG, for slides and papers: drawn by a browser of this machine, without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cpticd.core.errors import ArgumentError
from cpticd.core.whole_files import whole

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Kinds of pictures that kaleido draws.
KINDS: Final = ("png", "svg", "pdf", "jpeg", "webp")
#: Pixels of a figure that has no size of its own; our labels need as much.
WIDTH, HEIGHT = 960, 540
#: Points of a PNG per pixel, so that it is sharp on paper.
SCALE: Final = 2.0
INSTALL: Final = "install it with: pip install 'cpticd[images]'"


def drawn(
    figure: go.Figure,
    kind: str | None = None,
    width: float | None = None,
    height: float | None = None,
    scale: float | None = None,
) -> bytes:
    """The figure as a picture of a kind (``png`` unless given): width and height in pixels, ``scale`` points of each.

    Raises ArgumentError for another kind, where the extra ``images`` is not installed, or where there is no Chrome.
    """
    kind = (kind or "png").lower().replace("jpg", "jpeg")
    if kind not in KINDS:
        raise ArgumentError(f"picture of a chart: found {kind!r}; give one of {list(KINDS)}")
    if find_spec("kaleido") is None:
        raise ArgumentError(
            f"picture of a chart: PNG and SVG need the extra 'images'; {INSTALL}. A Chrome or Chromium on this machine "
            "draws it. figure.write_html(…) needs neither"
        )
    import kaleido
    from kaleido import errors

    layout = figure.layout
    size = {"width": width or layout.width or WIDTH, "height": height or layout.height or HEIGHT}
    options: dict[str, Any] = {"format": kind, "scale": scale or SCALE, **size}
    try:
        # Dollars are no formulas: without MathJax nothing is fetched.
        plain = {"page_generator": kaleido.PageGenerator(mathjax=False)}
        return bytes(kaleido.calc_fig_sync(figure.to_dict(), opts=options, kopts=plain))
    except errors.ChromeNotFoundError as error:
        raise ArgumentError(
            "picture of a chart: no Chrome or Chromium was found on this machine, which draws it; install one with the "
            "system's own means or with the command plotly_get_chrome, or name it in the variable BROWSER_PATH"
        ) from error
    except (errors.BrowserClosedError, errors.BrowserFailedError, errors.KaleidoError) as error:
        raise ArgumentError(f"picture of a chart: the browser could not draw it: {error}") from error


def write(figure: go.Figure, file: Any, kind: str | None = None, **size: float | None) -> None:
    """Write the picture to a path, whose suffix tells the kind, or into an open binary file."""
    if hasattr(file, "write"):
        file.write(drawn(figure, kind, **size))
        return
    path = Path(file)
    if kind is None and not path.suffix:
        raise ArgumentError(f"picture of a chart: {path.name!r} has no suffix; name a .png or .svg file")
    content = drawn(figure, kind or path.suffix[1:], **size)
    with whole(path) as working:
        working.write_bytes(content)
