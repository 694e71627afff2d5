import pytest
from scrapy import Request

from pressmark.crawl.scrapy.download_errors import Refused
from pressmark.crawl.scrapy.known_hosts import ANY_HOST, KnownHostsMiddleware
from tests.support.saved_pages import SITE

MIDDLEWARE = KnownHostsMiddleware(SITE)


def test_a_request_to_the_site_passes() -> None:
    assert MIDDLEWARE.process_request(Request("http://news.example/a")) is None


def test_another_spelling_of_its_host_is_replaced() -> None:
    replaced = MIDDLEWARE.process_request(Request("http://news.example.:80/a"))
    assert replaced
    assert replaced.url == "http://news.example/a"


@pytest.mark.parametrize("url", ["http://other.example/a", "http://news.example:8080/a"])
def test_a_request_to_another_server_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        MIDDLEWARE.process_request(Request(url))


def test_only_a_request_for_robots_may_go_to_another_host() -> None:
    assert MIDDLEWARE.process_request(Request("http://other.example/robots.txt", meta={ANY_HOST: True})) is None
