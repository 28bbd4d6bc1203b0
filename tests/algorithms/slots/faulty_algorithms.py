"""Algorithms that go wrong, each in its own way. Loaded by helper processes; imports nothing of ours."""

import os
import re
import subprocess
import sys
import time


def good(question):
    best = sorted(question["candidates"], key=lambda item: -item["house_score"])[: question["n"]]
    return {"items": [{"item_id": item["item_id"], "score": item["house_score"]} for item in best]}


class Good:
    slot, version = "ranking", "1.2"

    def answer(self, question):
        print("what an algorithm prints must not spoil its answers")
        sys.stdout.flush()
        os.write(1, b"nor what it writes")
        return good(question)


class Batch(Good):
    def answer_many(self, questions):
        return [good(question) for question in questions]


class Picky(Good):
    """Fails for some of a batch."""

    def answer(self, question):
        if question["client_id"] == "bad":
            raise KeyError("a client's own words")
        return good(question) if question["client_id"] != "none" else None


class Hang(Good):
    def answer(self, question):
        while True:
            pass


class HoldLock(Good):
    """Hangs inside one call of C that never lets go of the interpreter's lock."""

    def answer(self, question):
        return re.match(r"(a+)+$", "a" * 64 + "b")


class Stubborn(Good):
    """Hangs and passes over whatever asks it to end."""

    def answer(self, question):
        import signal

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)


class Forked(Good):
    """Both answer: the second answer stands there when the next question is asked."""

    def answer(self, question):
        if os.fork() == 0:
            time.sleep(0.05)
        return good(question)


class Parent(Good):
    """Starts a process and waits for it for ever."""

    def answer(self, question):
        subprocess.run(["sleep", "60"], check=False)


class Crash(Good):
    def answer(self, question):
        os.kill(os.getpid(), 11)


class Leave(Good):
    def answer(self, question):
        os._exit(0)


class Raise(Good):
    def answer(self, question):
        return 1 / 0


class NotFinite(Good):
    def answer(self, question):
        return {"items": [item | {"score": float("nan")} for item in good(question)["items"]]}


class Infinite(Good):
    def answer(self, question):
        return {"items": [item | {"score": float("-inf")} for item in good(question)["items"]]}


class Unknown(Good):
    def answer(self, question):
        return {"items": [{"item_id": f"never-seen-{n}", "score": 1.0} for n in range(question["n"])]}


class Twice(Good):
    def answer(self, question):
        return {"items": good(question)["items"][:1] * question["n"]}


class TooFew(Good):
    def answer(self, question):
        return {"items": good(question)["items"][:-1]}


class Oversize(Good):
    def answer(self, question):
        return {"items": [], "waste": "x" * 2_000_000}


class Unending(Good):
    """As many items as fit into the largest reply, all of them wrong."""

    def answer(self, question):
        return {"items": [0] * 80_000}


class Deep(Good):
    def answer(self, question):
        deep: list[object] = []
        for _ in range(900):
            deep = [deep]
        return {"items": deep}


class WrongSchema(Good):
    def answer(self, question):
        return [item["item_id"] for item in question["candidates"]]


class NotJson(Good):
    def answer(self, question):
        return {"items": {1, 2}}


class Slow(Good):
    def answer(self, question):
        time.sleep(0.5)
        return good(question)


class Slowish(Good):
    def answer(self, question):
        time.sleep(0.1)
        return good(question)


class Memory(Good):
    def answer(self, question):
        blocks = []
        while True:
            blocks.append(bytearray(100_000_000))


class Environment(Good):
    def answer(self, question):
        return {"items": [], "told": sorted(os.environ)}


class OtherSlot(Good):
    slot = "risk"


class NoAnswer:
    slot, version = "ranking", "1"


class BrokenImport:
    def __init__(self):
        raise ImportError("no module named torchvision")


class Unsteady(Good):
    """Its answers hang on what was asked before."""

    def __init__(self):
        self.asked = 0

    def answer(self, question):
        self.asked += 1
        return {"items": [item | {"score": item["score"] + self.asked} for item in good(question)["items"]]}


class NoEmpty(Good):
    def answer(self, question):
        question["candidates"][0]
        return good(question)


class Strict(Good):
    def answer(self, question):
        if "added_later" in question:
            raise TypeError("unexpected keyword argument 'added_later'")
        return good(question)
