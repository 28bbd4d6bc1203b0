"""Prints the path of a program that starts a Kafka of one broker, for tests; Maven brings it when it is absent.

`python -m scripts.kafka_server`. The program takes the path of a file of properties. Nothing is installed: the jars lie
in the user's cache.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from scripts.download import Way, print_server_path, run_bounded
from scripts.time_skipping_server import COPY

VERSION: Final = "4.1.1"
POM: Final = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>selvedge</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
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
    """Fetch the broker's jars by Maven, and write a start script."""
    run_bounded(["java", "-version"], doing="looking for Java", limit_s=60)
    pom = folder / "pom.xml"
    pom.write_text(POM)
    run_bounded(
        # -C: a wrong checksum is an error, not a warning.
        ["mvn", "-B", "-q", "-C", "-f", str(pom), COPY, f"-DoutputDirectory={folder / 'lib'}"],
        doing="Maven's download of Kafka (about 20 s)",
        limit_s=600,
    )
    start = folder / "kafka"
    start.write_text(START)
    start.chmod(0o755)


def build_properties(port: int, controller: int, folder: Path) -> str:
    """Build the properties of a broker on 127.0.0.1 that keeps everything under `folder`."""
    return PROPERTIES.format(port=port, controller=controller, folder=folder)


def main() -> int:
    """Print the path; 1 when Kafka cannot be had."""
    return print_server_path("Kafka", find, get_target, [Way("Maven", from_maven)], "Java and Maven on PATH")


if __name__ == "__main__":
    sys.exit(main())
