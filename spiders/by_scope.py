"""The spider classes by scope."""

from scrapy import Spider

from pressmark.sites.scope import Scope, ScopeKind
from pressmark.spiders.article import OneArticleSpider
from pressmark.spiders.backfill import BackfillSpider
from pressmark.spiders.listing_search import PageSearchSpider
from pressmark.spiders.section import SectionSpider

SPIDERS: dict[ScopeKind, type[Spider]] = {
    ScopeKind.NEWEST: SectionSpider,
    ScopeKind.BACKFILL: BackfillSpider,
    ScopeKind.ARTICLE: OneArticleSpider,
    ScopeKind.SEARCH: PageSearchSpider,
}


def spider_class(scope: Scope) -> type[Spider]:
    """Return the spider class for a scope."""
    return SPIDERS[scope.kind]
