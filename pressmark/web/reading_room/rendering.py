"""How the reading room renders its pages, and the headers of its responses."""

from pressmark.web.common import responses
from pressmark.web.common.rendering import Renderer
from pressmark.web.reading_room.addresses import Links, Origins

PACKAGE = "pressmark.web.reading_room"
HEADERS = {
    **responses.HEADERS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
INERT = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""For files that are saved, not shown."""


def renderer(origins: Origins) -> Renderer:
    """Return the renderer. Pages load their own styles and the replay in a frame, and nothing else."""
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src {origins.replay}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return Renderer(
        package=PACKAGE,
        links=Links,
        headers={**HEADERS, "Content-Security-Policy": policy, "Cache-Control": "no-cache"},
        context={"origins": origins},
    )
