"""The numbers of the rules: one frozen value, carried in the packed lexicon."""

from __future__ import annotations

from typing import NamedTuple


class Weights(NamedTuple):
    """The numbers of the rules; those fitted on training data come from the packed lexicon.

    Factors multiply, `neutral_*` add to the logit of neutral, `gain` turns polarity into logits.
    """

    negation_of_positive: float = -0.5
    negation_of_negative: float = -0.4
    negation_pull: float = 0.7
    idle_negation: float = -0.6
    polar_floor: float = 0.6
    intensity: float = 1.0
    caps: float = 0.2
    elongation: float = 0.2
    exclaim: float = 0.1
    repeat: float = 0.15
    question: float = 0.6
    conditional: float = 0.5
    wish: float = -0.5
    before_contrast: float = 0.5
    after_contrast: float = 1.3
    concession: float = 0.5
    mocked: float = 0.1
    hollow: float = 0.2
    irony: float = -1.0
    doubt: float = 0.5
    gain: float = 0.5
    bias_positive: float = 0.0
    bias_negative: float = 0.0
    neutral_bias: float = 1.0
    neutral_opinion: float = -0.2
    neutral_question: float = 0.2
    neutral_url: float = 0.2
    neutral_mention: float = 0.0
    neutral_number: float = 0.0
    neutral_length: float = 0.0
