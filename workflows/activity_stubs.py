"""The activities as workflows see them: names and types, no implementation.

A test holds each against the activity that bears its name, so that no workflow imports what does the work.
"""

from __future__ import annotations

from temporalio import activity

from models.broadcasts import BroadcastDone, BroadcastStep
from models.campaign import CampaignRound, CampaignStep
from models.erasures import ErasureCount, ErasureLook, ErasureStep
from models.fixes import FixAdmission, FixAdmitted, FixDone, FixEnd, FixStep
from models.lifecycle import Assessment, AssessRequest
from models.outreach import Conclusion, OutreachStep, PolicyRequest, StepDone
from models.refreshes import RefreshCount, RefreshEnd, RefreshPlan, RefreshReport, RefreshStep, SlotOutcome
from models.waves import WaveEnd, WaveReport, WaveStep, WaveTurn


@activity.defn
async def assess(request: AssessRequest) -> Assessment:
    """Apply what signals asked for, score the client, decide what is due."""
    raise NotImplementedError


@activity.defn
async def compose(step: OutreachStep) -> StepDone:
    """Pick, write, review and schedule in one step, with the template writer."""
    raise NotImplementedError


@activity.defn
async def pick(step: OutreachStep) -> StepDone:
    """Choose the items and save the brief."""
    raise NotImplementedError


@activity.defn
async def write(step: OutreachStep) -> StepDone:
    """Have the model write, or rewrite after a review."""
    raise NotImplementedError


@activity.defn
async def review(step: OutreachStep) -> StepDone:
    """Have the model review; `drafted` asks for a rewrite, `in_review` means approved."""
    raise NotImplementedError


@activity.defn
async def schedule(step: OutreachStep) -> StepDone:
    """Choose the moment; the mail is then `scheduled`."""
    raise NotImplementedError


@activity.defn
async def send(step: OutreachStep) -> StepDone:
    """Check the send gate and really send, once."""
    raise NotImplementedError


@activity.defn
async def unpark(step: OutreachStep) -> StepDone:
    """Let a parked mail go on: send late, plan anew or expire."""
    raise NotImplementedError


@activity.defn
async def conclude(conclusion: Conclusion) -> StepDone:
    """Do with a mail what a person asked for: park it, reject it, approve it, move its time."""
    raise NotImplementedError


@activity.defn
async def look_after_draft(step: OutreachStep) -> StepDone:
    """Bring a waiting draft to mind, or reject it at its end; say when to look again."""
    raise NotImplementedError


@activity.defn
async def keep_policy(request: PolicyRequest) -> None:
    """Save a client's mail policy."""
    raise NotImplementedError


@activity.defn(name="campaign_round")
async def run_campaign_round(step: CampaignStep) -> CampaignRound:
    """Apply orders, enrol or drain a share, count."""
    raise NotImplementedError


@activity.defn(name="broadcast")
async def send_part(step: BroadcastStep) -> BroadcastDone:
    """Send the next part of a campaign that goes out in parts."""
    raise NotImplementedError


@activity.defn
async def admit_fix(admission: FixAdmission) -> FixAdmitted:
    """Check whether the client may have this Fix now."""
    raise NotImplementedError


@activity.defn
async def read_note(step: FixStep) -> FixDone:
    """Read the client's note into fields."""
    raise NotImplementedError


@activity.defn
async def rank_fix(step: FixStep) -> FixDone:
    """Choose and score what may go into the box."""
    raise NotImplementedError


@activity.defn
async def assemble_fix(step: FixStep) -> FixDone:
    """Make the box."""
    raise NotImplementedError


@activity.defn
async def reserve_fix(step: FixStep) -> FixDone:
    """Hold its units, all of them or none; `ranked` when the stock has moved."""
    raise NotImplementedError


@activity.defn
async def decide_fix(step: FixStep) -> FixDone:
    """Carry out what the stylist decided, or say why that is refused."""
    raise NotImplementedError


@activity.defn(name="look_fix")
async def check_deadlines(step: FixStep) -> FixDone:
    """Read what became of the Fix meanwhile, and apply its deadlines: nobody decided, or nobody gave feedback."""
    raise NotImplementedError


@activity.defn
async def ship_fix(step: FixStep) -> FixDone:
    """Sell what is held; `ranked` when it no longer is."""
    raise NotImplementedError


@activity.defn
async def end_fix(end: FixEnd) -> FixDone:
    """End the Fix and release its units."""
    raise NotImplementedError


@activity.defn
async def begin_wave(step: WaveStep) -> WaveTurn:
    """Fix the plan: which Fixes, in which parts."""
    raise NotImplementedError


@activity.defn
async def rank_wave_part(step: WaveStep) -> WaveTurn:
    """Rank the Fixes of one part and save what they ask."""
    raise NotImplementedError


@activity.defn
async def open_wave(step: WaveStep) -> WaveTurn:
    """Look at the stock and price it."""
    raise NotImplementedError


@activity.defn
async def answer_wave_part(step: WaveStep) -> WaveTurn:
    """Compute the boxes that the clients of one part would take at this turn's prices."""
    raise NotImplementedError


@activity.defn
async def settle_wave(step: WaveStep) -> WaveTurn:
    """Put the answers of the parts together: better prices, or the boxes."""
    raise NotImplementedError


@activity.defn
async def propose_wave_part(step: WaveStep) -> WaveTurn:
    """Hold the units of each box of one part and propose it."""
    raise NotImplementedError


@activity.defn
async def end_wave(end: WaveEnd) -> WaveReport:
    """Count and save the report."""
    raise NotImplementedError


@activity.defn
async def begin_refresh(step: RefreshStep) -> RefreshPlan:
    """Fix the plan: which days, which slots, how many shards."""
    raise NotImplementedError


@activity.defn
async def gather_features(step: RefreshStep) -> RefreshCount:
    """Bring every client's profile up to the day."""
    raise NotImplementedError


@activity.defn
async def fit_challenger(step: RefreshStep) -> SlotOutcome:
    """Fit a slot's model anew; it does not serve yet."""
    raise NotImplementedError


@activity.defn
async def try_challenger(step: RefreshStep) -> SlotOutcome:
    """Judge the challenger and the champion by the same days."""
    raise NotImplementedError


@activity.defn
async def promote_challenger(step: RefreshStep) -> SlotOutcome:
    """Let the challenger serve if it won."""
    raise NotImplementedError


@activity.defn
async def pick_shard(step: RefreshStep) -> RefreshCount:
    """Make the lists of one shard of clients."""
    raise NotImplementedError


@activity.defn
async def compare_windows(step: RefreshStep) -> RefreshCount:
    """Report what has drifted."""
    raise NotImplementedError


@activity.defn
async def end_refresh(end: RefreshEnd) -> RefreshReport:
    """Count and save the report."""
    raise NotImplementedError


@activity.defn(name="still_client")
async def freeze_client(step: ErasureStep) -> ErasureLook:
    """Hold the client's mail, call off mails and Fixes."""
    raise NotImplementedError


@activity.defn
async def erase_client(step: ErasureStep) -> ErasureCount:
    """Refuse the id from now on and delete all that is kept."""
    raise NotImplementedError
