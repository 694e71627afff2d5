import pytest

from pressmark.model.article import Credit
from pressmark.spiders.pages.chinadaily.byline import Byline, read_byline

ORGANIZATIONS = frozenset({"Xinhua", "Agencies"})
A, B, C = (Credit(name=name) for name in ("REN QI", "Jane Doe", "Luc O'Hara"))


def at(credit: Credit, place: str) -> Credit:
    return Credit(name=credit.name, location=place)


@pytest.mark.parametrize(
    ("text", "authors", "source", "updated", "place"),
    [
        (
            "By REN QI in Moscow | China Daily | Updated: 2022-02-18 08:53",
            (at(A, "Moscow"),),
            "China Daily",
            "2022-02-18 08:53",
            "Moscow",
        ),
        (
            "By REN QI and Jane Doe in Brussels | China Daily | Updated: 2022-02-18 08:53",
            (at(A, "Brussels"), at(B, "Brussels")),
            "China Daily",
            "2022-02-18 08:53",
            "Brussels",
        ),
        ("By REN QI/Jane Doe | China Daily", (A, B), "China Daily", None, None),
        ("By REN QI, Jane Doe and Luc O'Hara | China Daily Global", (A, B, C), "China Daily Global", None, None),
        (
            "By REN QI in Paris and Jane Doe in Rome | China Daily",
            (at(A, "Paris"), at(B, "Rome")),
            "China Daily",
            None,
            None,
        ),
        ("By Jane Doe in London | chinadaily.com.cn", (at(B, "London"),), "chinadaily.com.cn", None, "London"),
        ("Xinhua | Updated: 2022-02-18 08:53", (), "Xinhua", "2022-02-18 08:53", None),
        ("Updated: 2022-02-18 08:53", (), None, "2022-02-18 08:53", None),
        (
            "BY REN QI AND Jane Doe IN Moscow | China Daily",
            (at(A, "Moscow"), at(B, "Moscow")),
            "China Daily",
            None,
            "Moscow",
        ),
        (
            "By REN QI in Washington, D.C. | China Daily",
            (at(A, "Washington, D.C."),),
            "China Daily",
            None,
            "Washington, D.C.",
        ),
        (
            "By Jane Doe in Bosnia and Herzegovina | China Daily",
            (at(B, "Bosnia and Herzegovina"),),
            "China Daily",
            None,
            "Bosnia and Herzegovina",
        ),
        ("By Xinhua | China Daily", (Credit(name="Xinhua", organization=True),), "China Daily", None, None),
        ("", (), None, None, None),
    ],
)
def test_every_variant(
    text: str, authors: tuple[Credit, ...], source: str | None, updated: str | None, place: str | None
) -> None:
    byline = read_byline(text, ORGANIZATIONS)
    assert byline == Byline(authors=authors, source=source, updated=updated)
    assert byline.place == place
