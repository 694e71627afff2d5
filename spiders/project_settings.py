"""Scrapy's settings for its own tools (`scrapy.cfg`): a spider for each site, no pipeline, and nothing is stored."""

from pressmark.config import Config
from pressmark.crawl.state.run import user_agent

BOT_NAME = "pressmark"
SPIDER_MODULES = ["pressmark.spiders.site_spiders"]
USER_AGENT = user_agent(Config.read())
ROBOTSTXT_OBEY = True
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
DOWNLOAD_DELAY_JITTER = 0
LOG_LEVEL = "INFO"
