"""Control of vibration and noise: what a level is made of, what a measure brings, which source to treat first."""

from guideway.monitoring.noise_control.insertion_loss import (
    InsertionLoss,
    adjusted_insertion_loss,
    paired_insertion_loss,
)
from guideway.monitoring.noise_control.level_split import LevelSplit, split_levels
from guideway.monitoring.noise_control.sources import CorrugatedStretch, FlatWheel, RankedSource, rank_sources

__all__ = [
    "CorrugatedStretch",
    "FlatWheel",
    "InsertionLoss",
    "LevelSplit",
    "RankedSource",
    "adjusted_insertion_loss",
    "paired_insertion_loss",
    "rank_sources",
    "split_levels",
]
