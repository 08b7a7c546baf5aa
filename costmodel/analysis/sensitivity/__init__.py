"""Deterministic sensitivity: inputs moved alone or in pairs, and the values at which an outcome is met."""
