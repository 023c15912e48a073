"""The model's parts: what must hold whatever the weights are."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from sam2_core.config import BUILT_IN, ModelConfig
from sam2_core.model import precision
from sam2_core.model.blocked_attention import blocked_attention, narrow_attention, thin_grids
from sam2_core.model.layers import LayerNorm2d, Upscale2x
from sam2_core.model.position import rotary_table, rotate
from sam2_core.model.sam2 import ABSENT_LOGIT, ImageFeatures, Sam2Model


@pytest.fixture
def image(small_model: Sam2Model) -> ImageFeatures:
    with torch.inference_mode():
        return small_model.encode_image(torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)))


POINTS = torch.tensor([[[20.0, 30.0], [50.0, 10.0], [5.0, 60.0]]])
LABELS = torch.tensor([[1, 0, 1]])


def test_features_have_the_documented_shapes(image: ImageFeatures) -> None:
    assert image.high_res_0.shape == (1, 4, 16, 16)
    assert image.high_res_1.shape == (1, 8, 8, 8)
    assert image.vision.shape == image.position.shape == (1, 32, 4, 4)
    assert image.trunk is None


def test_the_order_of_clicks_does_not_matter(small_model: Sam2Model, image: ImageFeatures) -> None:
    order = [2, 0, 1]
    with torch.inference_mode():
        features = small_model.without_memory(image.vision)
        one = small_model.decode(features, image, POINTS, LABELS, None, False)
        other = small_model.decode(features, image, POINTS[:, order], LABELS[:, order], None, False)
    torch.testing.assert_close(one.low_res, other.low_res, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(one.pointer, other.pointer, atol=1e-5, rtol=1e-4)


def test_several_objects_at_once_equal_each_alone(small_model: Sam2Model, image: ImageFeatures) -> None:
    generator = torch.Generator().manual_seed(2)
    memory = torch.randn(2 * 16 + 4, 3, 8, generator=generator)
    places = torch.randn(2 * 16 + 4, 3, 8, generator=generator)
    with torch.inference_mode():
        together = small_model.condition(image.vision, image.position, memory, places, 4)
        assert together.shape == (3, 32, 4, 4)
        head = small_model.decode(together, image, None, None, None, True)
        for i in range(3):
            row = slice(i, i + 1)
            alone = small_model.condition(image.vision, image.position, memory[:, row], places[:, row], 4)
            torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=1e-4)
            answer = small_model.decode(alone, image, None, None, None, True)
            torch.testing.assert_close(head.low_res[row], answer.low_res, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(head.pointer[row], answer.pointer, atol=1e-5, rtol=1e-4)


def test_the_best_of_three_candidates_is_chosen(small_model: Sam2Model, image: ImageFeatures) -> None:
    with torch.inference_mode():
        head = small_model.decode(image.vision, image, POINTS[:, :1], LABELS[:, :1], None, True)
    assert head.candidates.shape == (1, 3, 16, 16)
    assert head.best.item() == head.ious.argmax().item()
    assert torch.equal(head.low_res[0, 0], head.candidates[0, head.best.item()])
    assert head.high_res.shape == (1, 1, 64, 64)


def test_an_absent_object_has_no_mask_and_the_pointer_for_absence(small_model: Sam2Model, image: ImageFeatures) -> None:
    with torch.inference_mode():
        small_model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-50.0)
        head = small_model.decode(image.vision, image, POINTS, LABELS, None, False)
    assert head.score.item() < 0
    assert (head.low_res == ABSENT_LOGIT).all() and (head.high_res == ABSENT_LOGIT).all()
    assert torch.equal(head.pointer, small_model.no_obj_ptr)


def test_an_unstable_single_mask_gives_way_outside_training_only(small_model: Sam2Model, image: ImageFeatures) -> None:
    decoder = small_model.sam_mask_decoder
    with torch.inference_mode():
        raw = small_model.decode_raw(image.vision, image, POINTS, LABELS, None)
        assert decoder.stability(raw.masks[:, :1]).item() < 0.98
        best = raw.ious[0, 1:].argmax().item() + 1
        assert torch.equal(decoder.choose(raw, False).masks[0, 0], raw.masks[0, best])
        assert torch.equal(decoder.choose(raw, False).tokens, raw.tokens[:, :1])
        decoder.train()
        assert torch.equal(decoder.choose(raw, False).masks, raw.masks[:, :1])


def test_a_given_mask_is_the_answer(small_model: Sam2Model, image: ImageFeatures) -> None:
    mask = torch.zeros(2, 1, 64, 64)
    mask[0, :, 8:40, 16:48] = 1
    with torch.inference_mode():
        head = small_model.mask_as_output(image, mask)
    assert torch.equal(head.high_res > 0, mask > 0)
    assert head.score.flatten().tolist() == [10.0, -10.0]
    assert head.ious.flatten().tolist() == [1.0, 1.0]
    assert torch.equal(head.pointer[1:], small_model.no_obj_ptr)
    assert not torch.equal(head.pointer[:1], small_model.no_obj_ptr)


def test_memory_tells_prompted_tracked_and_absent_frames_apart(small_model: Sam2Model, image: ImageFeatures) -> None:
    logits = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(3))
    present, absent = torch.tensor([[2.0]]), torch.tensor([[-2.0]])
    with torch.inference_mode():
        tracked = small_model.encode_memory(image.vision, logits, present, False)
        prompted = small_model.encode_memory(image.vision, logits, present, True)
        gone = small_model.encode_memory(image.vision, logits, absent, False)
        soft = Sam2Model(dataclasses.replace(small_model.config, binarize_mask_from_pts_for_mem_enc=False)).eval()
        soft.load_state_dict(small_model.state_dict())
        torch.testing.assert_close(soft.encode_memory(image.vision, logits, present, True), tracked)
    assert tracked.shape == (1, 8, 4, 4)
    assert not torch.allclose(tracked, prompted)
    torch.testing.assert_close(gone - tracked, small_model.no_obj_embed_spatial[..., None, None].expand_as(tracked))


def test_learned_positions_follow_the_weights(small_model: Sam2Model) -> None:
    trunk = small_model.image_encoder.trunk
    pixels = torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        before = trunk.position(16, 16)
        assert torch.equal(trunk.position(16, 16), before)
    with torch.no_grad():
        trunk.pos_embed.add_(1.0)
        torch.testing.assert_close(trunk.position(16, 16), before + 1.0)
    small_model.load_state_dict({key: torch.zeros_like(value) for key, value in small_model.state_dict().items()})
    with torch.inference_mode():
        assert trunk.position(16, 16).abs().max() == 0
        small_model.encode_image(pixels)


def test_training_and_inference_compute_the_same(small_model: Sam2Model) -> None:
    pixels = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    memory = torch.randn(16, 1, 8, generator=torch.Generator().manual_seed(5))

    def answer() -> torch.Tensor:
        image = small_model.encode_image(pixels)
        features = small_model.condition(image.vision, image.position, memory, memory, 0)
        return small_model.decode(features, image, POINTS, LABELS, None, True).low_res

    with torch.inference_mode():
        expected = answer()
    computed = answer()
    torch.testing.assert_close(computed, expected, atol=1e-4, rtol=1e-4)
    computed.square().mean().backward()
    without = {name for name, parameter in small_model.named_parameters() if parameter.grad is None}
    # Only what this walk does not touch may be without a gradient.
    assert {name.split(".")[0] for name in without} <= {
        "memory_encoder",
        "mask_downsample",
        "obj_ptr_proj",
        "obj_ptr_tpos_proj",
        "maskmem_tpos_enc",
        "no_mem_embed",
        "no_mem_pos_enc",
        "no_obj_ptr",
        "no_obj_embed_spatial",
        "sam_prompt_encoder",
        "sam_mask_decoder",
    }
    assert small_model.image_encoder.trunk.pos_embed.grad is not None


def test_half_precision_matrix_products_change_little(small_model: Sam2Model) -> None:
    generator = torch.Generator().manual_seed(8)
    pixels = torch.randn(1, 3, 64, 64, generator=generator)
    memory = torch.randn(2 * 16 + 4, 2, 8, generator=generator)

    def walk() -> tuple[torch.Tensor, ...]:
        image = small_model.encode_image(pixels)
        features = small_model.condition(image.vision, image.position, memory.bfloat16(), memory, 4)
        first = small_model.decode(small_model.without_memory(image.vision), image, POINTS, LABELS, None, True)
        head = small_model.decode(features, image, None, None, first.low_res.expand(2, -1, -1, -1), True)
        kept = small_model.encode_memory(image.vision, head.high_res, head.score, False)
        given = small_model.mask_as_output(image, torch.ones(1, 1, 64, 64))
        return features.float(), head.ious, head.score, head.pointer, kept, given.pointer

    with torch.inference_mode():
        exact = walk()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = walk()
    for precise, rounded in zip(exact, rough, strict=True):
        assert rounded.dtype == torch.float32
        torch.testing.assert_close(rounded, precise, atol=0.25, rtol=0.1)


def test_version_2_0_lacks_what_2_1_added(small_config: ModelConfig, small_model: Sam2Model) -> None:
    old = dataclasses.replace(
        small_config,
        version="2.0",
        no_obj_embed_spatial=False,
        add_tpos_enc_to_obj_ptrs=False,
        proj_tpos_enc_in_obj_ptrs=False,
    )
    extra = small_model.state_dict().keys() - Sam2Model(old).state_dict().keys()
    assert extra == {"no_obj_embed_spatial", "obj_ptr_tpos_proj.weight", "obj_ptr_tpos_proj.bias"}
    ages = torch.tensor([0.0, 0.2, 1.0])
    assert Sam2Model(old).pointer_position(ages).abs().max() == 0
    assert small_model.pointer_position(ages).shape == (3, 8)


def test_the_built_in_model_answers_with_its_own_trunk_and_hints() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Sam2Model(BUILT_IN).eval()
        pixels = torch.randn(1, 3, 512, 512)
    with torch.inference_mode():
        image = model.encode_image(pixels)
        assert image.trunk is not None and [m.shape[1] for m in image.trunk] == list(BUILT_IN.trunk.channels)
        features = model.without_memory(image.vision)
        clicked = model.decode_raw(features, image, POINTS, LABELS, None)
        refined = model.decode_raw(features, image, POINTS, LABELS, clicked.masks[:, :1])
        unprompted = model.decode_raw(features, image, None, None, None)
    assert clicked.masks.shape == refined.masks.shape == unprompted.masks.shape == (1, 4, 128, 128)
    assert not torch.equal(clicked.masks, refined.masks)
    assert not torch.equal(clicked.masks, unprompted.masks)


@pytest.mark.parametrize("keys", [1, 700, 5000])
def test_attention_in_blocks_equals_attention_at_once(keys: int) -> None:
    generator = torch.Generator().manual_seed(6)
    q = 3 * torch.randn(1, 600, 16, generator=generator)
    k = 3 * torch.randn(2, keys, 16, generator=generator)
    v = torch.randn(2, keys, 4, generator=generator)
    expected = F.scaled_dot_product_attention(q.expand(2, -1, -1), k, v)
    with torch.inference_mode():
        torch.testing.assert_close(blocked_attention(q, k, v), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("keys", [1, 700])
def test_attention_in_bfloat16_rounds_and_no_more(keys: int) -> None:
    generator = torch.Generator().manual_seed(6)
    q = 3 * torch.randn(1, 600, 16, generator=generator)
    k = 3 * torch.randn(2, keys, 16, generator=generator)
    v = torch.randn(2, keys, 4, generator=generator)
    expected = F.scaled_dot_product_attention(q.expand(2, -1, -1), k, v)
    with torch.inference_mode():
        narrow = narrow_attention(q, k, v).float()
    assert float((narrow - expected).norm()) < 0.03 * float(expected.norm())


def test_memories_without_detail_are_attended_coarsely_as_they_are_in_full() -> None:
    generator = torch.Generator().manual_seed(6)
    coarse = torch.randn(1, 3, 4, 1, 4, 1, 20, generator=generator).expand(1, 3, 4, 2, 4, 2, 20).reshape(1, 192, 20)
    last = torch.randn(1, 64, 20, generator=generator)
    pointers, q = torch.randn(1, 4, 20, generator=generator), torch.randn(1, 64, 16, generator=generator)
    k, v = torch.cat([coarse, last, pointers], dim=1).split([16, 4], dim=-1)
    fewer_k, fewer_v, bias = thin_grids(k, v, 8, 4)
    assert fewer_k.shape[1] == 3 * 16 + 64 + 4
    with torch.inference_mode():
        thinned = narrow_attention(q, fewer_k, fewer_v, bias).float()
        expected = F.scaled_dot_product_attention(q, k, v)
        forgetful = narrow_attention(q, fewer_k, fewer_v).float()
        torch.testing.assert_close(blocked_attention(q, fewer_k, fewer_v, bias), expected, atol=1e-5, rtol=1e-5)
    assert float((thinned - expected).norm()) < 0.02 * float(expected.norm())
    assert float((forgetful - expected).norm()) > 0.1 * float(expected.norm())


@pytest.mark.parametrize("is_built_in", [True, False])
def test_only_the_built_in_model_is_rounded_to_bfloat16(
    is_built_in: bool, small_model: Sam2Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Sam2Model(dataclasses.replace(BUILT_IN, image_size=64)).eval() if is_built_in else small_model
        side, width, narrow_width = model.config.grid, model.config.hidden, model.config.memory_dim
        vision, mask = torch.randn(1, width, side, side), torch.randn(1, 1, 16 * side, 16 * side)
        memory = torch.randn(2, 2 * side * side + 4, 1, narrow_width)
    position = model.memory_position().new_zeros(1, width, side, side)
    answers = []
    for is_fast in (False, True):
        monkeypatch.setattr(precision, "has_fast_bfloat16", lambda is_fast=is_fast: is_fast)
        with torch.inference_mode():
            conditioned = model.condition(vision, position, memory[0], memory[1], 4)
            answers.append((conditioned, model.encode_memory(vision, mask, torch.ones(1, 1), is_prompted=False)))
    for exact, narrow in zip(*answers, strict=True):
        assert narrow.dtype == torch.float32
        assert torch.equal(exact, narrow) != is_built_in
        assert float((exact - narrow).norm()) < 0.03 * float(exact.norm())


def test_upscaling_with_and_without_gradients_is_the_same_map() -> None:
    layer = Upscale2x(6, 5)
    x = torch.randn(2, 6, 7, 9)
    with torch.no_grad():
        expected = layer(x)
    assert expected.shape == (2, 5, 14, 18)
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)


def test_the_map_norm_works_on_each_pixel_by_itself() -> None:
    x = torch.randn(2, 6, 3, 4)
    centred = x - x.mean(dim=1, keepdim=True)
    expected = centred / (centred.square().mean(dim=1, keepdim=True) + 1e-6).sqrt()
    torch.testing.assert_close(LayerNorm2d(6)(x), expected, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        rounded = LayerNorm2d(6)(x.bfloat16())
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), expected, atol=0.02, rtol=0.01)


def test_turned_keys_only_know_how_far_apart_they_are() -> None:
    side, channels = 6, 16
    table = rotary_table(channels, side, torch.device("cpu"))
    q, k = torch.randn(channels), torch.randn(channels)
    queries, keys = (rotate(one.expand(side * side, channels), table).reshape(side, side, channels) for one in (q, k))
    torch.testing.assert_close(queries.norm(dim=-1), q.norm().expand(side, side))
    near = (queries[1, 1] * keys[2, 4]).sum()
    torch.testing.assert_close((queries[3, 0] * keys[4, 3]).sum(), near, atol=1e-4, rtol=1e-4)
