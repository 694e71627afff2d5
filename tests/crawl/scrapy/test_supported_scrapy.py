"""The recorder uses private names of Scrapy and Twisted: it reports at start if they are missing."""

import pytest
from scrapy.core.downloader.handlers import http11
from twisted.web._newclient import HTTP11ClientProtocol

from pressmark.crawl.scrapy import recording_handler
from pressmark.errors import PressmarkError


def test_the_installed_scrapy_is_supported() -> None:
    assert issubclass(recording_handler._base_protocol(), HTTP11ClientProtocol)


@pytest.mark.parametrize("name", ["_LenientHTTP11ClientProtocol", "_LenientHTTP11ClientFactory", "_ResponseReader"])
def test_another_scrapy_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(http11, name)
    with pytest.raises(PressmarkError, match=r"does not fit Scrapy 2\.19.*requirements\.lock"):
        recording_handler._base_protocol()


def test_another_twisted_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(HTTP11ClientProtocol, "_finishResponse")
    with pytest.raises(PressmarkError, match="does not fit Scrapy"):
        recording_handler._base_protocol()
