"""The approved copy: what the shop itself says, by kind of mail. Whoever changes a line here approves it for all
clients.

No line states a price, an offer, a number, or anything that may be untrue of some client. What is true of the client
stands in the facts, which are inserted between the lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from models.states import TouchKind

Lines = tuple[str, ...]


class Copy(NamedTuple):
    """The lines of one kind of mail; one of each is chosen. `{shop}` is the shop's name.

    A mail reads: an opening; a fact of the client, a link from it, a bridge to the items; the call to action. `facts`
    names the facts that suit the kind, best first.
    """

    subjects: Lines
    preheaders: Lines
    openings: Lines
    bridges: Lines
    actions: Lines
    facts: Lines


_TASTE: Final = ("quiz_styles", "quiz_colours", "favourite_category")
_PIECES: Final = ("last_item", "kept_item", "wishlist")
_ANY: Final = ("orders_count", "last_order", "last_viewed", "sizes", "signed_up")

COPY: Final[Mapping[TouchKind, Copy]] = {
    TouchKind.WELCOME: Copy(
        subjects=("Welcome to {shop}", "A considered start", "Good to have you with us"),
        preheaders=("A first selection, put together for you", "What we would show you first", "Pieces to begin with"),
        openings=(
            "Welcome. We dress people who know what they like and would rather not search for it.",
            "Thank you for joining us. Our work is simple: fewer pieces, better chosen.",
            "It is good to have you here. We keep our selections short, and every piece has to earn its place.",
        ),
        bridges=(
            "Here is a first selection to react to. Your choices will sharpen the next one.",
            "This is where we would begin.",
            "These are the pieces that we would show you first.",
        ),
        actions=("See your selection", "Meet your first pieces", "Start here"),
        facts=(*_TASTE, "wishlist", "sizes", "last_viewed", "signed_up"),
    ),
    TouchKind.QUIZ: Copy(
        subjects=("Tell us how you dress", "A few questions, and better selections", "Help us to know your style"),
        preheaders=(
            "Your answers shape what we show you",
            "So that we show you less, and better",
            "We would rather ask",
        ),
        openings=(
            "The more we know of how you dress, the less we need to show you.",
            "A good selection begins with a few good questions.",
            "We would rather ask than guess.",
        ),
        bridges=(
            "Our style quiz is short, and everything that we choose for you will follow from it.",
            "The style quiz is the quickest way to make our selections yours.",
            "Answer the style quiz, and the next selection will be built on what you tell us.",
        ),
        actions=("Take the style quiz", "Tell us your style", "Answer the quiz"),
        facts=("signed_up", "wishlist", "last_viewed", "sizes"),
    ),
    TouchKind.MISSED: Copy(
        subjects=("Picking up where you left off", "The next piece for your wardrobe", "What we would add next"),
        preheaders=("A natural next step", "Chosen to belong together", "Pieces that build on your own taste"),
        openings=(
            "A good wardrobe is built one piece upon another.",
            "The best companion to a piece is one that was chosen with it in mind.",
            "We have been thinking about what should come next for you.",
        ),
        bridges=(
            "From there, this is where we would go next.",
            "These belong together and are still different enough to be worth adding.",
            "This is what we would add, and in this order.",
        ),
        actions=("See what comes next", "See the pieces", "Take a look"),
        facts=(*_PIECES, *_TASTE, *_ANY),
    ),
    TouchKind.NEW_IN: Copy(
        subjects=("What we would show you first today", "The collection, seen afresh", "Today's answer to your taste"),
        preheaders=("From the collection as it stands today", "The pieces that made us think of you", "A fresh look"),
        openings=(
            "Collections move on, and so do our ideas for you.",
            "If you walked in today, we would not show you around. We would take you straight to a few pieces.",
            "We looked through the collection afresh, with you in mind.",
        ),
        bridges=(
            "Here is what we would show you first.",
            "These are the pieces that made us think of you.",
            "Start with these, and leave the rest to another day.",
        ),
        actions=("See them first", "Look at these first", "See the selection"),
        facts=("new_arrival", "favourite_category", "wishlist", "quiz_styles", "quiz_colours", *_ANY),
    ),
    TouchKind.STYLIST: Copy(
        subjects=("A short edit, made around you", "Few pieces, chosen closely", "Your personal edit"),
        preheaders=(
            "Only what we would stand behind",
            "Narrowed down to what suits you",
            "A selection with its reasons",
        ),
        openings=(
            "Choosing is the work. We have done the first part of it for you.",
            "Instead of a whole collection, here is an edit: few pieces, each with its reason.",
            "We narrowed the collection down to what we would stand behind for you.",
        ),
        bridges=(
            "The edit below is short, and the notes say why each piece is in it.",
            "The result is below, with our reasons.",
            "What was left is below. We think that it is the right handful.",
        ),
        actions=("See your edit", "Read the edit", "See the reasons"),
        facts=("quiz_styles", "quiz_colours", "favourite_category", "sizes", *_PIECES, *_ANY),
    ),
    TouchKind.WIN_BACK: Copy(
        subjects=("Whenever you are ready", "A quiet invitation", "In your own time"),
        preheaders=(
            "In case the moment is right",
            "A small selection, at your own pace",
            "We kept your taste in mind",
        ),
        openings=(
            "It has been a while, and that is quite all right. Wardrobes have their seasons.",
            "We have not seen you for some time. We still remember what you like.",
            "Some time has passed since you last looked in. Here is one good reason to do so again.",
        ),
        bridges=(
            "If the moment is right, this is where we would begin again.",
            "Should you care to look in, these are the pieces that we would have ready for you.",
            "These are for you to look at in your own time.",
        ),
        actions=("Look in again", "See what we chose", "Have a look"),
        facts=("favourite_category", "orders_count", *_PIECES, "quiz_styles", "quiz_colours", *_ANY),
    ),
    TouchKind.WON_BACK: Copy(
        subjects=("Good to see you again", "Thank you for coming back", "Welcome back"),
        preheaders=("And what we would add next", "Pieces to follow it up", "We noticed, and we are glad"),
        openings=(
            "Thank you for coming back. We are glad to dress you again.",
            "It is good to see you again. You have been missed here.",
            "Welcome back. We have some ideas for what comes next.",
        ),
        bridges=(
            "Here is what we would add next.",
            "To follow it up, these are the pieces that we would consider.",
            "This is where we would go from there.",
        ),
        actions=("See what is next", "See the pieces", "Continue here"),
        facts=("last_item", "last_order", "orders_count", "favourite_category", "signed_up"),
    ),
    TouchKind.CAMPAIGN: Copy(
        subjects=("A word from {shop}", "From {shop}, with you in mind", "Something we wanted to show you"),
        preheaders=("And pieces chosen for you", "With a selection of your own", "Chosen with your taste in mind"),
        openings=(
            "We have something to show you.",
            "A short note from us, with a selection of your own.",
            "We thought that this would interest you.",
        ),
        bridges=(
            "So these are the pieces that we would point you to.",
            "Here is your own selection to go with it.",
            "This is what we picked out for you.",
        ),
        actions=("See your selection", "Take a look", "See the pieces"),
        facts=("favourite_category", *_PIECES, "quiz_styles", "quiz_colours", *_ANY),
    ),
}

_OF_TASTE: Final = ("We took that as our starting point.", "That gave us our direction.", "We kept that in mind.")
_OF_A_PIECE: Final = (
    "We chose these with it in mind.",
    "We looked for what would sit well beside it.",
    "It told us where to look.",
)
LINKS: Final[Mapping[str, Lines]] = {
    **dict.fromkeys(_TASTE, _OF_TASTE),
    **dict.fromkeys(_PIECES, _OF_A_PIECE),
    "new_arrival": ("It made us think of you.", "We believe that it is one for you."),
    "orders_count": ("That has taught us something of your taste.", "We have learnt a little from each."),
}
"""The sentence that links a fact to the items. A fact not named here needs none."""

WITHOUT_ITEMS: Final = Copy(
    subjects=("A word from {shop}", "From {shop}, with you in mind"),
    preheaders=("Whenever it suits you", "A short note from us"),
    openings=("We wanted to say hello.", "A short note, to say that we are here."),
    bridges=("Our collection is there whenever it suits you.", "Look in when you have a quiet moment."),
    actions=("Visit us", "Look in"),
    facts=(),
)
"""Subjects, preheaders, bridges and actions when no item could be picked."""

BLURBS: Final = (
    "From our {category} selection, in {colour}.",
    "Picked for you from {category}, in {colour}.",
    "A quiet choice in {colour}, from {category}.",
)
PLAIN_BLURBS: Final = (
    "Chosen for you, and easy to build on.",
    "A piece that goes with more than it seems to.",
    "One to wear often and in different ways.",
)
