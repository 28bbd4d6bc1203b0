"""What the settings say of streams: which topic holds what, and the options of Kafka's client."""

from __future__ import annotations

from errors import ConfigError
from models.dead_letters import LetterSource
from settings import Settings


def list_sources(settings: Settings) -> dict[str, LetterSource]:
    """List the topics and what each holds. Raises ConfigError for one topic of two kinds, and for none."""
    named = (
        (settings.kafka_events, LetterSource.EVENTS),
        (settings.kafka_items, LetterSource.ITEMS),
        (settings.kafka_stock, LetterSource.STOCK),
    )
    sources = {topic: source for topic, source in named if topic}
    if not sources or len(sources) < sum(bool(topic) for topic, _ in named):
        raise ConfigError("SELVEDGE_KAFKA_EVENTS, _ITEMS, _STOCK: name a topic of its own for each kind, at least one")
    return sources


def read_options(settings: Settings) -> dict[str, str]:
    """Read the further options of the client. Raises ConfigError naming the line that is none."""
    if settings.kafka_options is None:
        return {}
    try:
        lines = settings.kafka_options.read_text().splitlines()
    except OSError as missing:
        raise ConfigError(f"SELVEDGE_KAFKA_OPTIONS: {settings.kafka_options}: {missing.strerror}") from None
    options = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = line.strip().partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals:
            raise ConfigError(f"SELVEDGE_KAFKA_OPTIONS: line {number} is not name=value")
        options[name.strip()] = value.strip()
    return options
