"""Published models in their own words, run by the same engine, beside what their sources print."""

from costmodel.cases.replicate import replicate

__all__ = ["replicate"]
