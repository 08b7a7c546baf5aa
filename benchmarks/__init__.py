"""How fast the engine is, as ratios to other programs that do the same work in the same run."""
