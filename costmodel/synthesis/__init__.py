"""What trials say together of therapy's effect on the cost of all other health care."""

from costmodel.synthesis.answer import Synthesis, synthesise

__all__ = ["Synthesis", "synthesise"]
