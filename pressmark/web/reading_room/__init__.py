"""The reading room: researchers search articles, compare their versions and replay pages as captured."""
