"""The control interface under `/-/`: the methods of `Newsroom` as JSON over HTTP."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pressmark.local.newsroom.clock import read_duration
from pressmark.local.newsroom.content.section import MAIN, SECTIONS
from pressmark.local.newsroom.content.story import Story
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.newsroom import Newsroom

Payload = dict[str, Any]
Answer = dict[str, Any]


def control_routes(newsroom: Newsroom) -> list[Route]:
    """Return the routes of the control interface."""
    control = Control(newsroom)
    actions: dict[str, tuple[Callable[[Payload], Answer], set[str]]] = {
        "publish": (control.publish, {"section"}),
        "update": (control.update, {"article_id", "article", "section"}),
        "edit-silently": (control.edit_silently, {"article_id", "article", "section"}),
        "withdraw": (control.withdraw, {"article_id", "article", "section", "status"}),
        "fault": (control.fault, {"path", "kind", "times"}),
        "clear-faults": (control.clear_faults, set()),
        "advance": (control.advance, {"by", "seconds"}),
    }
    routes = [Route("/-/state", control.state, methods=["GET"])]
    for name, (action, keys) in actions.items():
        routes.append(Route(f"/-/{name}", _endpoint(name, action, keys), methods=["POST"]))
    return routes


class Control:
    """Each action takes the JSON that was sent and returns what changed."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom

    async def state(self, _request: Request) -> Response:
        """Clock, counts and seed."""
        self.newsroom.run_due_events()
        return JSONResponse(
            {
                "clock": self.newsroom.clock.isoformat(),
                "seed": self.newsroom.seed,
                "articles": {name: self.newsroom.count(name) for name in SECTIONS},
                "faults": self.newsroom.faults,
                "requests": self.newsroom.requests.total,
            }
        )

    def publish(self, payload: Payload) -> Answer:
        """Publish a new article."""
        return self._summary(self.newsroom.story(self.newsroom.publish(_section(payload))))

    def update(self, payload: Payload) -> Answer:
        """Update an article."""
        return self._summary(self.newsroom.update(self._article_id(payload)))

    def edit_silently(self, payload: Payload) -> Answer:
        """Edit an article and leave its *Updated* time."""
        return self._summary(self.newsroom.edit_silently(self._article_id(payload)))

    def withdraw(self, payload: Payload) -> Answer:
        """Withdraw an article."""
        article_id = self._article_id(payload)
        status = _whole_number(payload, "status", 404)
        self.newsroom.withdraw(article_id, status)
        return {**self._summary(self.newsroom.story(article_id)), "status": status}

    def fault(self, payload: Payload) -> Answer:
        """Inject a fault into requests of a path."""
        path, kind = payload.get("path"), payload.get("kind")
        if not isinstance(path, str):
            raise ValueError("path is missing: say which, such as /world/europe")  # noqa: TRY004  # One kind of error: 422.
        if kind not in list(FaultKind):
            raise ValueError(f"kind is {kind!r}: it must be one of {', '.join(FaultKind)}")
        times = None if payload.get("times") is None else _whole_number(payload, "times", 1)
        self.newsroom.fault(path, kind, times)
        return {"path": path, "kind": kind, "times": times}

    def clear_faults(self, _parse_payload: Payload) -> Answer:
        """Remove all faults."""
        return {"cleared": self.newsroom.clear_faults()}

    def advance(self, payload: Payload) -> Answer:
        """Move the clock by `by` (such as 10m) or by `seconds`."""
        if ("by" in payload) == ("seconds" in payload):
            raise ValueError('say either {"by": "10m"} or {"seconds": 600}')
        by = (
            timedelta(seconds=_whole_number(payload, "seconds", 0))
            if "seconds" in payload
            else read_duration(str(payload["by"]))
        )
        return {"clock": self.newsroom.advance(by).isoformat()}

    def _article_id(self, payload: Payload) -> str:
        if "article_id" in payload:
            return str(payload["article_id"])
        if "article" not in payload:
            raise ValueError('say {"article_id": "WS..."}, or {"article": 3} for the article of that index')
        return self.newsroom.article_id(_whole_number(payload, "article", 0), _section(payload))

    def _summary(self, story: Story) -> Answer:
        return {
            "article_id": story.article_id,
            "path": story.path,
            "section": story.section,
            "created_at": story.created_at.isoformat(),
            "updated_at": story.updated_at.isoformat(),
            "clock": self.newsroom.clock.isoformat(),
        }


def _endpoint(name: str, action: Callable[[Payload], Answer], keys: set[str]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(action(_parse_payload(await request.body(), name, keys)))
        except LookupError as error:
            return JSONResponse({"error": str(error)}, 404)
        except (ValueError, OverflowError) as error:
            return JSONResponse({"error": str(error)}, 422)

    return endpoint


def _parse_payload(body: bytes, name: str, keys: set[str]) -> Payload:
    payload = json.loads(body or b"{}")
    if not isinstance(payload, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # One kind of error: 422.
    unknown = sorted(payload.keys() - keys)
    if unknown:
        raise ValueError(f"unknown key {', '.join(unknown)}: {name} takes {', '.join(sorted(keys)) or 'none'}")
    return payload


def _section(payload: Payload) -> str:
    # Any value as text: what is no section is reported as an unknown one.
    return str(payload.get("section", MAIN))


def _whole_number(payload: Payload, key: str, default: int) -> int:
    value = payload.get(key, default)
    # In Python a bool is an int too.
    if type(value) is not int:
        raise ValueError(f"{key} is {value!r}: it must be a whole number")
    return value
