"""Get a server for tests that is a Java program: Maven brings its jars, a start script is written beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.download import run_bounded

_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_POM: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>selvedge</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""


def fetch_java_program(folder: Path, coordinates: str, start: str, name: str, doing: str) -> None:
    """Fetch the jar `coordinates` (group:artifact:version) with all it needs into `folder`/lib, and write `start`, a
    shell script, as `folder`/`name`. Raises DownloadError."""
    group, artifact, version = coordinates.split(":")
    run_bounded(["java", "-version"], doing="looking for Java", limit_s=60)
    pom = folder / "pom.xml"
    pom.write_text(_POM.format(group=group, artifact=artifact, version=version))
    run_bounded(
        # -C: a wrong checksum is an error, not a warning.
        ["mvn", "-B", "-q", "-C", "-f", str(pom), _COPY, f"-DoutputDirectory={folder / 'lib'}"],
        doing=doing,
        limit_s=600,
    )
    program = folder / name
    program.write_text(start)
    program.chmod(0o755)
