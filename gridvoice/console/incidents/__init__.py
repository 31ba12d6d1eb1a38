"""舆情事件: the board, one incident, and the acts on it."""
