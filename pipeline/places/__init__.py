"""Places 地点: the gazetteer, and where the matter of a post lies. Pure."""
