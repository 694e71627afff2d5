"""How an archive fares: its history, what is wrong with it, and what to do."""
