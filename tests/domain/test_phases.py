"""How phases follow from bands, orders and time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.phases import PhaseState, advance_phase, compute_phase_end, start_phase
from models.base import utc
from models.states import Band, Phase

NOW = utc(2026, 6, 1)
LONG_AGO = NOW - timedelta(days=400)


def stand(phase: Phase, days: float = 1) -> PhaseState:
    return PhaseState(phase=phase, since=NOW - timedelta(days=days))


def test_a_new_client_is_onboarding_and_one_with_history_stands_by_their_score() -> None:
    assert start_phase(NOW, None, Band.LAPSED, NOW).phase is Phase.ONBOARDING
    assert start_phase(LONG_AGO, LONG_AGO, Band.AT_RISK, NOW).phase is Phase.AT_RISK
    assert start_phase(LONG_AGO, None, Band.LAPSED, NOW).phase is Phase.LAPSED


def test_onboarding_ends_with_the_first_order_or_after_its_time() -> None:
    onboarding = stand(Phase.ONBOARDING, 5)
    assert advance_phase(onboarding, Band.LAPSED, None, NOW) == onboarding
    assert advance_phase(onboarding, Band.ACTIVE, NOW, NOW).phase is Phase.ACTIVE
    assert advance_phase(stand(Phase.ONBOARDING, 31), Band.COOLING, None, NOW).phase is Phase.COOLING


@pytest.mark.parametrize("away", [Phase.AT_RISK, Phase.LAPSED, Phase.DORMANT])
def test_an_order_after_drifting_away_wins_the_client_back_for_a_while(away: Phase) -> None:
    back = advance_phase(stand(away, 20), Band.ACTIVE, NOW, NOW)
    assert back == PhaseState(phase=Phase.WON_BACK, since=NOW)
    assert advance_phase(stand(Phase.WON_BACK, 31), Band.ACTIVE, NOW - timedelta(days=31), NOW).phase is Phase.ACTIVE
    assert advance_phase(stand(Phase.WON_BACK, 5), Band.AT_RISK, None, NOW).phase is Phase.AT_RISK


def test_a_lapsed_client_becomes_dormant_and_stays_so_until_something_happens() -> None:
    assert advance_phase(stand(Phase.LAPSED, 59), Band.LAPSED, LONG_AGO, NOW).phase is Phase.LAPSED
    assert advance_phase(stand(Phase.LAPSED, 60), Band.LAPSED, LONG_AGO, NOW).phase is Phase.DORMANT
    dormant = stand(Phase.DORMANT, 900)
    assert advance_phase(dormant, Band.LAPSED, LONG_AGO, NOW) == dormant


def test_browsing_alone_lifts_by_band_without_winning_back() -> None:
    assert advance_phase(stand(Phase.LAPSED, 3), Band.COOLING, LONG_AGO, NOW).phase is Phase.COOLING


def test_an_erased_client_stays_erased() -> None:
    assert advance_phase(stand(Phase.ERASED), Band.ACTIVE, NOW, NOW).phase is Phase.ERASED


def test_a_phase_that_did_not_change_keeps_its_beginning() -> None:
    cooling = stand(Phase.COOLING, 12)
    assert advance_phase(cooling, Band.COOLING, LONG_AGO, NOW) is cooling
    assert compute_phase_end(cooling) is None
