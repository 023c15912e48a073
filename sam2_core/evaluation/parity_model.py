"""A case's model with the case's weights."""

from __future__ import annotations

import torch

from sam2_core.evaluation.parity_folder import Case, ParityError, ParityFolder
from sam2_core.evaluation.parity_weights import draw_weight
from sam2_core.model.sam2 import Sam2Model


def build_model(folder: ParityFolder, case: Case) -> Sam2Model:
    """The model of a case in evaluation mode, with weights drawn by the collection's rule.

    Raises:
        ParityError: the model's own tensor names or shapes differ from the collection's list.
    """
    description = case.description
    name, seed = description["model"], int(description["weight_seed"])
    with torch.device("meta"):
        model = Sam2Model(folder.config(name, description.get("flags", {})))
    wanted = folder.shapes(name)
    own = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    if own != wanted:
        differing = sorted(key for key in own.keys() | wanted.keys() if own.get(key) != wanted.get(key))
        raise ParityError(
            f"The model {name} has other tensors than the collection lists, the first is {differing[0]!r}."
        )
    rule, tweaks = folder.weight_rule, description.get("weight_tweaks", [])
    weights = {key: draw_weight(rule, seed, key, shape, tweaks) for key, shape in wanted.items()}
    model.load_state_dict(weights, assign=True)
    return model.eval()
