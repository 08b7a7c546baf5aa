"""Where does it pay? Every population and therapy on one map: a course against what is spent on these people."""

from costmodel.app.parts import where

where.show_map()
