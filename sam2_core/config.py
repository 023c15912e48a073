"""What a model is made of and how it behaves, as frozen values; one constant per released model.

A state dict holds neither window sizes, head counts nor behaviour, so these come from here. The names of the flags are
those of the published configurations, because that is where a reader will look them up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

# Far above any model; files that ask for more are damaged or malicious.
_WIDEST = 8192
_DEEPEST = 200


@dataclass(frozen=True)
class HieraConfig:
    """The image encoder's trunk of the published models (section 4 of the paper, appendix D.1).

    Attributes:
        embed_dim: channels of the first stage; they double at each of the three stage changes.
        heads: attention heads of the first stage; they double as well.
        blocks: blocks per stage, finest stage first.
        global_blocks: 0-based numbers of the blocks that attend to the whole picture.
        windows: side of the attention windows per stage, in tokens.
        background_grid: side of the learned background position grid.
    """

    embed_dim: int
    heads: int
    blocks: tuple[int, int, int, int]
    global_blocks: tuple[int, ...]
    windows: tuple[int, int, int, int] = (8, 4, 14, 7)
    background_grid: int = 7
    mlp_ratio: int = 4

    kind: ClassVar[str] = "hiera"
    pixel_mean: ClassVar[tuple[float, float, float]] = (0.485, 0.456, 0.406)
    pixel_std: ClassVar[tuple[float, float, float]] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        _require(0 < self.embed_dim <= _WIDEST and self.heads > 0, "embed_dim or heads is out of range")
        _require(self.embed_dim % self.heads == 0, "embed_dim must be a multiple of heads")
        _require(all(0 < count <= _DEEPEST for count in self.blocks), "each stage has between 1 and 200 blocks")
        sides = (*self.windows, self.background_grid, self.mlp_ratio)
        _require(all(0 < side <= _WIDEST for side in sides), "a window, background_grid or mlp_ratio is out of range")

    @property
    def channels(self) -> tuple[int, int, int, int]:
        """Channels at strides 4, 8, 16 and 32."""
        e = self.embed_dim
        return (e, 2 * e, 4 * e, 8 * e)


_EFFICIENT_NET_CHANNELS = {
    "lite0": (24, 40, 112, 320),
    "lite1": (24, 40, 112, 320),
    "lite2": (24, 48, 120, 352),
}


@dataclass(frozen=True)
class EfficientNetConfig:
    """The small convolutional trunk of the built-in model.

    Attributes:
        name: which EfficientNet; the layout of its blocks belongs to the name.
        channels: channels of the maps at strides 4, 8, 16 and 32; they belong to the name, too.
    """

    name: str = "lite0"
    channels: tuple[int, int, int, int] = _EFFICIENT_NET_CHANNELS["lite0"]

    kind: ClassVar[str] = "efficientnet"
    pixel_mean: ClassVar[tuple[float, float, float]] = (127 / 255, 127 / 255, 127 / 255)
    pixel_std: ClassVar[tuple[float, float, float]] = (128 / 255, 128 / 255, 128 / 255)

    def __post_init__(self) -> None:
        known = ", ".join(_EFFICIENT_NET_CHANNELS)
        _require(self.name in _EFFICIENT_NET_CHANNELS, f"EfficientNet {self.name!r} is unknown, there is {known}")
        channels = _EFFICIENT_NET_CHANNELS[self.name]
        _require(self.channels == channels, f"EfficientNet {self.name!r} has maps of {channels} channels")

    @staticmethod
    def named(name: str) -> EfficientNetConfig:
        """The trunk of that name: `lite0`, `lite1` or `lite2`.

        Raises:
            ValueError: there is no such trunk.
        """
        return EfficientNetConfig(name, _EFFICIENT_NET_CHANNELS.get(name, ()))  # type: ignore[arg-type]


TrunkConfig = HieraConfig | EfficientNetConfig
_TRUNKS: dict[str, type[HieraConfig] | type[EfficientNetConfig]] = {
    HieraConfig.kind: HieraConfig,
    EfficientNetConfig.kind: EfficientNetConfig,
}


@dataclass(frozen=True)
class ModelConfig:
    """One whole model. Widths first, then what versions 2.0 and 2.1 do differently, then behaviour.

    Attributes:
        name: key of this model, as `2.1_tiny` or `built_in`.
        version: `2.0` or `2.1`.
        trunk: the image encoder's trunk.
        image_size: side S of the square model input in pixels, a multiple of 32.
        hidden: width C of the model.
        memory_dim: width Cm of spatial memories; an object pointer is cut into C / Cm tokens.
        decoder_mlp, decoder_heads, iou_hidden: widths inside the mask decoder.
        decoder_depth: blocks of its two-way transformer.
        attention_layers, attention_ffn: layers of the memory attention and the width of their feed-forward part.
        attention_dropout: dropout in the memory attention, in training only.
        dense_hints: clicks and boxes also reach the decoder as maps at stride 4 (built-in model only).
        fine_likeness: whether these maps say what looks like a positive click at stride 8, too, not only at stride 16.
        matching_prior: on tracked frames a mask matched by trunk features goes in as a mask prompt (built-in only).
        prior_share: share of that matched mask in the answer, 0 to 1.
        coarse_memories: on a processor, all memories but the newest are looked at as means of 2 x 2 tokens (built-in
            only).
        box_zoom: a small object in a box is looked at in a part of the picture this many times as wide; 0 = off.
        click_margin: answers to several clicks are bent until each click is this far on its own side, in logits, as
            `bend_to_clicks` says; 0 = off.
        keeps_asked_parts: answers to clicks lose the parts that nobody asked for, as `keep_asked_parts` says.
    """

    name: str
    version: str
    trunk: TrunkConfig
    image_size: int = 1024
    hidden: int = 256
    memory_dim: int = 64
    decoder_mlp: int = 2048
    decoder_heads: int = 8
    iou_hidden: int = 256
    decoder_depth: int = 2
    attention_layers: int = 4
    attention_ffn: int = 2048
    attention_dropout: float = 0.1

    # Version 2.1 turns these four on.
    no_obj_embed_spatial: bool = True
    add_tpos_enc_to_obj_ptrs: bool = True
    proj_tpos_enc_in_obj_ptrs: bool = True
    use_signed_tpos_enc_to_obj_ptrs: bool = True

    num_maskmem: int = 7
    max_obj_ptrs_in_encoder: int = 16
    only_obj_ptrs_in_the_past_for_eval: bool = True
    sigmoid_scale_for_mem_enc: float = 20.0
    sigmoid_bias_for_mem_enc: float = -10.0
    binarize_mask_from_pts_for_mem_enc: bool = True
    multimask_output_in_sam: bool = True
    multimask_output_for_tracking: bool = True
    multimask_min_pt_num: int = 0
    multimask_max_pt_num: int = 1
    use_multimask_token_for_obj_ptr: bool = True
    fixed_no_obj_ptr: bool = True
    soft_no_obj_ptr: bool = False
    dynamic_multimask_via_stability: bool = True
    dynamic_multimask_stability_delta: float = 0.05
    dynamic_multimask_stability_thresh: float = 0.98

    dense_hints: bool = False
    fine_likeness: bool = True
    matching_prior: bool = False
    coarse_memories: bool = False
    prior_share: float = field(default=0.0)
    box_zoom: float = field(default=0.0)
    click_margin: float = 0.0
    keeps_asked_parts: bool = False

    def __post_init__(self) -> None:
        _require(self.version in ("2.0", "2.1"), f"version is {self.version!r}, it can be '2.0' or '2.1'")
        _require(
            self.image_size >= 64 and self.image_size % 32 == 0, f"image_size {self.image_size} is no multiple of 32"
        )
        _require(0 < self.memory_dim <= self.hidden <= _WIDEST, f"hidden {self.hidden} or memory_dim is out of range")
        _require(self.hidden % self.memory_dim == 0, "hidden must be a multiple of memory_dim")
        widths = (
            self.decoder_mlp,
            self.decoder_heads,
            self.iou_hidden,
            self.attention_ffn,
            self.max_obj_ptrs_in_encoder,
        )
        _require(all(0 < width <= 4 * _WIDEST for width in widths), "a width or count is out of range")
        _require(self.hidden % (2 * self.decoder_heads) == 0, "hidden must be a multiple of twice decoder_heads")
        _require(self.hidden % 8 == 0 and self.memory_dim % 4 == 0, "hidden or memory_dim does not divide evenly")
        _require(1 <= self.num_maskmem <= _DEEPEST, "num_maskmem is out of range")
        depths = (self.attention_layers, self.decoder_depth)
        _require(all(1 <= depth <= _DEEPEST for depth in depths), "attention_layers or decoder_depth is out of range")
        _require(0.0 <= self.prior_share <= 1.0, f"prior_share {self.prior_share} is not between 0 and 1")
        _require(self.box_zoom == 0.0 or 1.0 <= self.box_zoom <= 10.0, f"box_zoom {self.box_zoom} is out of range")

    @property
    def grid(self) -> int:
        """Side of the coarse feature map that memories and masks are attended on: S / 16."""
        return self.image_size // 16

    @property
    def low_res(self) -> int:
        """Side of the mask logits as the decoder makes them: S / 4."""
        return self.image_size // 4

    @property
    def pointer_tokens(self) -> int:
        """Number of memory tokens that one object pointer is cut into."""
        return self.hidden // self.memory_dim

    def uses_multimask(self, points: int, *, is_initial: bool) -> bool:
        """Whether a frame with this number of prompt points (a box counts as two) asks for three candidate masks."""
        is_wanted = is_initial or self.multimask_output_for_tracking
        return (
            self.multimask_output_in_sam
            and is_wanted
            and (self.multimask_min_pt_num <= points <= self.multimask_max_pt_num)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for a weight file; `from_dict` reads it back."""
        values = dataclasses.asdict(self)
        values["trunk"] = {"kind": self.trunk.kind, **_plain(values["trunk"])}
        return values

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> ModelConfig:
        """Read what `to_dict` wrote.

        Raises:
            ValueError: a key is unknown or missing, a value has the wrong type or does not fit the others.
        """
        remaining = dict(values)
        trunk = remaining.pop("trunk", None)
        _require(isinstance(trunk, Mapping), "the trunk is missing")
        trunk_values = dict(trunk)
        kind = trunk_values.pop("kind", None)
        _require(isinstance(kind, str) and kind in _TRUNKS, f"the trunk {kind!r} is unknown")
        # Files from before this was a setting: what has the small trunk always looked back so.
        remaining.setdefault("coarse_memories", kind == EfficientNetConfig.kind)
        return ModelConfig(
            trunk=_TRUNKS[kind](**_checked(_TRUNKS[kind], trunk_values)), **_checked(ModelConfig, remaining)
        )


def _require(is_met: bool, fault: str) -> None:
    if not is_met:
        raise ValueError(fault)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _checked(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The given values as keyword arguments of a dataclass, refused if a name or a type is wrong."""
    annotations = {entry.name: str(entry.type) for entry in dataclasses.fields(kind)}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        _require(key in annotations, f"{key!r} is no setting of {kind.__name__}")
        wanted = annotations[key]
        if wanted.startswith("tuple"):
            _require(isinstance(value, list | tuple), f"{key!r} must be a list of whole numbers")
            _require(all(type(entry) is int and entry >= 0 for entry in value), f"{key!r} must hold whole numbers")
            _require("..." in wanted or len(value) == wanted.count("int"), f"{key!r} has {len(value)} entries")
            checked[key] = tuple(value)
        elif wanted == "float":
            _require(type(value) in (int, float), f"{key!r} must be a number")
            checked[key] = float(value)
        else:
            _require(type(value).__name__ == wanted, f"{key!r} must be of type {wanted}")
            checked[key] = value
    required = {entry.name for entry in dataclasses.fields(kind) if entry.default is dataclasses.MISSING}
    missing = sorted(required - checked.keys() - {"trunk"})
    _require(not missing, f"{', '.join(missing)} missing in {kind.__name__}")
    return checked


_OFFICIAL_TRUNKS = {
    "tiny": HieraConfig(96, 1, (1, 2, 7, 2), (5, 7, 9)),
    "small": HieraConfig(96, 1, (1, 2, 11, 2), (7, 10, 13)),
    "base_plus": HieraConfig(112, 2, (2, 3, 16, 3), (12, 16, 20), background_grid=14),
    "large": HieraConfig(144, 2, (2, 6, 36, 4), (23, 33, 43), windows=(8, 4, 16, 8)),
}


def _official(version: str, size: str) -> ModelConfig:
    is_21 = version == "2.1"
    return ModelConfig(
        name=f"{version}_{size}",
        version=version,
        trunk=_OFFICIAL_TRUNKS[size],
        no_obj_embed_spatial=is_21,
        add_tpos_enc_to_obj_ptrs=is_21,
        proj_tpos_enc_in_obj_ptrs=is_21,
        use_signed_tpos_enc_to_obj_ptrs=is_21,
    )


CONFIGS: dict[str, ModelConfig] = {
    f"{version}_{size}": _official(version, size) for version in ("2.0", "2.1") for size in _OFFICIAL_TRUNKS
}
"""The eight published models, by `<version>_<size>`."""

BUILT_IN = ModelConfig(
    name="built_in",
    version="2.1",
    trunk=EfficientNetConfig(),
    image_size=512,
    hidden=128,
    memory_dim=32,
    decoder_mlp=512,
    decoder_heads=4,
    iou_hidden=128,
    attention_layers=2,
    attention_ffn=512,
    # With a matched mask as the prompt a tracked frame is not ambiguous, and the single mask follows better.
    multimask_output_for_tracking=False,
    dynamic_multimask_via_stability=False,
    dense_hints=True,
    matching_prior=True,
    coarse_memories=True,
    prior_share=0.6,
    box_zoom=2.5,
    click_margin=4.0,
    keeps_asked_parts=True,
)
"""The small model that comes with the program."""
