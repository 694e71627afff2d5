from datetime import UTC, datetime

from pressmark.model.article import Credit, Image, Raw, VersionKey
from tests.support.samples import ARTICLE_ID, SHANGHAI, article


def test_the_version_key_is_the_id_and_the_updated_time_in_utc() -> None:
    version = article(updated_at=datetime(2022, 2, 18, 8, 53, tzinfo=SHANGHAI)).version
    assert str(version) == f"{ARTICLE_ID}/20220218T005300Z"
    assert version == VersionKey(ARTICLE_ID, datetime(2022, 2, 18, 0, 53, tzinfo=UTC))


def test_a_long_article_is_the_sum_of_its_pages() -> None:
    first = article(body="One.", contributors=(), images=(Image(url="https://i/1"),), raw=Raw(byline="By A"))
    second = article(
        body="Two.",
        contributors=(Credit(name="Xinhua"),),
        images=(Image(url="https://i/2"),),
        raw=Raw(contributors="Xinhua contributed to this story."),
        headline="Lamps lit (2)",
    )
    whole = first.followed_by(second)
    assert (whole.headline, whole.body) == ("Lamps lit", "One.\n\nTwo.")
    assert [image.url for image in whole.images] == ["https://i/1", "https://i/2"]
    assert whole.contributors == (Credit(name="Xinhua"),)
    assert whole.raw == Raw(byline="By A", contributors="Xinhua contributed to this story.")


def test_an_article_of_one_page_stays_as_it_is() -> None:
    assert article().followed_by() == article()
