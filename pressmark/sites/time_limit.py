"""How long a crawl may take before it shuts itself down."""

import math
from datetime import timedelta

from pressmark.sites.scope import Scope, ScopeKind
from pressmark.sites.site import Section, Site


def time_limit(site: Site, section: Section, scope: Scope) -> timedelta:
    """Return the section's time limit, extended for a scope with more pages or a lower rate.

    A search only reads listings, so its number of pages does not extend the limit.
    """
    pages = 1.0 if scope.kind is ScopeKind.SEARCH else scope.pages / section.pages
    rate = scope.requests_per_minute
    pace = (60 / rate) / max(site.politeness.delay, 1.0) if rate else 1.0
    return timedelta(seconds=math.ceil(section.limit.total_seconds() * max(1.0, pages) * max(1.0, pace)))
