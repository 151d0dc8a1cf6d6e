"""A self-contained page: one HTML file that opens without a network, and lets nothing from a name run.

The page's security policy allows the two scripts whose hashes it names and nothing else: no script of another
origin, no picture, font or request from a network.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

import altair as alt
import jinja2
import vl_convert
from markupsafe import Markup

from whence.report import words
from whence.report.figures import Figure, Panel
from whence.report.palette import figure_config

PAPER = (
    "I. van den Brandt, F. Fok, B. Mulders, J. Vanschoren, V. Cheplygina. Cats, not CAT scans: a study of dataset "
    "similarity in transfer learning for 2D medical image classification. 2021. arXiv:2107.05940."
)


def render(template: str, figures: list[Figure], **content: Any) -> str:
    """The page of a template with its style, its figures and the scripts that draw them, as one HTML text."""
    scripts = [Markup(text) for text in (drawing_library(), _file("draw.js"))] if figures else []
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(_file("style.css")),
            scripts=scripts,
            script_hashes=[_hash(script) for script in scripts],
            figures={figure.name: figure for figure in figures},
            specs=[spec for figure in figures for spec in page_specs(figure)],
            paper=PAPER,
            **content,
        )
    )


def page_specs(figure: Figure) -> list[dict[str, Any]]:
    """The Vega-Lite documents of a figure's panels with the id of their places, each as wide as the page lets it.

    A panel that has a drawing for narrow places brings it as `narrow`.
    """
    return [
        {"id": f"{figure.name}-{i}", "spec": _for_page(panel.chart, panel)}
        | ({"narrow": _for_page(panel.narrow, panel)} if panel.narrow is not None else {})
        for i, panel in enumerate(figure.panels, start=1)
    ]


def _for_page(chart: Any, panel: Panel) -> dict[str, Any]:
    return specification(chart if panel.fixed else chart.properties(width="container"), panel.alt_text)


def specification(chart: Any, alt_text: str) -> dict[str, Any]:
    """A chart as a Vega-Lite document with our look, described in words, that names no address to load."""
    document: dict[str, Any] = chart.properties(description=alt_text).configure(**figure_config()).to_dict()
    document.pop("$schema", None)
    return document


@cache
def vega_lite_version() -> str | None:
    """The bundled Vega-Lite that suits the installed Altair; None lets vl-convert choose its newest."""
    wanted = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    return wanted if wanted in vl_convert.get_vegalite_versions() else None


@cache
def drawing_library() -> str:
    """Vega, Vega-Lite and vega-embed as one script, from vl-convert's own files."""
    options: dict[str, Any] = {"vl_version": vega_lite_version()}
    bundle: str = vl_convert.javascript_bundle(**options)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("whence.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "count": words.count,
        "plus_minus": words.plus_minus,
        "gain": words.gain,
        "percent": words.percent,
        "duration": words.duration,
        "counted": words.counted,
        "listed": words.listed,
        "capitalised": words.capitalised,
        "or_dash": lambda value: words.MISSING if words.is_missing(value) or value == "" else value,
    }
    return environment


def _file(name: str) -> str:
    return resources.files("whence.report").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
