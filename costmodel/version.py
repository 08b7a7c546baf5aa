"""The version of the engine."""

__version__ = "0.13.0"


def engine() -> str:
    """The program and its version."""
    return f"costmodel {__version__}"
