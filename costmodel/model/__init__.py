"""Where names become indices: a scenario and its draws, through the engine, to a result."""
