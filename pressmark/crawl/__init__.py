"""Crawls: their process, their commit, documents from captures, and recovery after a kill."""
