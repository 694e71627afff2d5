"""chinadaily.com.cn, the English edition."""

from datetime import date

from pressmark.extract.layouts import Layout
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage
from pressmark.spiders.pages.chinadaily.listing import ChinaDailyListingPage

LAYOUT = Layout(listing=ChinaDailyListingPage, articles={date(2018, 1, 1): ChinaDailyArticlePage})
