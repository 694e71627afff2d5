"""The Airflow plugin: a page `Archive` in the nav, a tab of that name on each DAG run, and the pools that DAGs need.

Airflow imports plugins in each of its processes, tasks included, and only the API server answers requests: so the
application is made with the first one.
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
    """The console, made when it is first asked for."""

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
"""Their addresses are relative: Airflow's pages have a base, so they hold where Airflow is served below a path, too."""


class ArchivePlugin(AirflowPlugin):
    """What Airflow is told of the console."""

    name = "pressmark"
    fastapi_apps = _APPS
    external_views = _VIEWS
    listeners = [listener]  # noqa: RUF012  # Airflow reads it as it stands.
    deadline_references = [RunQueued]  # noqa: RUF012
