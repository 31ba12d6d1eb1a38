"""Crawling: source kinds (pure), the fetch guard, the long-lived crawl process, health rules."""
