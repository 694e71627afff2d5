"""Links to an application's pages, below the path that it is served from."""

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

import attrs


@attrs.frozen
class Links:
    """Links that every application has; each adds those of its own pages."""

    root: str
    """Path or URL of the application, without a slash at the end."""

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Self:
        """Return the links below the path of an ASGI request's application."""
        return cls(scope.get("root_path", "").rstrip("/"))

    def home(self) -> str:
        """The first page."""
        return f"{self.root}/"

    def static(self, name: str) -> str:
        """A style sheet or script."""
        return f"{self.root}/static/{name}"


def with_query(path: str, query: Mapping[str, str | int]) -> str:
    """Return a path with a query, if there is any."""
    return f"{path}?{urlencode(query)}" if query else path
