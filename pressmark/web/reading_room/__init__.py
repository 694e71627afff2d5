"""The reading room: where researchers find an article, see how it changed, and stand in front of the page as it was."""
