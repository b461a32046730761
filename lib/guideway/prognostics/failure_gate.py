"""The gate of the models of failures: none that is worse than what serves, of any type of asset."""

from __future__ import annotations

from guideway.prognostics.failures import FailureModel, FailureModels, is_proven
from guideway.prognostics.gate import Decision
from guideway.prognostics.metrics import Difference


def decide_failures(challenger: FailureModels, champion: FailureModels | None) -> Decision:
    """Decide on models of failures: type by type each is one rate for all already unless it beats that (``gain``).

    Without a champion they serve. With one they serve where they know a type the champion does not, or beat it by an
    interval that excludes zero, and are worse of none: neither beyond doubt, nor by having no model any more.
    """
    if champion is None:
        return Decision(True, tuple(f"{kind} {_by(model)}" for kind, model in challenger.models.items()))
    favour, stays = [], []
    worse = [f"{kind} has no model any more" for kind in champion.models if kind not in challenger.models]
    for kind, model in challenger.models.items():
        beside = model.beside_champion
        if kind not in champion.models:
            favour.append(f"{kind} is new: {_by(model)}")
        elif beside is None:
            stays.append(f"{kind} has no outcome to be judged by that the champion was not trained on")
        elif is_proven(beside):
            favour.append(f"{kind} beats the champion ({_loss(beside)})")
        else:
            (worse if beside.is_worse else stays).append(f"{kind} does not beat the champion ({_loss(beside)})")
    return Decision(bool(favour) and not worse, tuple(favour if favour and not worse else worse + stays))


def _by(model: FailureModel) -> str:
    if model.time.covariates:
        return f"beats one rate for all ({_loss(model.gain)})"
    return "has one rate for all"


def _loss(gain: Difference) -> str:
    return f"log loss {gain.mean:+.4f}, interval {gain.low:+.4f} to {gain.high:+.4f}, {gain.n_assets} assets"
