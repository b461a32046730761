"""The gate before service: a challenger must beat the plain trend, and the champion, by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guideway.prognostics.evaluation import CHAMPION, MODEL, Evaluation
from guideway.prognostics.metrics import Difference

MAX_CALIBRATION_ERROR = 0.05
MIN_EVENTS = 20


@dataclass(frozen=True)
class Decision:
    """Whether the challenger may serve, and every reason for and against in words."""

    promote: bool
    reasons: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for the report and the promotion ledger."""
        return ("promoted: " if self.promote else "refused: ") + "; ".join(self.reasons)


def decide(evaluation: Evaluation, *, max_calibration_error: float = MAX_CALIBRATION_ERROR) -> Decision:
    """Decide on a challenger from its back-test.

    It is refused unless, on later origins, its error is below the plain trend's with a 95 % interval that excludes
    zero, and below the champion's likewise where there is one; and when on lines it has not seen it is worse than the
    plain trend beyond doubt, or its probability (with at least 20 exceedances to judge by) is off by more than
    ``max_calibration_error`` on average.
    """
    split = evaluation.splits.get("time")
    if split is None:
        return Decision(False, ("there is not enough history for a back-test on later origins",))
    against: list[str] = []
    favour: list[str] = []
    rivals = {"trend": "the plain trend", CHAMPION: "the champion"}
    for name, words in rivals.items():
        difference = split.error_difference.get(name)
        if difference is None:
            continue
        text = _words(difference, split.scores[name].mae)
        if name == CHAMPION and not difference.n_assets:
            against.append("has no outcome to be judged by that the champion was not trained on: the champion stays")
        elif difference.is_better:
            favour.append(f"beats {words} on later origins ({text})")
        else:
            against.append(f"does not beat {words} on later origins ({text})")
    line = evaluation.splits.get("line")
    if line is not None and line.error_difference["trend"].is_worse:
        text = _words(line.error_difference["trend"], line.scores["trend"].mae)
        against.append(f"is worse than the plain trend on lines it has not seen ({text})")
    error = split.scores[MODEL].calibration_error
    if split.n_events >= MIN_EVENTS and math.isfinite(error) and error > max_calibration_error:
        against.append(f"its probabilities are off by {100 * error:.1f} points on average")
    return Decision(not against, tuple(against or favour))


def unasked(judged: Decision) -> Decision:
    """The decision where MLflow was down: there may be a champion, and nobody passes it by unheard."""
    return Decision(False, ("stays a challenger: MLflow could not be asked for the champion", judged.summary))


def stand_in(refused: Decision) -> Decision:
    """The decision to let the plain trend serve where no model serves yet and the first challenger was refused."""
    return Decision(True, ("no champion yet: the plain trend serves, its probabilities calibrated", refused.summary))


def _words(difference: Difference, rival_error: float) -> str:
    if not rival_error > 0 or not math.isfinite(difference.mean):
        return "no rows to compare"
    mean, low, high = (100 * x / rival_error for x in (difference.mean, difference.low, difference.high))
    return f"error {mean:+.1f} %, interval {low:+.1f} to {high:+.1f} %, {difference.n_assets} assets"
