"""Losses over logits. All take the truth in 0..1 (1 = ink or person), which may be soft, and return one number."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from bgtool.scoring.metrics import DRD_REACH, drd_weights


class Loss(StrEnum):
    """What a network is trained to make small."""

    HESHO = "hesho"
    BCE = "bce"
    BCE_DICE = "bce-dice"
    DRD_DICE = "drd-dice"


def squared_error(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error between sigmoid(logits) and the truth, both float [N, 1, H, W]."""
    return F.mse_loss(torch.sigmoid(logits), truth)


def cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean binary cross-entropy of float [N, 1, H, W] logits against a truth of the same shape."""
    return F.binary_cross_entropy_with_logits(logits, truth)


def soft_dice(logits: Tensor, truth: Tensor) -> Tensor:
    """One minus the Dice coefficient of the whole batch, with squared terms in the denominator.

    Source: Milletari et al. 2016, V-Net, section 3. Pooled over the batch, since a crop may hold no ink at all.
    """
    ink = torch.sigmoid(logits)
    overlap = 2 * (ink * truth).sum() + 1
    return 1 - overlap / (ink.square().sum() + truth.square().sum() + 1)


def cross_entropy_dice(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy plus soft Dice."""
    return cross_entropy(logits, truth) + soft_dice(logits, truth)


def distortion(truth: Tensor) -> Tensor:
    """What DRD would count for each pixel if it were wrong: 0 where all pixels around are of the other kind, 1 within
    ink or paper.

    Source: Lu, Kot and Shi 2004, Distance-reciprocal distortion measure for binary document images, equation 3.

    Args:
        truth: float [N, 1, H, W] in 0..1.

    Returns:
        float [N, 1, H, W] in 0..1.
    """
    weights = torch.from_numpy(drd_weights()).to(truth)[None, None]
    around = F.conv2d(F.pad(truth, (DRD_REACH,) * 4, mode="replicate"), weights)
    return truth * around + (1 - truth) * (1 - around)


def distortion_dice(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy in which every pixel weighs what DRD would count if it were wrong, plus soft Dice."""
    return F.binary_cross_entropy_with_logits(logits, truth, distortion(truth)) + soft_dice(logits, truth)


_STAGE_LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    Loss.HESHO: squared_error,
    Loss.BCE: cross_entropy,
    Loss.BCE_DICE: cross_entropy_dice,
    Loss.DRD_DICE: distortion_dice,
}


def stage_mean(kind: Loss, stages: Sequence[Tensor], truth: Tensor) -> Tensor:
    """The loss of a stacked network: the mean over its stages, all alike.

    With `Loss.HESHO` this is the loss of He and Schomaker 2019 (DeepOtsu, section 3): every stage is held to the
    same clean page, so that what a block adds is the difference that is left.

    Args:
        kind: the loss of one stage.
        stages: logits of each stage, float [N, 1, H, W].
        truth: float [N, 1, H, W] in 0..1.
    """
    stage_loss = _STAGE_LOSSES[kind]
    return torch.stack([stage_loss(logits.float(), truth) for logits in stages]).mean()


def masked_loss(kind: Loss, logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """The loss of a person network: the mean over photos, each of its weighted pixels.

    Dice is taken photo by photo, so that a small person counts as much as a large one; all other pixels share
    one mean.

    Args:
        kind: `Loss.BCE`, or `Loss.BCE_DICE` (Milletari et al. 2016) with linear terms in the denominator.
        logits, truth: float [N, 1, H, W].
        weight: float [N, 1, H, W]; 0 where the truth is not known.
    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, truth, weight, reduction="sum") / weight.sum().clamp(min=1)
    if kind is Loss.BCE:
        return entropy
    if kind is not Loss.BCE_DICE:
        raise ValueError(f"{kind} is no loss for people")
    person, truth = torch.sigmoid(logits) * weight, truth * weight
    overlap = 2 * (person * truth).sum(dim=(1, 2, 3)) + 1
    total = person.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3)) + 1
    return entropy + (1 - overlap / total).mean()
