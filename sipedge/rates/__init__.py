"""How much of what comes and goes is too much: rates, shares, queues, pauses and bans. The time is an argument."""
