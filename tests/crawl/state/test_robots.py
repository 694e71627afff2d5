import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.crawl.state.robots import LARGEST, read_robots

URL = "https://news.example/a/202202/18/WS1.html"
NO = "User-agent: *\nDisallow: /a/\n"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        (NO, False),
        ("user-agent:*\ndisallow:/a/", False),
        ("Disallow: /a/", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\n\n# why\nDisallow: /a/ # all", False),
        ("User-agent: *\nDisallow: /a/\nAllow: /a/202202/", True),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("User-agent: *\nSitemap: https://news.example/map.xml\nDisallow: /a/", False),
        (f"User-agent: other\nDisallow: /\n{NO}", False),
        (f"{NO}User-agent: pressmark\nDisallow: /search", True),
        (f"User-agent: Pressmark/2.0 (x)\nDisallow: /search\n{NO}", True),
        ("User-agent: other\nUser-agent: PressMark\nDisallow: /a/", False),
        ("User-agent: pressmark\nUser-agent: other\nDisallow: /a/", False),
        ("User-agent: pressmark\nAllow: /b\nUser-agent: other\nDisallow: /a/", True),
        (
            "User-agent: pressmark\nAllow: /b\nUser-agent: other\nDisallow: /b\nUser-agent: pressmark\nDisallow: /a/",
            False,
        ),
        ("User-agent: press\nDisallow: /\n\nUser-agent: pressmarks\nDisallow: /", True),
        ("User-agent: pressmark\nUnknown: x\nDisallow: /a/", False),
        ("Useragent *\nDisalow /a/", False),
    ],
)
def test_the_groups_for_this_crawler_hold(text: str, allowed: bool) -> None:
    assert read_robots(text.encode()).allows(URL) == allowed


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2", 2),
        ("0.5", 0.5),
        ("1000000000", 1e9),
        *((none, None) for none in ("-1", "NaN", "inf", "1e9", "", "\u0663", "\uff11", "1_0", "9" * 5000, "2 seconds")),
    ],
)
def test_a_crawl_delay_is_a_plain_number(said: str, seconds: float | None) -> None:
    assert read_robots(f"User-agent: *\nCrawl-delay: {said}\nDisallow: /a/\n".encode()).crawl_delay == seconds


def test_the_crawl_delay_is_that_of_the_group() -> None:
    text = "User-agent: *\nCrawl-delay: 9\n\nUser-agent: pressmark\nCrawl-delay: 3\n\nUser-agent: x\nCrawl-delay: 7\n"
    assert read_robots(text.encode()).crawl_delay == 3


def test_a_line_cut_by_the_size_limit_is_no_rule() -> None:
    head = b"User-agent: *\n"
    body = head + b"#" * (LARGEST - len(head) - len(b"\nDisallow: /a")) + b"\nDisallow: /another\n"
    assert read_robots(body).allows(URL), "and not what the half of it would forbid"


AGENTS = "".join(f"User-agent: a{each}\n" for each in range(15_000)) + "Disallow: /a/\n" * 20_000
WILDCARDS = "User-agent: *\n" + "".join(f"Disallow: /*a*a*a*b{each}\n" for each in range(20_000))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        AGENTS,
        WILDCARDS,
        "User-agent: *\nDisallow: /" + "*a" * 250_000,
        "User-agent: *\nDisallow: /" + "$" * 500_000,
        "User-agent: *\nDis" + "al" * 250_000,
        "User-agent" + " " * 500_000,
        "User-agent: " * 40_000,
        "User-agent: *\nDisallow: /" + "%" * 500_000,
    ],
    ids=["agents", "wildcards", "one pattern", "dollars", "misspelled", "blanks", "names", "escapes"],
)
def test_a_hostile_file_costs_no_more_than_its_length(text: str) -> None:
    began = time.process_time()
    read_robots(text.encode()).allows(f"https://news.example/{'a' * 2000}")
    assert time.process_time() - began < 8, "a second or so; all agents by all rules would be minutes and gigabytes"


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{NO}{text}".encode(errors="ignore")))
def test_any_bytes_are_read(body: bytes) -> None:
    robots = read_robots(body)
    assert robots.allows(URL) in {True, False}
    assert robots.crawl_delay is None or 0 <= robots.crawl_delay < 1e15
