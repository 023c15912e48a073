"""The card of a fine-tuned model: where it comes from, what it learned from, and how good it was found to be."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.inference.checkpoints import FINE_TUNED, Checkpoint
from app.inference.finetuning.split import Split
from app.inference.finetuning.truth import ClipTruth
from app.inference.finetuning.verdict import Comparison, Outcome

LICENCE_NOTE = (
    "The weights derive from those of the base model, whose licence holds for them too (Apache-2.0 for the built-in "
    "and the official models). They were trained on the pictures of the projects named here: ask whoever holds rights "
    "in those pictures before passing this file on."
)


def make_card(
    name: str,
    base: Checkpoint,
    truths: Sequence[ClipTruth],
    splits: Mapping[Path, Split],
    state: Mapping[str, Any],
    comparisons: Sequence[Comparison],
    said: str,
) -> dict[str, Any]:
    """Plain values for the weight file and for the JSON file beside it."""
    followed = next((one for one in comparisons if one.kind == "follow"), None)
    numbers = f", J&F {100 * followed.before:.1f} → {100 * followed.after:.1f}" if followed else ""
    doubt = "" if state["outcome"] == Outcome.BETTER else f", {state['outcome']}"
    return {
        "kind": FINE_TUNED,
        "name": name,
        "title": f"{name} ({base.title}, fine-tuned{numbers}{doubt})",
        "base": {"name": base.name, "title": base.title, "file": base.path.name},
        "projects": [
            {
                "name": truth.name,
                "objects": sorted(truth.names.values()),
                "masks": truth.count,
                "frames_learned": len(splits[truth.project].learned),
                "frames_kept_back": len(splits[truth.project].held_out),
                "gap": splits[truth.project].gap,
            }
            for truth in truths
        ],
        "training": {
            "steps": state["steps_done"],
            "minutes": state["minutes_done"],
            "sources": state["sources"],
            "learned": "decoder and memory; trunk and neck are those of the base",
        },
        "verdict": state["outcome"],
        "measured": said,
        "numbers": {
            one.kind: {
                "before": round(one.before, 4),
                "after": round(one.after, 4),
                "margin": round(one.margin, 4),
                "masks": one.count,
            }
            for one in comparisons
        },
        "licence": LICENCE_NOTE,
        "date": time.strftime("%Y-%m-%d"),
    }
