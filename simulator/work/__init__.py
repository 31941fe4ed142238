"""Work that outlives a process: files that appear whole or not at all, one store of results by key, and the code behind them."""
