"""Text from outside in pages for people: nothing in it reaches beyond its own element.

Elements isolate its direction (`unicode-bidi: isolate`, `<bdi>`); what no page may hold at all is taken out here.
"""

from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pressmark.text import cleaned, short, shown


def isolate(templates: Environment) -> None:
    """Let templates print no control characters and no lone surrogates, which documents of older releases may hold.

    The filter `window_title` is for window titles, in which nothing can be isolated; `short` for what stands in lists.
    """
    templates.finalize = _printable
    templates.filters |= {"short": short, "window_title": lambda text: shown(short(text))}


def _printable(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return Markup(cleaned(value)) if isinstance(value, Markup) else cleaned(value)  # noqa: S704 - it was safe before
