"""Guarding: applications that answer to their own names alone."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

_HERE = ("127.0.0.1", "localhost", "[::1]")


def guard(app: FastAPI, origin: str) -> None:
    """Let an application answer to the host of its origin and to those of this machine.

    A page of a stranger could else have its own name lead here (DNS rebinding), and read what its visitor may read.
    """
    hosts = {*_HERE, urlsplit(origin).hostname or _HERE[0]}
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(hosts), www_redirect=False)
