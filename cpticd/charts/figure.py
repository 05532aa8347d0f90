"""The figure that every chart returns: it offers no upload, and has a form for readers without plotly.

plotly.js shows a button that uploads a chart, with the data in it, to a cloud unless it is told not to. Here it is told
twice: in the configuration that ``show``, ``to_html``, ``write_html`` and notebooks hand over, and in the layout
(``modebar.remove``), which goes with the figure to wherever plotly draws it: ``plotly.io.to_html(figure)``,
``plotly.io.show(figure)``, ``figure.to_json()``, a FigureWidget. What cannot be covered: a figure whose
``layout.modebar`` was taken out or replaced and which is then shown by plotly's own functions; and plotly's renderers
``notebook``, ``kaggle``, ``azure``, ``colab`` and ``*_connected``, which load MathJax or plotly.js itself from the
network, as they do for every figure.
"""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go
import plotly.io as pio

from cpticd.charts import picture, static

#: plotly's name of the button that uploads a chart.
UPLOAD: Final = "sendChartToCloud"
#: What plotly.js is told wherever a figure is drawn; dollars are no formulas.
CONFIG: Final[dict[str, Any]] = {"displaylogo": False, "typesetMath": False}
QUIET: Final[dict[str, Any]] = {"showSendToCloud": False, "plotlyServerURL": ""}


def configured(config: dict[str, Any] | None = None, *, renderer: str | None = None) -> dict[str, Any]:
    """Our configuration, over it that of plotly's renderers (by name), over it ``config``, the caller's own.

    >>> configured({"scrollZoom": True})["showSendToCloud"]
    False
    """
    theirs: dict[str, Any] = {}
    for name in filter(None, (renderer or "").split("+")):
        theirs |= getattr(pio.renderers[name], "config", None) or {}
    theirs |= config or {}
    if not theirs.get("showSendToCloud"):
        return CONFIG | QUIET | theirs
    # Who asks for the button gets it, though the layout has it removed.
    return CONFIG | theirs | {"modeBarButtonsToAdd": [*theirs.get("modeBarButtonsToAdd", []), UPLOAD]}


class Figure(go.Figure):
    """A plotly figure, to change and to save as any other, whose upload button is off; see the module."""

    def __init__(self, data: Any = None, layout: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(layout, dict):  # at once: a later change takes plotly as long as all the rest
            layout = {"modebar": {"remove": [UPLOAD]}, **layout}
        super().__init__(data, layout, *args, **kwargs)
        if not isinstance(layout, dict) and self.layout.modebar.remove is None:
            self.layout.modebar.remove = [UPLOAD]

    def to_html(self, config: dict[str, Any] | None = None, *args: Any, **kwargs: Any) -> str:
        """The figure as HTML, as plotly does; ``config`` is merged over ours."""
        return str(super().to_html(configured(config), *args, **kwargs))

    def write_html(self, file: Any, config: dict[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        """Write the figure to an HTML file, as plotly does; ``config`` is merged over ours."""
        super().write_html(file, configured(config), *args, **kwargs)

    def to_image(
        self,
        format: str | None = None,
        width: float | None = None,
        height: float | None = None,
        scale: float | None = None,
        **_: Any,
    ) -> bytes:
        """The figure as a picture: ``png`` (unless given), ``svg``, ``pdf``, ``jpeg`` or ``webp``; size in pixels.

        Needs the extra ``images`` and a Chrome or Chromium on this machine, and asks no network. Raises ArgumentError
        with what to install.
        """
        return picture.drawn(self, format, width, height, scale)

    def write_image(
        self,
        file: Any,
        format: str | None = None,
        scale: float | None = None,
        width: float | None = None,
        height: float | None = None,
        **_: Any,
    ) -> None:
        """Write the picture (:meth:`to_image`) to a file, whose suffix says which kind: ``.png``, ``.svg``, …"""
        picture.write(self, file, format, width=width, height=height, scale=scale)

    def show(
        self, renderer: str | None = None, validate: bool = True, config: Any = None, **kwargs: Any
    ) -> None:
        """Show the figure, as plotly does; ``config`` is merged over ours. Notebooks get a table beside it."""
        names = renderer or pio.renderers.default or ""
        if {*names.split("+")} <= {"plotly_mimetype", "jupyterlab", "nteract", "vscode"}:
            from IPython.display import display

            display(self._forms(names, config, kwargs), raw=True)
        else:
            pio.show(self, renderer, validate, config=configured(config, renderer=names), **kwargs)

    def _forms(self, names: str, config: Any, options: dict[str, Any]) -> dict[str, Any]:
        """What plotly's renderers make of the figure, by MIME type, and a table where all of that needs plotly."""
        options = {**options, "config": configured(config, renderer=names)}
        bundle = pio.renderers._build_mime_bundle(self.to_dict(), names, **options)
        if bundle and not any(kind.startswith(("text/", "image/")) for kind in bundle):
            bundle["text/html"] = static.html_of(self)
        return dict(bundle)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None, validate: bool = True, **kwargs: Any
    ) -> dict[str, Any]:
        return self._forms(pio.renderers.default or "", kwargs.pop("config", None), kwargs)

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_().get("text/html") or static.html_of(self)

    def _ipython_display_(self) -> None:
        if pio.renderers.render_on_display and pio.renderers.default:
            self.show()
        else:
            print(repr(self))
