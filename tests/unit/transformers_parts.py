"""Tiny networks of transformers' own classes, with random weights, as folders like those one fetches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

_IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
_NECK = {
    "encoder_hidden_dim": 32,
    "encoder_in_channels": [16, 24, 32],
    "encoder_ffn_dim": 32,
    "encoder_attention_heads": 2,
    "d_model": 32,
    "num_queries": 20,
    "decoder_in_channels": [32, 32, 32],
    "decoder_ffn_dim": 32,
    "decoder_attention_heads": 2,
    "decoder_layers": 2,
    "num_denoising": 4,
}
_OUT = ["stage2", "stage3", "stage4"]


def _rt_detr(**more: Any) -> Any:
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 24, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=_OUT,
    )
    return transformers.RTDetrConfig(backbone_config=backbone, **_NECK, **more)


def _d_fine(**more: Any) -> Any:
    backbone = transformers.HGNetV2Config(
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 16, 16, 24],
        stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[16, 16, 24, 32],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1],
        hidden_sizes=[16, 16, 24, 32],
        embedding_size=8,
        depths=[1, 1, 1, 1],
        out_features=_OUT,
    )
    points = {"decoder_n_points": [2, 2, 2], "hidden_expansion": 0.5}
    return transformers.DFineConfig(backbone_config=backbone, **points, **_NECK, **more)


def _segformer(**more: Any) -> Any:
    return transformers.SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 24, 32],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        **more,
    )


def _upernet(**more: Any) -> Any:
    """One that ONNX has no words for: it pools to sizes that do not divide."""
    stages = ["stage1", "stage2", "stage3", "stage4"]
    backbone = transformers.ConvNextConfig(
        hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], out_features=stages
    )
    return transformers.UperNetConfig(
        backbone_config=backbone,
        hidden_size=16,
        auxiliary_in_channels=24,
        auxiliary_channels=8,
        **more,
    )


_MADE = {
    "rt_detr": (_rt_detr, "RTDetrForObjectDetection"),
    "d_fine": (_d_fine, "DFineForObjectDetection"),
    "segformer": (_segformer, "SegformerForSemanticSegmentation"),
    "upernet": (_upernet, "UperNetForSemanticSegmentation"),
}


def tiny(kind: str, folder: Path, *, names: tuple[str, ...] = ("bolt", "cat", "gear")) -> Path:
    """A folder with a tiny network of that kind, which has learnt nothing, for classes of those names."""
    configured, network = _MADE[kind]
    config = configured(
        id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)}
    )
    transformers.utils.logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        getattr(transformers, network)(config).save_pretrained(folder)
    normalised = (
        {"do_normalize": True, **_IMAGENET} if kind == "segformer" else {"do_normalize": False}
    )
    prepared = {"size": {"height": 96, "width": 128}, "rescale_factor": 1 / 255, **normalised}
    (folder / "preprocessor_config.json").write_text(json.dumps(prepared))
    return folder
