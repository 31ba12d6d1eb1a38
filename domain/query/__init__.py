"""The query language: how it is written (parse), what it says (tree), what it fits (match)."""
