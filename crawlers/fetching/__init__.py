"""Fetching: one request at a time through Scrapy, guarded, paced, obeying robots.txt."""
