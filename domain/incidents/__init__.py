"""Incidents 事件: what people may do with them, what happens to them, which are asked for."""
