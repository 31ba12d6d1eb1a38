"""Severity 等级: how grave a complaint and an incident are. Pure."""
