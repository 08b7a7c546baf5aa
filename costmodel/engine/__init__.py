"""The equations and their execution on arrays. Imports nothing of the rest of costmodel."""
