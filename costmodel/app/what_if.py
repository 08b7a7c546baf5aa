"""What if? Cautious, base, favourable and the reader's own side by side, and what others sent."""

from costmodel.app.parts import what_if

what_if.show_all()
