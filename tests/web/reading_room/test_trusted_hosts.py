"""Windows that use another name of this machine are redirected to that of the origin; no others are."""

import pytest
from fastapi import FastAPI

from pressmark.web.reading_room.trusted_hosts import guard
from tests.web.reading_room.conftest import ask


@pytest.mark.parametrize(
    ("origin", "host", "to"),
    [
        ("http://pressmark.localhost:8090", "127.0.0.1:8090", "http://pressmark.localhost:8090/a?b=c"),
        ("http://pressmark.localhost:8090", "pressmark.localhost:8090", None),
        ("http://pressmark.localhost:80", "pressmark.localhost", None),
        ("http://Pressmark.localhost:8090", "pressmark.localhost:8090", None),
        ("http://pressmark.localhost:8090", "pressmark.localhost", None),
        ("https://archive.example.org", "127.0.0.1:8090", None),
    ],
)
def test_windows_are_redirected_to_the_name_of_the_origin(origin: str, host: str, to: str | None) -> None:
    app = FastAPI()
    app.add_api_route("/a", lambda: "here")
    guard(app, origin)
    answer = ask(app, f"http://{host}", "/a?b=c", **{"Sec-Fetch-Dest": "document"})
    assert answer.headers.get("location") == to
    assert answer.status_code == (307 if to else 200)
    assert ask(app, f"http://{host}", "/a").status_code == 200
    assert ask(app, "http://evil.example", "/a").status_code == 400
