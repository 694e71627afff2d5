"""The Airflow plugin: a page `Archive` in the nav, a tab of that name on each DAG run, and the pools that DAGs need.

Airflow imports plugins in each of its processes, tasks included; only the API server answers requests.
The console is therefore created with the first request.
"""

from functools import cache
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from pressmark.airflow import listener
from pressmark.airflow.console import MOUNT
from pressmark.airflow.run_deadline import RunQueued

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23{colour}' "
    "stroke-width='2' stroke-linejoin='round'%3E%3Cpath d='M3 4h18v5H3zM5 9v11h14V9M10 13h4'/%3E%3C/svg%3E"
)
_ICONS = {"icon": _ICON.format(colour="718096"), "icon_dark_mode": _ICON.format(colour="cbd5e0")}


class LazyConsole:
    """The console; it is created with the first request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request (ASGI)."""
        await _console()(scope, receive, send)


@cache
def _console() -> Any:
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import requires_access_view

    from pressmark.airflow.console.app import console_app
    from pressmark.web.common.repository import Repository

    return console_app(Repository.open, requires_access_view(AccessView.PLUGINS))


_APPS = [{"name": "Pressmark archive", "app": LazyConsole(), "url_prefix": MOUNT}]
_PATH = MOUNT.removeprefix("/")
_VIEWS = [
    {"name": "Archive", "href": f"{_PATH}/", "destination": "nav", "url_route": "archive", **_ICONS},
    {
        "name": "Archive",
        "href": f"{_PATH}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "archive-run",
        **_ICONS,
    },
]
"""The addresses are relative: they also work where Airflow is served below a path."""


class ArchivePlugin(AirflowPlugin):
    """What Airflow reads: the console, its views, the listener and the deadline reference."""

    name = "pressmark"
    fastapi_apps = _APPS
    external_views = _VIEWS
    listeners = [listener]  # noqa: RUF012  # Airflow reads a plain list.
    deadline_references = [RunQueued]  # noqa: RUF012
