"""A service that changes something takes an actor, or says here why it needs none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.gates.source_tree import REPOSITORY, list_nodes, parse_file

WITHOUT_ACTOR: Final = {
    "services/assessment": "called by ClientLifecycle",
    "services/broadcasts": "called by Campaign",
    "services/campaigns/rounds.py": "called by Campaign: enrols and drains",
    "services/campaigns/sequences.py": "called by the worker at its start, and by Campaign",
    "services/campaigns/simulation_world.py": "writes into the copy of a simulation alone",
    "services/journeys": "called by ClientLifecycle and Campaign, and with the events that somebody sent",
    "services/decisions": "puts on record what algorithms answered",
    "services/experiments": "reads",
    "services/fixes/fix_steps.py": "opens the transaction of a step of FixAssignment",
    "services/fixes/settlement.py": "ends a Fix for FixAssignment; what people cancel takes an actor",
    "services/fixes/stylist_decisions.py": "settles by policy what nobody decided in time",
    "services/fixes": "called by FixAssignment and FixWave; what people ask takes an actor",
    "services/goods/pictures.py": "fetches what the catalogue names; what people ask takes an actor",
    "services/key_fingerprints.py": "called at the start of a process",
    "services/webhooks/outcomes.py": "called by the dispatcher of webhooks",
    "services/write_probe.py": "called by health",
    "services/mailing": "called by Outreach; what people ask of a mail takes an actor",
    "services/privacy/client_erasure.py": "called by Erasure",
    "services/reconciliation": "notes what a worker finds; what people ask takes an actor",
    "services/recommendations": "puts on record which page was shown",
    "services/review/holds.py": "called by Outreach, in the transaction that writes the mail",
    "services/review/reminders.py": "called by Outreach",
    "services/segments/daily_counts.py": "counts; called by the nightly training",
    "services/team/sign_in.py": "counts the failures of whoever is not known yet",
    "services/team/sign_ins.py": "begins and notes sign-ins; what people ask takes an actor",
    "services/team/provider_accounts.py": {"join_by_provider"},
    "services/team/second_factor.py": "uses codes up; what people ask takes an actor",
    "services/team/invitations.py": "the signed link says who sets a password",
    "services/training": "called by the nightly training; what people ask of it takes an actor",
    "services/figures": "counts; called by the worker once a day has ended",
    "services/evaluation": "puts on record how algorithms compare",
}
WITH_ACTOR: Final = {
    "services/calls/decisions.py": {"decide_call"},
    "services/backups/restoration.py": {"restore"},
    "services/reconciliation/repair.py": {"ask_for_missing"},
    "services/campaigns/choosing.py": {"enrol_chosen", "undo_enrolment"},
    "services/campaigns/cloning.py": {"clone_campaign"},
    "services/campaigns/creation.py": {"create_campaign"},
    "services/campaigns/finishing.py": {"finish_in_time"},
    "services/campaigns/guardrails.py": {"pause_beyond_limits"},
    "services/campaigns/people.py": {"retry_people"},
    "services/campaigns/preview.py": {"show_preview"},
    "services/campaigns/rewording.py": {"reword_step"},
    "services/campaigns/simulation_jobs.py": {"begin_job", "cancel_job"},
    "services/campaigns/simulation.py": {"prepare_simulation", "save_report"},
    "services/campaigns/staff_sends.py": {"send_to_staff"},
    "services/campaigns/definitions.py": {"save_draft", "submit_version", "decide_version", "start_version"}
    | {"schedule_version"},
    "services/campaigns/scheduled.py": {"start_in_time"},
    "services/campaigns/steering.py": {"steer_campaign", "apply_commands"},
    "services/client_pages/confirmations.py": {"change_address", "export_own_data", "erase_own_data"},
    "services/client_pages/letters.py": {"ask_for_address", "ask_for_letter", "call_off_address"},
    "services/client_pages/preferences.py": {"save_wishes", "save_break", "save_language", "save_purposes"},
    "services/client_pages/quiz.py": {"save_quiz"},
    "services/clients/bulk.py": {"steer_clients", "tag_clients", "export_list", "undo_pause", "undo_tag"},
    "services/clients/mail_links.py": {"leave_list", "stay_on_list"},
    "services/clients/mail_reading.py": {"record_click", "record_open"},
    "services/clients/opening.py": {"open_shop"},
    "services/clients/registration.py": {"save_client"},
    "services/clients/steering.py": {"steer_client", "apply_commands"},
    "services/fixes/client_words.py": {"write_to_client"},
    "services/fixes/requests.py": {"request_fix"},
    "services/fixes/settlement.py": {"cancel_fix", "cancel_and_record"},
    "services/fixes/stylist_decisions.py": {"decide_fix"},
    "services/goods/stock_changes.py": {"change_stock"},
    "services/goods/wholes.py": {"drop_absent", "replace_items", "replace_stock"},
    "services/goods/pictures.py": {"retry_pictures"},
    "services/ingestion/dead_letters.py": {"drop_letter"},
    "services/ingestion/events.py": {"ingest_events"},
    "services/mailing/resolution.py": {"resolve_mail"},
    "services/mailing/staff_mail.py": {"send_staff_mail"},
    "services/mailing/steering.py": {"conclude_mail"},
    "services/flags/lifecycle.py": {"save_flag", "start_flag", "stop_flag"},
    "services/offers/lifecycle.py": {"save_offer", "approve_offer", "retire_offer"},
    "services/privacy/requests.py": {"request_erasure", "export_client"},
    "services/review/claims.py": {"claim_draft", "release_draft"},
    "services/review/decisions.py": {"decide_draft"},
    "services/review/edits.py": {"edit_draft"},
    "services/segments/attributes.py": {"declare_attribute"},
    "services/segments/saved.py": {"save_segment", "delete_segment"},
    "services/slots/acts.py": {"steer_slot", "try_algorithm"},
    "services/slots/policies.py": {"change_policy", "set_policy"},
    "services/visits/visits.py": {"take_visit_events", "save_visit_events", "join_visit"},
    "services/fixes/wave_start.py": {"begin_wave"},
    "services/returns/intake.py": {"take_returns"},
    "services/returns/webhooks.py": {"take_webhook"},
    "services/returns/suppressions.py": {"add_entries", "remove_entry"},
    "services/team/api_keys.py": {"create_key", "revoke_key"},
    "services/team/invitations.py": {"change_password"},
    "services/team/provider_accounts.py": {"join_by_provider"},
    "services/team/people.py": {"invite_person", "set_role", "disable_person", "reset_person"},
    "services/team/second_factor.py": {"turn_on_second_factor", "turn_off_second_factor"},
    "services/team/sign_ins.py": {"end_sign_in", "set_own_password"},
    "services/training/promotion.py": {"promote_model", "promote_challenger"},
    "services/training/refreshes.py": {"begin_refresh"},
    "services/training/requests.py": {"train_on_request"},
    "services/webhooks/endpoints.py": {"add_endpoint", "set_endpoint_state", "rotate_secret", "remove_endpoint"},
    "services/webhooks/log.py": {"replay", "send_test"},
}
"""Services that people call: each takes an actor and asks the table."""


Function = ast.FunctionDef | ast.AsyncFunctionDef


def list_functions(tree: ast.Module) -> Iterator[Function]:
    """All public functions and methods of a file."""
    for node in list_nodes(tree):
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def takes_actor(function: Function) -> bool:
    """Whether one of its parameters is an actor, or holds one beside the client whose change it is."""
    arguments = (*function.args.args, *function.args.kwonlyargs)
    return any(a.arg == "actor" or (a.annotation and ast.unparse(a.annotation) == "OwnChange") for a in arguments)


def opens_writing(function: Function) -> bool:
    """Whether it opens a transaction that writes."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Name) and call.id == "write_transaction" for call in calls)


def find_unasked(name: str, tree: ast.Module) -> list[str]:
    """Find the functions of a file that write without an actor, where the file is not one that workflows call."""
    path = Path(name)
    if any(str(place) in WITHOUT_ACTOR for place in (path, *path.parents)):
        return []
    return [f.name for f in list_functions(tree) if opens_writing(f) and not takes_actor(f)]


def list_services() -> list[str]:
    """All files of the room services."""
    return sorted(str(file.relative_to(REPOSITORY)) for file in (REPOSITORY / "services").rglob("*.py"))


def test_a_service_that_writes_takes_an_actor() -> None:
    unasked = {name: find_unasked(name, parse_file(REPOSITORY / name)) for name in list_services()}
    assert {name: functions for name, functions in unasked.items() if functions} == {}


@pytest.mark.parametrize("name", WITH_ACTOR)
def test_what_people_call_takes_an_actor_and_no_other_function_does(name: str) -> None:
    functions = list(list_functions(parse_file(REPOSITORY / name)))
    assert WITH_ACTOR[name] <= {function.name for function in functions if takes_actor(function)}


def test_every_service_with_an_actor_is_named_here() -> None:
    found = {name for name in list_services() if any(map(takes_actor, list_functions(parse_file(REPOSITORY / name))))}
    assert found == set(WITH_ACTOR)


def test_the_exceptions_exist() -> None:
    assert [place for place in WITHOUT_ACTOR if not (REPOSITORY / place).exists()] == []


def test_a_service_that_writes_without_an_actor_is_found() -> None:
    source = "def drop(engine):\n    with write_transaction(engine) as connection:\n        pass\n"
    assert find_unasked("services/clients/new.py", ast.parse(source)) == ["drop"]
    assert find_unasked("services/clients/new.py", ast.parse(source.replace("engine)", "engine, actor)", 1))) == []
    assert find_unasked("services/assessment/new.py", ast.parse(source)) == []
