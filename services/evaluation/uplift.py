"""Learn whom a treatment moves, and judge it on clients who were not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from algorithms.uplift import columns, curves, evaluation, policy_choice, serving
from algorithms.uplift.policy_choice import SingleFeatureRule
from domain.arrays import Floats
from errors import BadInput


def judge_treatment(
    arms: Sequence[str],
    control: str,
    outcome: Floats,
    known: Mapping[str, Sequence[Any]],
    *,
    arm: str,
    rule: str | None,
    seed: int,
    action: str,
    least: float,
    out: Path | None = None,
) -> dict[str, Any]:
    """Choose a policy for `arm` against `control` on half of the clients and measure it on the other half.

    Args: `arms`, `outcome` and each column of `known` hold one value a client; `rule` names the column whose order is
    to be beaten; the policy takes `action` where it adds at least `least`, and is saved to `out` where that is given.
    Raises: BadInput when no column differs between clients, or there is none of the rule's name.
    """
    clients = [client for client, other in enumerate(arms) if other in (arm, control)]
    before = {name: [values[client] for client in clients] for name, values in known.items()}
    trial = curves.UpliftTrial(np.array([arms[client] == arm for client in clients]), outcome[clients])
    features = columns.choose_features(before)
    if not features:
        raise BadInput("no column differs between clients", "file")
    rows = columns.build_matrix(features, before)
    result, choice = evaluation.evaluate(features, rows, trial, _find_rule(features, rule), seed)
    if out is not None:
        policy = policy_choice.fit_policy(choice.name, choice.rule, rows, trial)
        about = {"policy": choice.name, "treatment": arm, "clients": len(clients), "seed": seed,
                 "unseen_half": result["policies"][choice.name]}  # fmt: skip
        serving.UpliftModel(policy, features, action, least, about).save(out)  # type: ignore[arg-type]
        result["kept"] = str(out)
    return result


def _find_rule(features: Any, column: str | None) -> Any:
    if column is None:
        return None
    matches = [index for index, feature in enumerate(features) if column in (feature.column, feature.name)]
    if not matches:
        raise BadInput(f"there is no {column!r}; there are {', '.join(feature.name for feature in features)}", "rule")
    return SingleFeatureRule(matches[0], 1.0)
