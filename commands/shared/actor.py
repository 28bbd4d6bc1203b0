"""Who runs a command: the account of the operating system, with the role of the owner."""

from __future__ import annotations

import os
import pwd

from models.actors import Actor, Channel, Role

LONGEST = 64


def get_command_actor() -> Actor:
    """Return the actor of this command."""
    return Actor(who=read_account(), role=Role.OWNER, channel=Channel.COMMAND)


def read_account() -> str:
    """Read the name of the account that runs this command, its number where it has none."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = ""
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST] or str(os.getuid())
