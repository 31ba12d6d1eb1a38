"""信息源: what comes in, what goes out, how it fares."""
