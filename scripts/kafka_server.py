"""Prints the path of a program that starts a Kafka of one broker, for tests; Maven brings it when it is absent.

`python -m scripts.kafka_server`. The program takes the path of a file of properties. Nothing is installed: the jars lie
in the user's cache.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from scripts.download import Way, print_server_path
from scripts.maven import fetch_java_program

VERSION: Final = "4.1.1"
# The heap is small and the compiler quick: the broker lives for a test run.
START: Final = """#!/bin/sh
# Formats the folder that the file of properties names, where it is new, and serves.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
quick="-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
format="format --ignore-formatted -t c2VsdmVkZ2UtdGVzdHMtMQ"
java $quick -cp "$here/lib/*" kafka.tools.StorageTool $format -c "$1" || exit 1
exec java $quick -cp "$here/lib/*" kafka.Kafka "$1"
"""
PROPERTIES: Final = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
num.network.threads=1
num.io.threads=2
log.cleaner.enable=false
"""


def get_target(cache: Path) -> Path:
    """Return where the program stands."""
    return cache / f"kafka-{VERSION}" / "kafka"


def find(cache: Path) -> Path | None:
    """Find the program."""
    return target if os.access(target := get_target(cache), os.X_OK) else None


def from_maven(folder: Path) -> None:
    """Fetch the broker. Raises DownloadError."""
    coordinates = f"org.apache.kafka:kafka_2.13:{VERSION}"
    fetch_java_program(folder, coordinates, START, "kafka", "Maven's download of Kafka (about 20 s)")


def build_properties(port: int, controller: int, folder: Path) -> str:
    """Build the properties of a broker on 127.0.0.1 that keeps everything under `folder`."""
    return PROPERTIES.format(port=port, controller=controller, folder=folder)


def main() -> int:
    """Print the path; 1 when Kafka cannot be had."""
    return print_server_path("Kafka", find, get_target, [Way("Maven", from_maven)], "Java and Maven on PATH")


if __name__ == "__main__":
    sys.exit(main())
