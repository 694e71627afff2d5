"""Packages: a day's segments in one file that replays by itself (WACZ 1.1.1, https://specs.webrecorder.net/wacz/)."""
