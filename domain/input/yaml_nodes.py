"""A node of a YAML document: what it holds, and what a message calls it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import yaml
from yaml.constructor import SafeConstructor


def plain_value(node: yaml.Node) -> Any:
    value = SafeConstructor().construct_object(node, deep=True)
    return value.isoformat() if isinstance(value, date | datetime) else value


def is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def kind_of(node: yaml.Node) -> str:
    return "列表" if isinstance(node, yaml.SequenceNode) else "一组键值"


def shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else kind_of(node)
