"""A synthetic news site with a clock and a script, for the demo and for all tests.

It stands in for the World section of chinadaily.com.cn: the same markup, oddities included, and texts of its own.
"""

from pressmark.local.newsroom.clock import CLOCK_START
from pressmark.local.newsroom.content.article_generator import kind_of
from pressmark.local.newsroom.content.bylines import BYLINES, byline_of
from pressmark.local.newsroom.content.section import MAIN, SECTIONS, SHANGHAI
from pressmark.local.newsroom.content.story import Byline, Kind, Person, Picture, Standfirst, Story
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.section_state import PER_PAGE

__all__ = [
    "BYLINES",
    "CLOCK_START",
    "MAIN",
    "PER_PAGE",
    "SECTIONS",
    "SHANGHAI",
    "Byline",
    "FaultKind",
    "Kind",
    "Newsroom",
    "Person",
    "Picture",
    "Standfirst",
    "Story",
    "byline_of",
    "kind_of",
]
