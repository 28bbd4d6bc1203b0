"""Say how each thing of a note is meant, by the cues around it: wanted, softly or firmly, or not wanted.

A cue counts for what follows it, up to the next cue or the end of its list; where nothing follows in its clause, for
what stands before it ("black doesn't suit me"). Without any cue a thing is asked for plainly, unless its clause tells a
story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from domain.fixes.reading.clause_view import RELATIVE, ClauseView
from domain.fixes.reading.clauses import Clause
from domain.fixes.reading.tokens import Token
from domain.fixes.reading.vocabulary import Language, PhraseMark, Thing

Mode: TypeAlias = Literal["", "must", "prefer", "avoid", "skip", "own", "told", "past", "with"]
"""How things are meant at some place. "": no cue yet; skip: it does not matter; own: they have it; told: a
whole sentence without a cue; past: what was; with: new pieces shall go with it."""
Joint: TypeAlias = Literal["", "and", "or", "comma"]
"""What joins things to those before them. "": nothing, or a cue."""

_MODES: Final[dict[str, Mode]] = {
    "must": "must",
    "like": "prefer",
    "refuse": "avoid",
    "not": "avoid",
    "neutral": "skip",
    "own": "own",
    "past": "past",
    "go_with": "with",
}
CONTEXT: Final = frozenset({"occasion", "season"})
"""What counts also where it is only told: "I have a wedding in May"."""
WHOLE: Final = frozenset({"surprise", "like_last"})


@dataclass
class Mention:
    """A thing as it is meant. `group`: things of one group belong together, as in "black dresses"."""

    thing: Thing
    start: int
    end: int
    mode: Mode
    group: int
    clause: int
    cued: bool = False
    """Whether a cue of its own clause stands before it."""
    soft: bool = False
    after_preposition: bool = False
    sure: bool = True
    """Whether a word of length speaks of clothes: "too short", not "a long time"."""
    coming: bool = False
    """Whether a relative's feast is told of, as in "my daughter is getting married", and nothing that was."""
    narrowed: bool = False
    """Whether words that no rule knows say of which of these it is meant."""
    joint: Joint = ""
    """What joins its group to the one before it."""
    articled: bool = False
    """Whether its group begins with an article."""


@dataclass
class _State:
    mode: Mode = ""
    short: bool = False
    """Whether the mode is that of a "no", which ends with its list."""
    before: Mode = ""
    """The mode to return to then."""
    kinds: set[str] = field(default_factory=set)
    """The kinds of things that this "no" has met."""
    soft: bool = False
    cued: bool = False
    person: bool = False
    """Whether it is told what a relative does."""
    relative: bool = False
    """Whether it only describes the thing before it: "trousers that aren't jeans"."""


class ScopeReader(ClauseView):
    """Reads the scopes of one note."""

    def __init__(
        self, language: Language, tokens: Sequence[Token], clauses: Sequence[Clause], marks: Sequence[PhraseMark],
        taken: frozenset[int],
    ) -> None:  # fmt: skip
        super().__init__(language, tokens, clauses, marks, taken)
        self._mentions: list[Mention] = []
        self._state = _State()
        self._group, self._number, self._articled = 0, 0, False
        self._joint: Joint = ""

    def read_mentions(self) -> list[Mention]:
        """Read all things of the note, in order, each with its mode."""
        for number, clause in enumerate(self._clauses):
            self._number = number
            self._begin_clause(number, clause)
            first = len(self._mentions)
            self._read_clause(number, clause)
            self._apply_backwards(self._mentions[first:], clause)
            if len(self._mentions) == first and not clause.first:
                self._apply_to_topic(number, clause)
        self._find_partners()
        return self._mentions

    def _find_partners(self) -> None:
        """Find what they own and seek something for: "I have a green coat and need shoes to go with it"."""
        cues = [mark for mark in self._marks.values() if mark.meaning.cue in ("with_it", "go_with")]
        ends = [
            mark.end
            for mark in cues
            if not any(entry.mode == "with" and entry.start >= mark.end for entry in self._mentions)
        ]
        owned = [entry for entry in self._mentions if entry.mode == "own" and any(entry.end <= end for end in ends)]
        groups = [entry.group for entry in owned if entry.thing.kind == "category"]
        for mention in owned:
            if groups and mention.group == groups[-1]:
                mention.mode = "with"

    # --- between clauses ---------------------------------------------------------------------------------------------

    def _begin_clause(self, number: int, clause: Clause) -> None:
        """Begin a clause: what the one before it meant carries over a comma as far as its list goes on."""
        state = self._state
        self._begin_group("" if clause.first else "comma", clause.start)
        keeps = not clause.first and self._carries(number, clause, state)
        self._state = _State(state.mode, state.short, state.before, state.kinds, state.soft) if keeps else _State()
        if not keeps and not clause.first and state.short and state.before in ("must", "prefer"):
            self._state = _State(state.before)

    def _carries(self, number: int, clause: Clause, state: _State) -> bool:
        if state.mode in ("must", "prefer") or (clause.colon and state.mode == "avoid"):
            return True
        if state.mode == "past":
            return not self._has_wish_cue(clause)
        if state.mode in ("own", "with", "skip"):
            return self._is_bare(clause) and state.mode != "with" and not (clause.colon and state.mode == "skip")
        if not state.kinds and state.short:
            return False  # a "no" that has refused no thing: "not too dressed up, dark colours"
        if state.relative or self._begins_with_number(clause) or self._tokens[clause.start].text in self._signs("more"):
            return False
        if state.mode != "avoid" or not self._is_bare(clause) or not self._begins_with_thing(clause):
            return False
        if self._joins_later(number):
            return True
        if self._begins_with_article(clause) or self._asks(clause):
            return False
        kinds = self._first_kinds(clause)
        return bool(kinds & state.kinds) if state.short else bool(kinds)

    # --- within a clause ---------------------------------------------------------------------------------------------

    def _read_clause(self, number: int, clause: Clause) -> None:
        place = clause.start
        while place < clause.end:
            mark = self._marks.get(place)
            if mark is None:
                if self._tokens[place].kind == "join":
                    self._join(place, clause, either=self._tokens[place].text == "/")
                place += 1
                continue
            if mark.meaning.things:
                self._mention(mark, number, clause)
            elif mark.meaning.cue == "either":
                self._offer_choice(clause)
            elif mark.meaning.cue:
                self._follow(mark, clause)
            place = mark.end

    def _mention(self, mark: PhraseMark, number: int, clause: Clause) -> None:
        state = self._state
        following = self._tokens[mark.end].text if mark.end < clause.end else ""
        for thing in mark.meaning.things if following not in self._signs("after") else ():
            self._mentions.append(
                Mention(thing, mark.start, mark.end, self._find_mode(mark, clause), self._group, number, state.cued,
                        state.soft, self._follows_small(mark.start, clause), self._is_length(mark, clause),
                        state.person, self._is_narrowed(mark, clause), self._joint, self._articled)
            )  # fmt: skip
            state.kinds.add(thing.kind)

    def _find_mode(self, mark: PhraseMark, clause: Clause) -> Mode:
        """Find how a thing is meant so far: what is theirs, or comes late in a sentence without a cue, is told."""
        mode = self._state.mode
        if mode in ("must", "prefer", "avoid") and self._state.cued:
            return mode
        if self._is_possessed(mark, clause) and mode not in ("with", "past"):
            return "own"
        figure = any(thing.kind == "fit" and thing.value in ("tall", "petite") for thing in mark.meaning.things)
        if not mode and not figure and (self._is_verbal(clause) or self._count_loose(clause.start, mark.start) > 1):
            return "told"
        return mode

    def _follow(self, mark: PhraseMark, clause: Clause) -> None:
        cue, state = mark.meaning.cue, self._state
        if cue in ("and", "or"):
            self._join(mark.start, clause, either=cue == "or", end=mark.end)
        elif cue == "but":
            self._begin_group()
            self._state = _State()
        elif cue == "soft":
            state.soft = True
        elif cue == "person":
            if not any(entry.clause == self._number for entry in self._mentions) and not state.cued:
                self._begin_group()
                self._state = _State("past", cued=True, person=True)
        elif cue == "than":
            if state.soft or state.mode == "prefer":
                self._state = _State("skip", cued=True)
        elif cue == "own" and state.mode == "must" and state.cued:
            return
        elif cue == "except" and any(clause.start <= place < clause.end for place in self._taken):
            self._begin_group()
            self._state = _State("skip", cued=True)
        elif cue == "except":
            mode: Mode = "must" if state.mode == "avoid" else "avoid"
            self._begin_group()
            self._state = _State(mode, short=True, before="" if mode == "must" else state.mode, cued=True)
        elif cue in _MODES:
            self._begin_group()
            before = state.before if state.short else state.mode
            relative = mark.start > clause.start and self._tokens[mark.start - 1].text in RELATIVE
            self._state = _State(
                _MODES[cue], cue in ("not", "go_with"), before, soft=state.soft, cued=True, relative=relative
            )
            if cue == "must" and self._is_please(mark) and state.mode in ("prefer", "must", "avoid") and state.cued:
                self._state = state

    def _join(self, place: int, clause: Clause, *, either: bool, end: int = 0) -> None:
        """Pass an "and" or "or": the list goes on, or a "no" ends with it."""
        state, following = self._state, end or place + 1
        begins = clause.first and place == clause.start
        if not (either and following < clause.end and self._is_number(self._tokens[following])):  # one or two tops
            self._joint = "" if begins else "or" if either else "and"
        self._begin_group(self._joint, following)
        if not state.short or state.mode not in ("avoid", "with") or either:
            return
        starts_anew = following < clause.end and self._tokens[following].text in self._articles
        kinds = self._list_group_kinds(following, clause.end)
        if starts_anew or (kinds and not kinds & state.kinds):
            self._state = _State("" if starts_anew or state.before else "skip", soft=state.soft)
            if state.before in ("must", "prefer"):
                self._state = _State(state.before, cued=True)

    def _begin_group(self, joint: Joint = "", place: int = -1) -> None:
        """Begin a group of things that belong together."""
        self._group += 1
        self._joint = joint
        self._articled = 0 <= place < len(self._tokens) and self._tokens[place].text in self._articles

    def _offer_choice(self, clause: Clause) -> None:
        """Take the list before a "whichever suits" as one of which one thing is enough."""
        last = 0 if clause.first and self._number else max((entry.group for entry in self._mentions), default=0)
        for mention in self._mentions:
            if mention.group == last and mention.joint == "comma":
                mention.joint = "or"

    # --- cues after what they mean -----------------------------------------------------------------------------------

    def _apply_backwards(self, mentions: list[Mention], clause: Clause) -> None:
        """Apply cues to the things before them, where nothing that they could mean follows."""
        marks = self._list_marks(clause)
        for mark in marks:
            if mark.meaning.cue == "soft" and not any(entry.start >= mark.end for entry in mentions):
                for entry in mentions:
                    entry.soft = True
        for mark in reversed(marks):
            mode = _MODES.get(mark.meaning.cue)
            if mode is None or mode == "with":
                continue
            if mode != "past" and any(entry.start >= mark.end for entry in mentions):
                continue
            if mark.meaning.cue == "not" and self._count_loose(mark.end, clause.end):
                continue
            if self._refuses_unknown(mark, clause):
                continue
            if mode == "own" and any(not entry.cued for entry in mentions) and not self._tells_owned(mark, clause):
                continue
            for entry in mentions:
                if entry.end <= mark.start and not entry.cued and self._may_change(entry, mode):
                    entry.mode, entry.cued = mode, True

    def _apply_to_topic(self, number: int, clause: Clause) -> None:
        """Apply a refusal to the topic that a comma or colon sets apart before it: "skirts, no thanks", "bags: no"."""
        topic = self._clauses[number - 1]
        cues = {mark.meaning.cue for mark in self._list_marks(topic)} - {"", "and", "or", "own"}
        marks = self._list_marks(clause)
        alone = clause.colon and [mark.meaning.cue for mark in marks] == ["not"]
        if cues or self._list_loose(clause) or not (alone or any(m.meaning.cue == "refuse" for m in marks)):
            return
        for mention in self._mentions:
            if mention.clause == number - 1 and (not mention.cued or mention.mode == "own"):
                mention.mode, mention.cued = "avoid", True

    def _may_change(self, mention: Mention, mode: Mode) -> bool:
        if mode == "avoid" and mention.thing.kind == "occasion":
            return False  # "we marry in May and I do not want to look like a bride"
        return mode in ("avoid", "skip", "past") or mention.mode in ("", "own", "told", "past")
