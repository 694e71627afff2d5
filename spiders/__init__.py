"""Fetch and read a site: one section spider, and page objects by layout."""
