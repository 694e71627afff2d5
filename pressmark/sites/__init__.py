"""Sites: their files, sections, hosts and what a crawl may ask of them."""
