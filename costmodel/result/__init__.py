"""What a run answers: outcomes per draw, and the one table that every output reads."""
