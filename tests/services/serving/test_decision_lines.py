"""The id of a decision is given to no other, whichever process gives it."""

from __future__ import annotations

from multiprocessing.connection import Connection

from services.serving.decision_lines import create_id
from tests.support.forks import prepare_fork_context


def send_ids(pipe: Connection) -> None:
    pipe.send([create_id() for _ in range(10)])


def test_forks_of_one_process_give_no_id_twice() -> None:
    ids: list[str] = []
    with prepare_fork_context("tests.services.serving.test_decision_lines") as context:
        for _ in range(2):
            ours, theirs = context.Pipe()
            fork = context.Process(target=send_ids, args=(theirs,))
            fork.start()
            ids += ours.recv()
            fork.join()
    assert len(set(ids)) == 20
