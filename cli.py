"""The `selvedge` command: a table of verbs. Each verb lives in `commands/` and is imported only when it is called,
so that a command starts in a fraction of a second whatever the others need."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from errors import SelvedgeError

VERBS: dict[str, tuple[str, str]] = {
    "demo": ("commands.demo", "Run everything on one machine on the demo shop."),
    "import": ("commands.import_", "Import clients, a catalogue, stock or events from a file."),
    "go": ("commands.go", "Start the clients who were imported; until then nothing is sent to them."),
    "assess": ("commands.assess", "Score every client as of a date into a file."),
    "predict": ("commands.predict", "Forecast from plain files: who orders again, what they take, what fits."),
    "evaluate": ("commands.evaluate", "Measure forecasts on held-out days of plain files."),
    "experiment": ("commands.experiment", "Plan a test on clients, or read what it showed."),
    "train": ("commands.train", "Train the ranking, the risk model or the model of fit from the store."),
    "refresh": ("commands.refresh", "Train all models, let the better ones serve, make everybody's list."),
    "algorithms": ("commands.algorithms", "List, check and describe the algorithms that answer the slots."),
    "flags": ("commands.flags", "Test on clients what pages show: create, start, stop flags, read what they showed."),
    "recommend": ("commands.recommend", "Recommend items for one client."),
    "segments": ("commands.segments", "Say which clients you mean, count them, save them as a segment."),
    "attributes": ("commands.attributes", "Declare custom attributes of clients, or list them."),
    "campaign": ("commands.campaign", "Create, pause, resume, adjust, end a campaign, or see how it goes."),
    "offers": ("commands.offers", "Create, approve and retire the offers that mails may state."),
    "agents": ("commands.agents", "Measure the language models that write."),
    "mail": ("commands.mail", "Check that receivers can believe our mail; send one to staff; resolve one."),
    "drafts": ("commands.drafts", "List, edit, approve or reject the mails that await a person."),
    "client": ("commands.client", "See or steer a client's mail; export all their data; erase them."),
    "why-not": ("commands.why_not", "Say in one sentence why a client has not been mailed."),
    "fixes": ("commands.fixes", "Ask for Fixes, decide on them, or assemble boxes from plain files."),
    "calls": ("commands.calls", "List the calls that stylists make instead of a mail; record their results."),
    "catalogue": ("commands.catalogue", "See which pictures of items were fetched, and why others were not."),
    "returns": ("commands.returns", "Take in bounces and complaints, or list those that a person is to read."),
    "consume": ("commands.consume", "Take in events, items and stock that come by Kafka."),
    "dead-letters": ("commands.dead_letters", "List, show, try again or drop what could not be taken in."),
    "suppressions": ("commands.suppressions", "Show and change the list of mailboxes that are not mailed."),
    "team": ("commands.team", "Say who has an account in the pages, and as what."),
    "keys": ("commands.keys", "Make, list and revoke the keys with which programs call the API."),
    "webhooks": ("commands.webhooks", "Tell other systems what happens; see what was sent; send it again."),
    "mcp": ("commands.mcp", "Serve people's agents on standard input and output."),
    "activity": ("commands.activity", "Show who changed what, and when."),
    "reconcile": ("commands.reconcile", "Start every workflow that should run and does not."),
    "payload-keys": ("commands.payload_keys", "Make, choose and remove the keys that encrypt what Temporal keeps."),
    "backup": ("commands.backup", "Back up store, keys and models, encrypted; list and check backups."),
    "restore": ("commands.restore", "Put a backup in the place of a lost store."),
    "web": ("commands.web", "Serve the API, the pages and the mailbox."),
    "worker": ("commands.worker", "Host workflows and activities."),
    "migrate": ("commands.migrate", "Bring the database schema up to date."),
}


class VerbGroup(click.Group):
    """A group that knows every verb by its line of help and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])


@click.command(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="selvedge")
def selvedge() -> None:
    """Run client engagement and personalisation on durable workflows.

    Settings are SELVEDGE_* environment variables; docs/settings.md lists them.
    """


def main() -> NoReturn:
    """Run the command and end the process."""
    leave(run())


def run() -> int:
    """Run the command and return its exit status. An error of ours is one line on standard error and status 1."""
    try:
        status = selvedge.main(standalone_mode=False)
    except SelvedgeError as error:
        click.echo(f"selvedge: {error}", err=True)
        return 1
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return status if isinstance(status, int) else 0


def leave(status: int) -> NoReturn:
    """End at once: a process that used Temporal aborts now and then while Python finalises (SDK issue 300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
