"""Spiders, one per scope of a run, and the page objects of each layout."""

if __name__ == "spiders":  # A checkout has this folder twice: at the top, and as a link in the package.
    raise ImportError("spiders is a part of the package: import pressmark.spiders")
