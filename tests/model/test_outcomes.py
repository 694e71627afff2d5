import threading

from pressmark.model.outcomes import Outcome, Outcomes


def test_an_article_is_counted_once_however_often_it_is_listed() -> None:
    outcomes = Outcomes()
    assert [outcomes.see("a", "/a"), outcomes.see("a", "/a"), outcomes.see("b", "/b")] == [True, False, True]
    assert outcomes.counts()["seen"] == 2


def test_outcomes_add_up_to_seen_once_closed() -> None:
    outcomes = Outcomes()
    for name in "abcde":
        outcomes.see(name, f"/{name}")
    outcomes.record_outcome("a", Outcome.PUBLISHED, key="articles/a")
    outcomes.record_outcome("b", Outcome.UNCHANGED)
    outcomes.record_outcome("c", Outcome.REJECTED, reason="no-body", message="no text")
    outcomes.close("interrupted")
    counts = outcomes.counts()
    assert counts.keys() == {"seen", *Outcome}
    counted = {name: count for name, count in counts.items() if count}
    assert counted == {"seen": 5, "published": 1, "unchanged": 1, "rejected": 1, "failed": 2}
    assert list(outcomes)[2:4] == [
        {"article_id": "c", "url": "/c", "outcome": "rejected", "reason": "no-body", "message": "no text"},
        {"article_id": "d", "url": "/d", "outcome": "failed", "reason": "interrupted"},
    ]


def test_the_crawl_may_see_while_the_publisher_counts() -> None:
    outcomes = Outcomes()
    crawl = threading.Thread(target=lambda: [outcomes.see(str(number), "/") for number in range(20_000)])
    crawl.start()
    while crawl.is_alive():
        outcomes.counts()
    assert outcomes.counts()["seen"] == 20_000
