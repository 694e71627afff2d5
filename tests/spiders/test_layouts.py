"""Layouts are known by name where page classes are not."""

from pressmark.sites import site_checks
from pressmark.spiders.layouts import LAYOUTS


def test_those_who_read_site_files_know_all_layouts() -> None:
    assert set(LAYOUTS) == site_checks.LAYOUTS
