"""How the console renders its pages, and the headers of its responses."""

from pressmark.airflow.console import outcome_labels
from pressmark.airflow.console.addresses import Links
from pressmark.web.common import responses
from pressmark.web.common.rendering import Renderer

PACKAGE = "pressmark.airflow.console"
HEADERS = {**responses.HEADERS, "Cache-Control": "no-store"}
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
CAPTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""An origin of its own, no script, no request to any server. Styles and images inside the page stay."""
RENDERER = Renderer(
    package=PACKAGE,
    links=Links,
    headers={**HEADERS, "Content-Security-Policy": PAGE_POLICY},
    context={"outcomes": outcome_labels},
)
