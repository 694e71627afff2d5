"""Sites: their files, sections and hosts, and the limits of a crawl."""
