"""The crawl process, its spider, and one source tried out."""
