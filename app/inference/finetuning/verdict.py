"""Whether a model got better: an honest comparison of two sets of scores."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.inference.finetuning.measure import Kind, Scores

BLOCK = 5
"""Frames that follow each other fail together, so so many of them count as one observation."""
LEAST_BLOCKS = 3
T_FACTORS = ((41, 2.02), (21, 2.09), (11, 2.23), (9, 2.31), (7, 2.45), (5, 2.78), (4, 3.18), (3, 4.3), (0, 12.7))
"""By so many observations and more: standard errors to either side of a mean."""
SMALLEST_GAIN = 0.005
"""Half a point: less is not worth another file, however sure it is."""
TITLES: dict[Kind, str] = {"follow": "followed (J&F)", "box": "from a box (IoU)", "click": "from one click (IoU)"}


class Outcome(StrEnum):
    """What the measuring says."""

    BETTER = "better"
    NOT_BETTER = "not better"
    UNCERTAIN = "too little data to tell"


@dataclass(frozen=True)
class Comparison:
    """One kind of question, before and after.

    Attributes:
        before, after: means, 0 to 1.
        gain: mean difference.
        error: standard error of the gain, with neighbouring frames taken together.
        margin: half the width of the interval that holds the true gain in 95 of 100 cases (Student's t).
        count: masks compared.
        blocks: independent observations among them.
    """

    kind: Kind
    before: float
    after: float
    gain: float
    error: float
    count: int
    blocks: int

    @property
    def margin(self) -> float:
        return self.error * next(factor for blocks, factor in T_FACTORS if self.blocks >= blocks)

    @property
    def is_gain(self) -> bool:
        """Whether it is better, and that is no chance."""
        return self.blocks >= LEAST_BLOCKS and self.gain >= SMALLEST_GAIN and self.gain > self.margin

    @property
    def is_loss(self) -> bool:
        """Whether it is worse, and that is no chance."""
        return self.blocks >= LEAST_BLOCKS and self.gain <= -SMALLEST_GAIN and -self.gain > self.margin

    def __str__(self) -> str:
        return (
            f"{TITLES[self.kind]}: {100 * self.before:.1f} before, {100 * self.after:.1f} after "
            f"({100 * self.gain:+.1f} ± {100 * self.margin:.1f}, {self.count} masks)"
        )


def compare(before: Scores, after: Scores) -> list[Comparison]:
    """The same questions, before and after, by kind; kinds that were not asked are left out."""
    found: list[Comparison] = []
    for kind in TITLES:
        shared = sorted(key for key in before.values if key[0] == kind and key in after.values)
        if not shared:
            continue
        by_block: dict[tuple[str, int, int], list[float]] = defaultdict(list)
        for key in shared:
            by_block[key[1], key[2], key[3] // BLOCK].append(after.values[key] - before.values[key])
        blocks = [float(np.mean(gains)) for gains in by_block.values()]
        error = float(np.std(blocks, ddof=1) / np.sqrt(len(blocks))) if len(blocks) > 1 else 1.0
        means = [float(np.mean([scores.values[key] for key in shared])) for scores in (before, after)]
        found.append(Comparison(kind, means[0], means[1], means[1] - means[0], error, len(shared), len(blocks)))
    return found


def judge(comparisons: list[Comparison]) -> Outcome:
    """Better needs a gain that is no chance in following or in answering, and no such loss in anything.

    Without either there is too little data to tell where a mean gain would matter if it were true, or where hardly
    anything was compared.
    """
    if any(one.is_loss for one in comparisons):
        return Outcome.NOT_BETTER
    if any(one.is_gain for one in comparisons):
        return Outcome.BETTER
    is_promising = any(one.gain >= SMALLEST_GAIN for one in comparisons)
    is_blind = all(one.blocks < LEAST_BLOCKS for one in comparisons)
    return Outcome.UNCERTAIN if is_promising or is_blind else Outcome.NOT_BETTER


def is_worth_listing(outcome: Outcome, comparisons: list[Comparison]) -> bool:
    """Whether the model goes into the list unasked: unless it is no better, or worse as far as one can see."""
    return outcome is Outcome.BETTER or (outcome is Outcome.UNCERTAIN and sum(one.gain for one in comparisons) > 0)


def sentence(outcome: Outcome, comparisons: list[Comparison]) -> str:
    """The verdict in words, with the numbers."""
    said = {
        Outcome.BETTER: "It got better on the frames that were kept back",
        Outcome.NOT_BETTER: "It did not get better on the frames that were kept back",
        Outcome.UNCERTAIN: "There is too little data to tell whether it got better",
    }[outcome]
    return f"{said}: " + "; ".join(map(str, comparisons)) + "." if comparisons else f"{said}: nothing was kept back."
