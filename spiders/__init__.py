"""Fetch and read a site: one section spider, and page objects by layout."""

if __name__ == "spiders":  # A checkout has this folder twice: at its top, and in the package by a link.
    raise ImportError("spiders is a part of the package: import pressmark.spiders")
