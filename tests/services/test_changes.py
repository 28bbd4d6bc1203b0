"""Each change that somebody can ask for: refused to a role that may not, on record once with what it changed, and not
made at all where it cannot be put on record. A new action without an entry here fails."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from pyrage.x25519 import Identity
from sqlalchemy import Connection, Engine, insert, select, text, update

from algorithms.slots.policy_changes import edit_policy
from algorithms.slots.registry import Registry
from domain.permissions import ROLES, Action
from errors import NotAllowed, SelvedgeError
from ingest.files import import_file
from ingest.replays import retry_letter
from ingest.stream_rows import StreamMessage
from ingest.streams import StreamIntake
from mail.links import LetterKind, LetterTarget, Links
from mail.sink import Sink
from models.actors import Actor, Channel, Role
from models.attributes import AttributeOrder, AttributeType
from models.calls import CallDecision
from models.campaign import CampaignCommand, CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.campaign_people import RetryOrder
from models.catalogue import ItemRow
from models.client_pages import AddressChange, LanguageChoice, PurposeChoice, QuizAnswers
from models.clients import ClientPolicy
from models.dead_letters import LetterSource
from models.drafts import DraftEdit, SentenceChange
from models.fix_views import FixRequestBody
from models.fixes import FixDecision, FixState, FixStep
from models.flags import FlagArm, FlagEffect, FlagOrder, FlagState
from models.lifecycle import Command
from models.offers import OfferOrder
from models.outreach import Conclusion, UnknownMailAnswer
from models.refreshes import RefreshStep
from models.returns import ReturnKind, ReturnReading
from models.segment_answers import SegmentOrder
from models.segments import Everyone
from models.simulation import ResponseModel, ResponseRate, SimulationReport
from models.slot_policies import SlotPolicy
from models.staff_sends import StaffSendOrder
from models.states import CampaignState, OutreachState, TouchKind, VersionState
from models.suppressions import SuppressionOrder, SuppressionRemoval
from models.team import AccountInvitation, ApiKeyOrder
from models.waves import WaveStep
from models.webhooks import EndpointState, WebhookOrder, WebhookReplay, WebhookRotation, WebhookTest
from services.backups.archive import SUFFIX
from services.backups.creation import create_backup
from services.backups.register import Register
from services.backups.restoration import restore
from services.calls.decisions import decide_call
from services.campaigns.choosing import enrol_chosen
from services.campaigns.creation import create_campaign
from services.campaigns.definitions import decide_version, start_version, submit_version
from services.campaigns.finishing import finish_in_time
from services.campaigns.people import retry_people
from services.campaigns.simulation import save_report
from services.campaigns.staff_sends import send_to_staff
from services.campaigns.steering import steer_campaign
from services.client_pages.confirmations import change_address
from services.client_pages.letters import ask_for_address, call_off_address, tag_mailbox
from services.client_pages.preferences import OwnChange, save_language, save_purposes
from services.client_pages.quiz import save_quiz
from services.clients.bulk import export_list, tag_clients
from services.clients.mail_links import leave_list, stay_on_list, withdraw_consent
from services.clients.opening import open_shop
from services.clients.registration import save_client
from services.clients.selection import ClientSelection
from services.clients.steering import steer_client
from services.context import ServiceContext
from services.fixes.client_words import write_to_client
from services.fixes.fit import FitPredictor
from services.fixes.fix_steps import run_fix_step
from services.fixes.requests import request_fix
from services.fixes.settlement import cancel_fix
from services.fixes.stylist_decisions import decide_fix
from services.fixes.swap_search import SwapSearch
from services.fixes.wave_start import begin_wave
from services.flags.lifecycle import save_flag, start_flag, stop_flag
from services.goods.pictures import retry_pictures
from services.goods.wholes import replace_items
from services.ingestion.dead_letters import drop_letter
from services.ingestion.events import ingest_events
from services.mailing.resolution import resolve_mail
from services.mailing.staff_mail import send_staff_mail
from services.mailing.steering import conclude_mail
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from services.privacy.requests import export_client, request_erasure
from services.recommendations.recommender import Recommender
from services.reconciliation.census import MissingWorkflows
from services.reconciliation.repair import ask_for_missing
from services.returns.intake import ReturnArrival, take_returns
from services.returns.suppressions import add_entries, remove_entry
from services.review.claims import claim_draft
from services.review.edits import edit_draft
from services.segments.attributes import declare_attribute
from services.segments.saved import delete_segment, save_segment
from services.slots.policies import change_policy
from services.team.api_keys import create_key, revoke_key
from services.team.invitations import LinkBase
from services.team.people import disable_person, invite_person, reset_person, set_role
from services.team.provider_accounts import join_by_provider
from services.team.second_factor import turn_off_second_factor
from services.team.secrets import seal
from services.team.sign_ins import end_sign_in, set_own_password
from services.training.promotion import promote_model
from services.training.refreshes import begin_refresh
from services.training.requests import train_on_request
from services.webhooks import log as webhook_log
from services.webhooks.delivery import build_allowlist
from services.webhooks.endpoints import add_endpoint, remove_endpoint, rotate_secret, set_endpoint_state
from settings import Settings
from store import tables as t
from store.activity import list_activities
from store.campaigns import campaigns, versions
from store.clients import calls, pending_addresses
from store.clients.preferences import rebuild_preferences
from store.database import connect, read_transaction, write_transaction
from store.events import outbox
from store.experiments import flags
from store.learning import artefacts
from store.learning.artefacts import Artefact
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox, suppress_mailboxes
from store.migrate import find_head
from store.offers import offers
from store.segments import segments
from tests.store.conftest import NOW, REAL
from tests.store.seeds import client_row, event, seed_clients, seed_items
from tests.support.desk import put_draft
from tests.support.ports import free_port
from tests.support.private_data import LETTER, iterate_all_rows, save_everything_about
from tests.support.tables import create_tables

WHO: Final = "privy"
PENDING: Final = "ann.new@shop.example"
"""An address that Ann asked for and has not confirmed."""
STYLIST: Final = "p-sue"
STAFF_ADDRESS: Final = "mia@shop.example"
OLD_PASSWORD: Final = "sing a song of sixpence"
OLD_HASH: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OLD_PASSWORD)
LINKS: Final = LinkBase("https://shop.example", "a key")
NEW_ITEM: Final = ItemRow.model_validate({"item_id": "n1", "title": "New", "category": "knit", "price": "10"})


@dataclass(frozen=True)
class Shop:
    """A store in which each change has something to change."""

    context: ServiceContext
    fix_id: str
    call_id: str

    @property
    def engine(self) -> Engine:
        return self.context.engine

    @property
    def policy(self) -> ShopPolicy:
        return ShopPolicy.from_settings(self.context.settings)

    @property
    def key(self) -> str:
        return self.context.settings.keys.signing


@dataclass(frozen=True)
class Example:
    """A shop's files, from which each test has its own copy, and what they name."""

    home: Path
    fix_id: str
    call_id: str

    def open_shop(self, home: Path) -> Shop:
        settings = Settings(home=home, mailbox_port=free_port(), _env_file=None)
        engine = connect(f"sqlite:///{home / 'store.db'}")
        return Shop(ServiceContext(settings, engine, wall=lambda: REAL), self.fix_id, self.call_id)


@pytest.fixture
def shop(example: Example, tmp_path: Path) -> Iterator[Shop]:
    """A shop of the test's own."""
    opened = example.open_shop(shutil.copytree(example.home, tmp_path / "home"))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def shared_shop(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all tests that must leave it as it is."""
    opened = example.open_shop(shutil.copytree(example.home, tmp_path_factory.mktemp("shared") / "home"))
    yield opened
    opened.engine.dispose()


def _build_flag(slug: str, share: float = 1.0) -> FlagOrder:
    arms = (FlagArm(name="as-now", share=0.5), FlagArm(name="six", share=0.5, effect=FlagEffect(count=6)))
    return FlagOrder(name=slug, namespace=slug, share=share, placements=(slug,), arms=arms)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    home = tmp_path_factory.mktemp("example")
    settings = Settings(home=home, _env_file=None)
    engine = connect(f"sqlite:///{home / 'store.db'}")
    create_tables(engine)
    policy = ShopPolicy.from_settings(settings)
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bea")
        pending_addresses.save_pending(connection, "ann", PENDING, NOW)
        seed_items(connection, policy, "jumper")
        broken = {"item_id": "jumper", "image_url": "https://a.example/b.jpg", "state": "broken", "due_at": REAL}
        connection.execute(insert(t.item_pictures).values(broken))
        gone = hash_mailbox(policy.signing_key, "gone@shop.example", policy.fold_tags)
        suppress_mailboxes(connection, {gone: ("hard_bounce", NOW)})
        fix_id = save_everything_about(connection, policy, WHO, NOW)
        # A private address: a test of it asks nobody.
        endpoint = {"url": "https://127.0.0.1:9/hook", "secret": seal(settings.keys.signing, "whsec_eA==")}
        connection.execute(update(t.webhook_endpoints).values(endpoint))
        withdraw_consent(connection, "bea", 1, NOW, REAL, policy)
        connection.execute(t.activity.delete())
        until = NOW + timedelta(days=3)
        assert calls.open_call(
            connection, "bea", "missed:1", TouchKind.MISSED, assessment_id="a", day="d2", most=9, now=NOW, until=until
        )
        call_id = str(connection.scalar(select(t.calls.c.call_id).where(t.calls.c.client_id == "bea")))
        segments.save_segment(connection, "everybody", "Everybody", Everyone(), "ann", NOW)
        offers.insert_offer(connection, "five", OfferOrder(name="Five", code="FIVE5", percent=5), None, "ann", NOW)
        for slug in ("draft", "runs"):
            flags.insert_flag(connection, slug, _build_flag(slug), "ann", NOW)
        flags.move_flag(connection, "runs", FlagState.RUNNING, {"started_at": NOW, "since": NOW})
        campaigns.create_campaign(connection, CampaignSpec(slug="autumn", name="Autumn"), NOW)
        campaigns.move_campaign(connection, "autumn", CampaignState.PAUSED, NOW)
        # One whose end has come: it was left with a mail in the hands of the mail server, so it has not finished yet.
        campaigns.create_campaign(connection, CampaignSpec(slug="summer", name="Summer", ends_at=NOW), NOW)
        _seed_versions(connection)
        _seed_mails(connection)
        put_draft(connection, "ann", 5)
        outbox.push_nudges(connection, "client", ["ann"], REAL, held=True)
        _seed_team(connection)
        for k in ("a1", "a2"):
            model = {"slot": "risk", "algorithm": "a", "path": "p", "created_at": NOW, "live": True}
            artefacts.add_artefact(connection, Artefact(id=k, **model))
    engine.dispose()
    return Example(home, fix_id, call_id)


def _seed_versions(connection: Connection) -> None:
    """One campaign in each state in which somebody asks something of its version."""
    steps = [{"id": "first", "mail": {"message": "Soft colours."}}]
    for slug, state in (
        ("drafted", VersionState.DRAFT),
        ("submitted", VersionState.AWAITING_APPROVAL),
        ("approved", VersionState.APPROVED),
    ):
        definition = CampaignDefinition.model_validate({"slug": slug, "name": slug, "steps": steps})
        campaigns.insert_draft(connection, definition.build_spec(), NOW)
        row = versions.insert_version(connection, definition, "ann", NOW)
        for step in (VersionState.AWAITING_APPROVAL, VersionState.APPROVED):
            if state is not VersionState.DRAFT and row.state is not state:
                versions.move_version(connection, row, step, NOW)
                row = versions.load_version(connection, slug)


def _seed_team(connection: Connection) -> None:
    account: dict[str, Any] = {
        "account_id": STYLIST,
        "name": "Sue",
        "name_key": "sue",
        "role": "stylist",
        "state": "active",
    }
    account |= {"password_hash": OLD_HASH, "version": 1, "totp_secret": "sealed", "totp_step": 0, "created_at": REAL}
    connection.execute(insert(t.accounts).values(**account, recovery_hashes=[]))
    mia = account | {"account_id": "p-mia", "name": STAFF_ADDRESS, "name_key": STAFF_ADDRESS}
    connection.execute(insert(t.accounts).values(**mia, recovery_hashes=[]))
    signed_in = {"token_hash": "t" * 64, "account_id": STYLIST, "agent": "", "address": ""}
    connection.execute(insert(t.sign_ins).values(**signed_in, began_at=REAL, seen_at=REAL))
    key = {"key_id": "0" * 12, "name": "feed", "secret_hash": "", "role": "operator"}
    connection.execute(insert(t.api_keys).values(**key, created_at=REAL, created_by="eve"))


def _seed_mails(connection: Connection) -> None:
    mail = {"client_id": "ann", "kind": "welcome", "assessment_id": "a1", "score": 50.0, "phase": "active"}
    states = (OutreachState.AWAITING_PERSON, OutreachState.SCHEDULED, OutreachState.SENT, OutreachState.UNKNOWN)
    for n, state in enumerate(states, 1):
        row = {**mail, "n": n, "reason_key": f"k{n}", "state": state, "created_at": NOW, "updated_at": NOW}
        row |= {"message_id": f"<{n}@shop.example>"}
        connection.execute(insert(t.outreaches).values(**row))
    row = {**mail, "n": 1, "created_at": NOW, "updated_at": NOW}
    failed = {"client_id": "bea", "campaign": "spring", "reason_key": "campaign:spring:1", "state": "failed"}
    busy = {"client_id": "eve", "campaign": "summer", "reason_key": "campaign:summer:1", "state": "data"}
    place = {"campaign": "spring", "client_id": "bea", "entry": "1", "state": "completed", "n": 1, "arm": "treated"}
    connection.execute(insert(t.outreaches).values(**row | failed))
    connection.execute(insert(t.outreaches).values(**row | busy))
    connection.execute(insert(t.enrolments).values(**place, enrolled_at=NOW, at=NOW))


Change = Callable[[Shop, Actor], Any]


def _import_clients(shop: Shop, actor: Actor) -> None:
    file = Path(shop.context.settings.home) / "clients.csv"
    file.write_text("client_id,email\nfay,fay@shop.example\n")
    import_file("clients", file, shop.engine, actor, shop.policy, NOW, REAL)


def _open_shop(shop: Shop, actor: Actor) -> None:
    open_shop(shop.engine, actor, NOW, REAL)


def _take_return(shop: Shop, actor: Actor) -> None:
    reading = ReturnReading(
        kind=ReturnKind.FAILED, message_ids=("<3@shop.example>",), hard=True, report_id="report-of-3"
    )
    take_returns(shop.engine, actor, shop.policy, [ReturnArrival(reading)], "file", NOW, REAL)


def _suppress(shop: Shop, actor: Actor) -> None:
    add_entries(shop.engine, actor, shop.policy, [SuppressionOrder(email="eve@shop.example")], NOW, REAL)


def _lift_suppression(shop: Shop, actor: Actor) -> None:
    removal = SuppressionRemoval(email="gone@shop.example", why="asked for mail in the shop")
    remove_entry(shop.engine, actor, shop.policy, removal, NOW, REAL)


def _test_mail(shop: Shop, actor: Actor) -> None:
    sink = Sink.from_settings(shop.context.settings)
    sink.start()
    try:
        asyncio.run(send_staff_mail(shop.context, actor, "staff@shop.example", TouchKind.MISSED))
    finally:
        sink.stop()


def _test_campaign(shop: Shop, actor: Actor) -> None:
    sink = Sink.from_settings(shop.context.settings)
    sink.start()
    order, recommender = StaffSendOrder(to=(STAFF_ADDRESS,)), Recommender(shop.engine, shop.context.settings)
    try:
        send_to_staff(shop.context, recommender, actor, "drafted", order, NOW)
    finally:
        sink.stop()


def _keep_simulation(shop: Shop, actor: Actor) -> None:
    rate = ResponseRate(name="r", rate=0.1, source="assumption", said="so")
    model = ResponseModel(opens=rate, clicks=rate, orders=rate, unsubscribes=rate)
    day = {"starts_on": NOW.date(), "days": 1, "clients": 1, "audience": 1}
    save_report(shop.context, actor, SimulationReport(slug="drafted", seed=1, model=model, **day))


def _resolve_mail(shop: Shop, actor: Actor) -> None:
    resolve_mail(shop.context, actor, "ann", 4, UnknownMailAnswer(verdict="arrived"))


def _steer_client(client_id: str, shop: Shop, actor: Actor, **fields: Any) -> None:
    steer_client(shop.engine, actor, shop.key, client_id, Command(at=REAL, **fields))


def _steer_campaign(slug: str, shop: Shop, actor: Actor, **fields: Any) -> None:
    steer_campaign(shop.engine, actor, slug, CampaignCommand(**fields), NOW, REAL)


def _add_webhook(shop: Shop, actor: Actor) -> None:
    order = WebhookOrder(name="crm", url="https://crm.shop.example/hook")
    add_endpoint(shop.engine, actor, shop.key, build_allowlist(shop.context.settings), order, NOW, REAL)


def _test_webhook(shop: Shop, actor: Actor) -> None:
    asyncio.run(webhook_log.send_test(shop.engine, actor, shop.context.settings, "erp", WebhookTest(), NOW, REAL))


def _finish_campaign(shop: Shop, actor: Actor) -> None:
    with write_transaction(shop.engine) as connection:
        row = campaigns.load_campaign(connection, "summer")
        finish_in_time(connection, actor, row, NOW, REAL)


def _conclude(n: int, code: str, to: OutreachState, shop: Shop, actor: Actor) -> None:
    conclusion = Conclusion.model_validate({"client_id": "ann", "n": n, "at": REAL, "to": to, "code": code})
    with write_transaction(shop.engine) as connection:
        conclude_mail(shop.context.mail_rules, connection, actor, conclusion, NOW, REAL)


def _edit_draft(shop: Shop, actor: Actor) -> None:
    change = SentenceChange(sentence=1, text="A few pieces for you")
    edit_draft(shop.engine, actor, "ann:5", DraftEdit(changes=(change,)), NOW, REAL)


def _decide_fix(shop: Shop, actor: Actor) -> None:
    decision = FixDecision(verdict="reject", by=actor.who)
    fits = FitPredictor(shop.engine, shop.context.settings.home).build_for_client
    search = SwapSearch(shop.engine, shop.context.settings, lambda _: (), fits)
    act = partial(decide_fix, shop.context, actor, search, decision)
    run_fix_step(shop.context, FixStep(fix_id=shop.fix_id, at=REAL), act)


def _set_slot_policy(shop: Shop, actor: Actor) -> bool:
    registry = Registry.from_settings(shop.context.settings, serving=False)
    edit = edit_policy("risk", SlotPolicy(deadline_ms=200))
    try:
        return change_policy(shop.engine, actor, registry, "risk", edit, "slower", now=NOW, real_now=REAL)
    finally:
        registry.close()


def _letter(shop: Shop) -> LetterTarget:
    tag = tag_mailbox(shop.policy.signing_key, PENDING, shop.policy.fold_tags)
    return LetterTarget("ann", LetterKind.ADDRESS, int(NOW.timestamp()), tag)


def _ask_for_address(shop: Shop, actor: Actor) -> None:
    wish = AddressChange(email="other@shop.example")
    ask_for_address(_own(shop, actor), Links.from_settings(shop.context.settings), wish)


def _own(shop: Shop, actor: Actor) -> OwnChange:
    return OwnChange(shop.engine, actor, shop.policy, "ann", 3, NOW, REAL)


def _restore(shop: Shop, actor: Actor) -> None:
    with write_transaction(shop.engine) as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY)"))
        connection.execute(text(f"INSERT OR IGNORE INTO alembic_version VALUES ('{find_head()}')"))
    secret, folder = Identity.generate(), shop.context.settings.home / "backups"
    backups = {"backup_folder": folder, "backup_recipients": str(secret.to_public())}
    settings = shop.context.settings.model_copy(update=backups)
    folder.mkdir(exist_ok=True)
    note, register = create_backup(shop.engine, settings, REAL), Register(folder)
    register.write((), REAL, 0)
    archive = folder / f"{note.name}{SUFFIX}"
    restore(shop.engine, settings, actor, archive, secret, register, REAL, REAL, into=True)


CHANGES: Final[dict[Action, Change]] = {
    Action.ACCEPT_EVENTS: lambda s, a: ingest_events(s.engine, a, [event("e9", "searched")], s.policy, NOW, REAL),
    Action.IMPORT_FILE: _import_clients,
    Action.TAKE_STREAM: lambda s, a: StreamIntake(s.engine, s.policy, {"t": LetterSource.EVENTS}, a).take(
        [StreamMessage(("t", 0), 0, b"{")], {("t", 0): 0}, REAL
    ),
    Action.RETRY_LETTER: lambda s, a: retry_letter(s.engine, a, LETTER, s.policy, NOW, REAL),
    Action.DROP_LETTER: lambda s, a: drop_letter(s.engine, a, LETTER, NOW, REAL),
    Action.REPLACE_GOODS: lambda s, a: replace_items(s.engine, a, [NEW_ITEM], s.policy, NOW, REAL, confirmed=True),
    Action.FETCH_PICTURES: lambda s, a: retry_pictures(s.engine, a, NOW, REAL),
    Action.START_CLIENTS: _open_shop,
    Action.RECONCILE: lambda s, a: ask_for_missing(s.engine, a, MissingWorkflows(clients=["ann"]), NOW, REAL),
    Action.RESTORE: _restore,
    Action.SAVE_CLIENT: lambda s, a: save_client(s.engine, a, client_row("eve"), s.policy, NOW, REAL),
    Action.PAUSE_CLIENT: lambda s, a: _steer_client("ann", s, a, kind="pause", reason="holiday"),
    Action.RESUME_CLIENT: lambda s, a: _steer_client(WHO, s, a, kind="resume"),
    Action.SET_CLIENT_POLICY: lambda s, a: _steer_client(
        "ann", s, a, kind="adjust", policy=ClientPolicy(preferred_hour=7)
    ),
    Action.TAG_CLIENT: lambda s, a: tag_clients(s.engine, a, ["ann"], "spring", NOW, REAL),
    Action.EXPORT_LIST: lambda s, a: "".join(export_list(s.engine, a, ClientSelection(("ann",)), NOW, REAL)),
    Action.LEAVE_LIST: lambda s, a: leave_list(s.engine, a, s.policy, "ann", 3, NOW, REAL),
    Action.STAY_ON_LIST: lambda s, a: stay_on_list(s.engine, a, s.policy, "bea", 1, NOW, REAL),
    Action.ANSWER_QUIZ: lambda s, a: save_quiz(
        s.engine, a, s.policy, "ann", 3, QuizAnswers(measurement=True), (), NOW, REAL
    ),
    Action.CHANGE_CONSENT: lambda s, a: save_purposes(_own(s, a), PurposeChoice(personalisation=False)),
    Action.SET_LANGUAGE: lambda s, a: save_language(_own(s, a), LanguageChoice(locale="fr")),
    Action.REQUEST_LETTER: lambda s, a: ask_for_address(
        _own(s, a), Links.from_settings(s.context.settings), AddressChange(email="x@shop.example")
    ),
    Action.CALL_OFF_ADDRESS: lambda s, a: call_off_address(_own(s, a)),
    Action.CHANGE_ADDRESS: lambda s, a: change_address(s.engine, a, s.policy, _letter(s), NOW, REAL),
    Action.EXPORT_CLIENT: lambda s, a: b"".join(export_client(s.engine, a, s.key, "ann", NOW, REAL)),
    Action.ERASE_CLIENT: lambda s, a: request_erasure(s.engine, a, s.key, "ann", NOW, REAL),
    Action.DECLARE_ATTRIBUTE: lambda s, a: declare_attribute(
        s.engine, a, "points", AttributeOrder(type=AttributeType.NUMBER, meaning="points"), NOW, REAL
    ),
    Action.SAVE_SEGMENT: lambda s, a: save_segment(s.engine, a, "quiet", SegmentOrder(filter="consent"), NOW, REAL),
    Action.CREATE_OFFER: lambda s, a: save_offer(
        s.engine, a, "ten", OfferOrder(name="Ten", code="TEN10", percent=10), s.context.settings, NOW, REAL
    ),
    Action.APPROVE_OFFER: lambda s, a: approve_offer(s.engine, a, "five", s.context.settings, NOW, REAL),
    Action.RETIRE_OFFER: lambda s, a: retire_offer(s.engine, a, "five", s.context.settings, NOW, REAL),
    Action.SAVE_FLAG: lambda s, a: save_flag(s.engine, a, "draft", _build_flag("draft", 0.5), NOW, REAL),
    Action.START_FLAG: lambda s, a: start_flag(s.engine, a, s.context.settings, "draft", NOW, REAL),
    Action.STOP_FLAG: lambda s, a: stop_flag(s.engine, a, "runs", NOW, REAL),
    Action.DELETE_SEGMENT: lambda s, a: delete_segment(s.engine, a, "everybody", NOW, REAL),
    Action.CREATE_CAMPAIGN: lambda s, a: create_campaign(
        s.engine, a, CampaignSpec(slug="winter", name="Winter"), NOW, REAL
    ),
    Action.ENROL_CLIENT: lambda s, a: enrol_chosen(s.engine, a, s.key, "spring", ["ann"], NOW, REAL),
    Action.RETRY_CAMPAIGN: lambda s, a: retry_people(s.engine, a, "spring", RetryOrder(), NOW, REAL),
    Action.FINISH_CAMPAIGN: _finish_campaign,
    Action.SIMULATE_CAMPAIGN: _keep_simulation,
    Action.TEST_CAMPAIGN: _test_campaign,
    Action.SUBMIT_CAMPAIGN: lambda s, a: submit_version(s.engine, a, "drafted", NOW, REAL),
    Action.APPROVE_CAMPAIGN: lambda s, a: decide_version(s.engine, a, "submitted", 1, "approve", NOW, REAL),
    Action.START_CAMPAIGN: lambda s, a: start_version(s.engine, a, "approved", NOW, REAL),
    Action.PAUSE_CAMPAIGN: lambda s, a: _steer_campaign("spring", s, a, kind="pause", reason="stock"),
    Action.RESUME_CAMPAIGN: lambda s, a: _steer_campaign("autumn", s, a, kind="resume"),
    Action.ADJUST_CAMPAIGN: lambda s, a: _steer_campaign("spring", s, a, kind="adjust", change={"priority": 9}),
    Action.END_CAMPAIGN: lambda s, a: _steer_campaign("spring", s, a, kind="end"),
    Action.DECIDE_MAIL: partial(_conclude, 1, "rejected_by_person", OutreachState.REJECTED),
    Action.CLAIM_MAIL: lambda s, a: claim_draft(s.engine, a, "ann:5", "", timedelta(minutes=5), NOW, REAL),
    Action.EDIT_MAIL: _edit_draft,
    Action.STEER_MAIL: partial(_conclude, 2, "cancelled", OutreachState.REJECTED),
    Action.TAKE_RETURN: _take_return,
    Action.SUPPRESS: _suppress,
    Action.LIFT_SUPPRESSION: _lift_suppression,
    Action.TEST_MAIL: _test_mail,
    Action.RESOLVE_MAIL: _resolve_mail,
    Action.DECIDE_CALL: lambda s, a: decide_call(
        s.engine, a, s.call_id, CallDecision(verdict="reached", by="Eve"), NOW, REAL
    ),
    Action.REQUEST_FIX: lambda s, a: request_fix(
        s.engine, a, s.context.settings, "ann", FixRequestBody(request_key="k"), NOW, REAL
    ),
    Action.DECIDE_FIX: _decide_fix,
    Action.CANCEL_FIX: lambda s, a: cancel_fix(s.engine, a, s.fix_id, NOW, REAL),
    Action.WRITE_FIX_NOTE: lambda s, a: write_to_client(s.engine, a, s.fix_id, "Wear it belted.", NOW, REAL),
    Action.SET_SLOT_POLICY: _set_slot_policy,
    Action.START_WAVE: lambda s, a: begin_wave(s.context, a, WaveStep(wave="w9", at=REAL)),
    Action.TRAIN_MODEL: lambda s, a: train_on_request(
        s.engine, a, "profiles", lambda: rebuild_preferences(s.engine, NOW), NOW, REAL
    ),
    Action.START_REFRESH: lambda s, a: begin_refresh(s.context, a, RefreshStep(refresh="r9", at=REAL)),
    Action.INVITE_PERSON: lambda s, a: invite_person(
        s.engine, a, LINKS, AccountInvitation(name="Una", role=Role.VIEWER), NOW, REAL
    ),
    Action.SET_ROLE: lambda s, a: set_role(s.engine, a, STYLIST, Role.MARKETER, NOW, REAL),
    Action.DISABLE_PERSON: lambda s, a: disable_person(s.engine, a, STYLIST, NOW, REAL),
    Action.RESET_PERSON: lambda s, a: reset_person(s.engine, a, LINKS, STYLIST, NOW, REAL),
    Action.CREATE_KEY: lambda s, a: create_key(s.engine, a, ApiKeyOrder(name="crm", role=Role.OPERATOR), NOW, REAL),
    Action.REVOKE_KEY: lambda s, a: revoke_key(s.engine, a, "feed", NOW, REAL),
    Action.ADD_WEBHOOK: _add_webhook,
    Action.SET_WEBHOOK_STATE: lambda s, a: set_endpoint_state(s.engine, a, "erp", EndpointState.DISABLED, NOW, REAL),
    Action.ROTATE_WEBHOOK: lambda s, a: rotate_secret(s.engine, a, s.key, "erp", WebhookRotation(), NOW, REAL),
    Action.REPLAY_WEBHOOK: lambda s, a: webhook_log.replay(
        s.engine, a, "erp", WebhookReplay(message_id="msg_1"), NOW, REAL
    ),
    Action.TEST_WEBHOOK: _test_webhook,
    Action.REMOVE_WEBHOOK: lambda s, a: remove_endpoint(s.engine, a, "erp", NOW, REAL),
    Action.SET_PASSWORD: lambda s, a: set_own_password(s.engine, a, STYLIST, OLD_PASSWORD, "lavender blue", NOW, REAL),
    Action.SET_SECOND_FACTOR: lambda s, a: turn_off_second_factor(s.engine, a, STYLIST, "", NOW, REAL),
    Action.END_SIGN_IN: lambda s, a: end_sign_in(s.engine, a, STYLIST, "t" * 64, NOW, REAL),
    Action.JOIN_BY_PROVIDER: lambda s, a: join_by_provider(s.engine, a, "f" * 64, NOW, REAL),
    Action.PROMOTE_MODEL: lambda s, a: promote_model(s.engine, a, "a1", NOW, REAL),
}

ONCE: Final = frozenset(Action) - {
    Action.EXPORT_CLIENT,
    Action.EXPORT_LIST,
    Action.TRAIN_MODEL,
    Action.TEST_MAIL,
    Action.TEST_CAMPAIGN,
    Action.SIMULATE_CAMPAIGN,
    Action.REQUEST_LETTER,
    Action.RESET_PERSON,
    Action.RECONCILE,
    Action.ROTATE_WEBHOOK,
    Action.REPLAY_WEBHOOK,
    Action.TEST_WEBHOOK,
    Action.RESTORE,
}
"""Doing these twice is doing them once; two exports, trainings, mails to staff, links, tests, secrets
or orders to start are two."""
OVER: Final = frozenset(
    {
        Action.RETRY_LETTER,
        Action.DROP_LETTER,
        Action.CANCEL_FIX,
        Action.END_CAMPAIGN,
        Action.DELETE_SEGMENT,
        Action.LIFT_SUPPRESSION,
        Action.RESOLVE_MAIL,
        Action.CHANGE_ADDRESS,
        Action.INVITE_PERSON,
        Action.CREATE_KEY,
        Action.REVOKE_KEY,
        Action.SET_PASSWORD,
        Action.END_SIGN_IN,
        Action.ADD_WEBHOOK,
        Action.REMOVE_WEBHOOK,
    }
)
"""Doing these again is refused: what has ended says so."""

ELSEWHERE: Final = frozenset(
    {Action.EXPORT_CLIENT, Action.EXPORT_LIST, Action.SET_SLOT_POLICY, Action.TEST_MAIL, Action.TEST_CAMPAIGN}
)
"""These change no other table: an export reads, slots have a file, and a mail to staff leaves no row."""
OF_NO_CLIENT: Final = frozenset({Action.SUPPRESS, Action.LIFT_SUPPRESSION, Action.TEST_MAIL})
"""These are about an address, not about a client."""

REFUSED: Final = [(action, role) for action in Action for role in Role if role not in ROLES[action]]


def build_actor(role: Role) -> Actor:
    return Actor(who="eve", role=role, channel=Channel.PAGE)


def dump(shop: Shop) -> list[tuple[str, str]]:
    with read_transaction(shop.engine) as connection:
        return sorted(iterate_all_rows(connection))


def test_every_action_is_tried_here() -> None:
    assert set(CHANGES) == set(Action)


@pytest.mark.parametrize(("action", "role"), REFUSED, ids=str)
def test_who_may_not_changes_nothing(shared_shop: Shop, action: Action, role: Role) -> None:
    before = dump(shared_shop)
    with pytest.raises(NotAllowed, match=f"the role {role}, which may not do {action}"):
        CHANGES[action](shared_shop, build_actor(role))
    assert dump(shared_shop) == before


@pytest.mark.parametrize("action", Action)
def test_a_change_is_on_record_once_with_who_made_it(shop: Shop, action: Action) -> None:
    actor = build_actor(Role.OWNER)
    before = dump(shop)
    CHANGES[action](shop, actor)
    if action in ONCE:
        try:
            CHANGES[action](shop, actor)
        except SelvedgeError:
            assert action in OVER
    with read_transaction(shop.engine) as connection:
        [row] = list_activities(connection)
    assert (row.actor, row.action, row.real_at) == (actor, action, REAL)
    changed = {table for table, _ in set(dump(shop)) ^ set(before)}
    assert changed - {"activity"} or action in ELSEWHERE, "it changed something besides the log"
    if action.startswith(("client", "mail", "call", "fix")) and action not in OF_NO_CLIENT:
        assert row.subject.client_id in {"ann", "bea", "eve", WHO}


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.SET_SLOT_POLICY, Action.RESTORE}))
def test_what_cannot_be_put_on_record_is_not_changed(shop: Shop, action: Action) -> None:
    """A trigger refuses every row of the log: the change and its row stand or fall together."""
    with write_transaction(shop.engine) as connection:
        connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, 'full'); END"))
    before = dump(shop)
    with pytest.raises(Exception, match="full"):
        CHANGES[action](shop, build_actor(Role.OWNER))
    assert dump(shop) == before


def test_a_page_s_stylist_is_refused_a_campaign_and_may_decide_a_fix(shop: Shop) -> None:
    stylist = build_actor(Role.STYLIST)
    with write_transaction(shop.engine) as connection:
        connection.execute(update(t.fixes).values(state=FixState.PROPOSED))
    CHANGES[Action.DECIDE_FIX](shop, stylist)
    with pytest.raises(NotAllowed, match=r"may not do campaign\.end"):
        CHANGES[Action.END_CAMPAIGN](shop, stylist)
