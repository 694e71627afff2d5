"""Layouts are entry points: a site file names one, and other packages can add layouts."""

import pytest

from pressmark.errors import SiteFileError
from pressmark.extract.layouts import Layout, layout_named, layout_of
from pressmark.sites.site_files import load_sites


def test_layouts_of_shipped_sites_exist() -> None:
    for site in load_sites().values():
        assert isinstance(layout_of(site), Layout)


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no layout 'nope'\. Known: chinadaily"):
        layout_named("nope")
    site = load_sites()["chinadaily"].model_copy(update={"layout": "nope"})
    with pytest.raises(SiteFileError, match="site chinadaily: no layout 'nope'"):
        layout_of(site)
