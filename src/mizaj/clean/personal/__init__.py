"""Personal data in posts: found, and masked, hashed or dropped in every row, also in those set aside.

`alphabet` (what counts as a letter and a digit) and `found` (the kinds) < `at_signs`, `codes`, `numbers` with `digits`
and `telephones` (one module for each way of writing) < `finder` (all kinds, no overlaps), `ways` (what stands in their
place), `candidates` (which rows need looking at), `whole` (columns such as an author) < `step`.
"""

from mizaj.clean.personal.found import KINDS
from mizaj.clean.personal.step import MaskPersonal
from mizaj.clean.personal.ways import WAYS

__all__ = ["KINDS", "WAYS", "MaskPersonal"]
