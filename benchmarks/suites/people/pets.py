"""Which photos show a cat or a dog, by what ImageNet's classes say of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from training.networks.efficientnet import SCALES, Backbone, EfficientNetLite, imagenet_weights

SIDE = 224
"""Of the square that the network was trained on, in pixels."""

DOGS, CATS = slice(151, 269), slice(281, 286)
"""Classes of ImageNet-1k."""

SURE = 0.5
"""Of all classes of cats and dogs together, from which on one is there."""

STRIDE = 32
"""Of the last features."""

PARTS = ("running_mean", "running_var", "weight", "bias")
"""Of a norm."""


@lru_cache(maxsize=1)
def network() -> tuple[EfficientNetLite, Mapping[str, Tensor]]:
    """EfficientNet-Lite0, and all weights of its package: those of its classifier among them."""
    return EfficientNetLite(Backbone.LITE0).load_imagenet().eval(), imagenet_weights(Backbone.LITE0)


@torch.no_grad()
def shows_pet(photo: Path) -> bool:
    """Whether a photo shows a cat or a dog."""
    backbone, weights = network()
    with Image.open(photo) as image:
        small = np.array(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    x = backbone(torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255)[STRIDE] * SCALES[STRIDE]
    x = F.conv2d(x, weights["_conv_head.weight"])
    mean, variance, scale, shift = (weights[f"_bn1.{part}"] for part in PARTS)
    x = F.relu6(F.batch_norm(x, mean, variance, scale, shift, eps=1e-3)).mean((2, 3))
    chances = F.linear(x, weights["_fc.weight"], weights["_fc.bias"]).softmax(1)[0]
    return bool(chances[DOGS].sum() + chances[CATS].sum() > SURE)
