"""The metrics that Prometheus reads from a worker. Labels are states and codes; never a client, name or address."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

outreaches: Final = Counter("selvedge_outreaches_total", "Steps of mails, by the state they led to", ["state"])
fixes: Final = Counter("selvedge_fixes_total", "Steps of Fixes, by the state they led to", ["state"])
enrolments: Final = Counter("selvedge_enrolments_total", "Clients enrolled in campaigns, by arm", ["arm"])
guardrail_pauses: Final = Counter(
    "selvedge_campaign_guardrails_total", "Campaigns that paused by themselves, by the limit they passed", ["guardrail"]
)
next_actions: Final = Counter("selvedge_next_actions_total", "What was chosen for clients who drift", ["action"])
mails: Final = Counter("selvedge_mails_total", "Attempts to send, by what came of them", ["outcome"])
mail_server_down: Final = Gauge(
    "selvedge_mail_server_down", "1 while no mail can be handed over, by reason", ["reason"]
)
returns: Final = Counter(
    "selvedge_returns_total", "Returned mail, by what it said and what became of it", ["kind", "outcome"]
)
returns_kept: Final = Gauge("selvedge_returns_kept", "Returns that wait for a person to read them")
draft_reminders: Final = Counter("selvedge_draft_reminders_total", "Drafts that waited too long, by stage", ["stage"])
drafts_waiting: Final = Gauge("selvedge_drafts_waiting", "Drafts that await a person, by stage", ["stage"])
model_calls: Final = Counter("selvedge_model_calls_total", "Calls of a language model", ["agent", "verdict"])
model_faults: Final = Counter("selvedge_model_faults_total", "What went wrong with a language model", ["fault"])
model_cost: Final = Counter("selvedge_model_cost_total", "Money, in the unit of SELVEDGE_LLM_PRICES", ["model"])
model_tokens: Final = Counter("selvedge_model_tokens_total", "Tokens in and out", ["agent"])
webhooks: Final = Counter("selvedge_webhooks_total", "Tries to send a message to an endpoint, by outcome", ["outcome"])
webhooks_waiting: Final = Gauge("selvedge_webhooks_waiting", "Messages that wait to be sent to endpoints")
outbox_pending: Final = Gauge("selvedge_outbox_pending", "Nudges that wait to be sent to workflows")
outbox_oldest: Final = Gauge("selvedge_outbox_oldest_seconds", "For how long the oldest nudge that is due has waited")
refresh_age: Final = Gauge(
    "selvedge_refresh_age_seconds", "Business time since the day that the last nightly training ended with; 0: none yet"
)
workflows_missing: Final = Gauge("selvedge_workflows_missing", "Workflows that should run and do not")
clients: Final = Gauge("selvedge_clients", "Clients by phase", ["phase"])
drift: Final = Gauge("selvedge_drift", "Distance of the latest values from those before, 0 to 1", ["feature"])
drift_alarms: Final = Gauge("selvedge_drift_alarms", "Features and scores that have drifted, at the last refresh")
backup_time: Final = Gauge("selvedge_last_backup_timestamp_seconds", "When the newest backup was made; 0: never")
register_time: Final = Gauge(
    "selvedge_register_timestamp_seconds", "Until when the register of erasures, opt-outs and mails is complete"
)
click_rate_drop: Final = Gauge(
    "selvedge_click_rate_drop", "Standard errors by which the week's click rate is below the four weeks before; 0: not"
)
certificate_end: Final = Gauge(
    "selvedge_certificate_expiry_timestamp_seconds", "When the certificate of a server of the shop ends", ["name"]
)
stock_counted: Final = Gauge(
    "selvedge_stock_counted_timestamp_seconds", "When the shop last sent a count or a change of stock; 0: not known"
)
stock_oldest: Final = Gauge(
    "selvedge_stock_oldest_timestamp_seconds",
    "When the oldest count of what is on hand was sent; 0: not known",
)
key_end: Final = Gauge("selvedge_key_expiry_timestamp_seconds", "When the next API key in force expires; 0: none does")
