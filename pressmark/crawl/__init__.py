"""One crawl: its process, what it makes of captures, and what it does about crawls that were killed."""
