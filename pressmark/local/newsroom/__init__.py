"""A synthetic news site with a clock and a script, for the demo and for all tests.

It stands in for the World section of chinadaily.com.cn: the same markup, oddities included, and texts of its own.
"""

from pressmark.local.newsroom.bylines import BYLINES, byline_of
from pressmark.local.newsroom.clock import CLOCK_START
from pressmark.local.newsroom.desk import PER_PAGE
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.newsroom.newsroom import Newsroom
from pressmark.local.newsroom.section import MAIN, SECTIONS, SHANGHAI
from pressmark.local.newsroom.story import Byline, Kind, Person, Picture, Standfirst, Story
from pressmark.local.newsroom.writing import kind_of

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
