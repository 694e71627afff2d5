"""Prints the status codes of the plugin's application for anonymous users, a viewer and an invalid token.

It has its own Airflow home, because the guard checks revoked tokens in Airflow's database.
"""

import asyncio
import json
import os
import re
import sys

os.environ |= {
    "AIRFLOW_HOME": sys.argv[1],
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{sys.argv[1]}/airflow.db",
    "AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64,
}

import httpx
from airflow import settings
from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.revoked_token import RevokedToken
from fastapi import FastAPI

from pressmark.airflow.console.app import Console
from pressmark.airflow.plugin import ArchivePlugin
from pressmark.web.common.repository import Repository

PATHS = sorted(re.sub(r"{.*?}", "x", route.path) for route in Console(Repository.open).router().routes)


async def main() -> None:
    RevokedToken.__table__.create(settings.engine)
    airflow = FastAPI()
    mounted = ArchivePlugin.fastapi_apps[0]
    airflow.mount(mounted["url_prefix"], mounted["app"])
    viewer = create_auth_manager().generate_jwt(SimpleAuthManagerUser(username="night", role="viewer"))
    transport = httpx.ASGITransport(airflow)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        statuses = {path: (await client.get(f"/archive{path}?key=x&dag_id=x&run_id=x")).status_code for path in PATHS}
        style = "/archive/static/console.css"
        statuses["viewer"] = (await client.get(style, headers={"Cookie": f"_token={viewer}"})).status_code
        statuses["wrong"] = (await client.get(style, headers={"Cookie": "_token=wrong"})).status_code
    sys.stdout.write(json.dumps(statuses))


asyncio.run(main())
