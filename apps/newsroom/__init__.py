"""A synthetic news site with a clock and a script, for the demo and for all tests.

It stands in for the World section of chinadaily.com.cn: the same markup, oddities included, and texts of its own.
"""

from apps.newsroom.bylines import BYLINES, byline_of
from apps.newsroom.clock import CLOCK_START
from apps.newsroom.desk import PER_PAGE
from apps.newsroom.faults import FaultKind
from apps.newsroom.newsroom import Newsroom
from apps.newsroom.section import MAIN, SECTIONS, SHANGHAI
from apps.newsroom.story import Byline, Kind, Person, Picture, Standfirst, Story
from apps.newsroom.writing import kind_of

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
