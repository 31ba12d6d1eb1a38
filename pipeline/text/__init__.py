"""Text 文本: one spelling for matching, phrases and quantities in it. Pure."""
