"""Whether scenarios are fit to publish: every number with its source and standing, and nothing recalled unsaid."""

from costmodel.analysis.publication.publish import Fit, Population, published, published_all

__all__ = ["Fit", "Population", "published", "published_all"]
