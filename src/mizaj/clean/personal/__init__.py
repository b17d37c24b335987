"""Personal data in posts: found, and masked, hashed or dropped in every row, also in those set aside.

`alphabet` (what counts as a letter and a digit) < `found` < `at_signs | codes | numbers` (one module for each way of
writing) < `finder` (all kinds, no overlaps) < `ways` (what stands in its place) < `candidates` (which rows need
looking at) < `step`.
"""

from mizaj.clean.personal.finder import KINDS
from mizaj.clean.personal.step import MaskPersonal
from mizaj.clean.personal.ways import WAYS

__all__ = ["KINDS", "WAYS", "MaskPersonal"]
