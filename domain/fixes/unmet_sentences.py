"""Tell a client in their own language, and their own words, which of their wishes a box does not meet, and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.text_rules import clean_quote
from models.fix_views import UnmetWish

OPENINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "Not in your box: {wish}. {why}",
        "de": "Nicht in der Box: {wish}. {why}",
        "fr": "Pas dans la box : {wish}. {why}",
        "es": "No está en la caja: {wish}. {why}",
        "ar": "ليس في الصندوق: {wish}. {why}",
    }
)
FEWER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "The box has fewer pieces than you asked for. {why}",
        "de": "Die Box hat weniger Teile als gewünscht. {why}",
        "fr": "La box compte moins de pièces que demandé. {why}",
        "es": "La caja trae menos prendas de las pedidas. {why}",
        "ar": "في الصندوق قطع أقل من المطلوب. {why}",
    }
)
MARKS: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "“{}”", "de": "„{}“", "fr": "« {} »", "es": "«{}»", "ar": "«{}»"}
)
OR: Final[Mapping[str, str]] = MappingProxyType({"en": "or", "de": "oder", "fr": "ou", "es": "o", "ar": "أو"})
"""Between wishes of which one would have been enough."""
WHYS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "not_sold": "We do not sell it.",
            "out_of_stock": "It is sold out in your size.",
            "not_in_size": "It is not made in your size.",
            "too_dear": "What we have costs more than you want to pay.",
            "unwanted": "What we have of it has something that you do not want.",
            "had_before": "What we have of it is yours already, or was in one of your boxes lately.",
            "unsuited": "What we have of it does not go with what else you asked for.",
            "no_more": "We have nothing more that goes with what you asked for.",
            "no_money": "What is left of your budget pays for no further piece.",
            "no_room": "It would have gone beyond your budget, the colours or the number of pieces.",
        },
        "de": {
            "not_sold": "Das führen wir nicht.",
            "out_of_stock": "In deiner Größe ist das ausverkauft.",
            "not_in_size": "In deiner Größe gibt es das nicht.",
            "too_dear": "Was wir davon haben, kostet mehr, als du ausgeben möchtest.",
            "unwanted": "Was wir davon haben, hat etwas, das du nicht möchtest.",
            "had_before": "Was wir davon haben, hast du schon, oder es war kürzlich in einer Box von dir.",
            "unsuited": "Was wir davon haben, passt nicht zu deinen anderen Wünschen.",
            "no_more": "Mehr, das zu deinen Wünschen passt, haben wir gerade nicht.",
            "no_money": "Der Rest deines Budgets reicht für kein weiteres Teil.",
            "no_room": "Damit wären Budget, Farben oder die Zahl der Teile überschritten.",
        },
        "fr": {
            "not_sold": "Nous n'en vendons pas.",
            "out_of_stock": "C'est épuisé dans votre taille.",
            "not_in_size": "Cela n'existe pas dans votre taille.",
            "too_dear": "Ce que nous avons coûte plus que vous ne souhaitez dépenser.",
            "unwanted": "Ce que nous avons présente quelque chose que vous ne voulez pas.",
            "had_before": "Ce que nous avons est déjà chez vous, ou était dans une box récente.",
            "unsuited": "Ce que nous avons ne va pas avec vos autres souhaits.",
            "no_more": "Nous n'avons rien d'autre qui aille avec vos souhaits.",
            "no_money": "Le reste de votre budget ne suffit pas pour une autre pièce.",
            "no_room": "Cela dépassait le budget, les couleurs ou le nombre de pièces.",
        },
        "es": {
            "not_sold": "No lo vendemos.",
            "out_of_stock": "Está agotado en tu talla.",
            "not_in_size": "No se hace en tu talla.",
            "too_dear": "Lo que tenemos cuesta más de lo que quieres gastar.",
            "unwanted": "Lo que tenemos lleva algo que no quieres.",
            "had_before": "Lo que tenemos ya es tuyo, o estuvo hace poco en una de tus cajas.",
            "unsuited": "Lo que tenemos no va con el resto de lo que pides.",
            "no_more": "No tenemos nada más que vaya con lo que pides.",
            "no_money": "Lo que queda de tu presupuesto no da para otra prenda.",
            "no_room": "Habría superado tu presupuesto, los colores o el número de prendas.",
        },
        "ar": {
            "not_sold": "هذا غير متوفر في متجرنا.",
            "out_of_stock": "نفد بمقاسك.",
            "not_in_size": "لا يتوفر بمقاسك.",
            "too_dear": "المتوفر منه أغلى من الحد المطلوب.",
            "unwanted": "في المتوفر منه شيء من غير المرغوب فيه.",
            "had_before": "المتوفر منه موجود لديك، أو كان في صندوق قريب.",
            "unsuited": "المتوفر منه لا يناسب بقية الطلبات.",
            "no_more": "ليس لدينا المزيد مما يناسب الطلبات.",
            "no_money": "ما بقي من الميزانية لا يكفي لقطعة أخرى.",
            "no_room": "كان سيتجاوز الميزانية أو الألوان أو عدد القطع.",
        },
    }
)


def tell_unmet(entry: UnmetWish, locale: str) -> str:
    """Tell the client of one wish that a box does not meet, in the language of their locale, else in English.

    The wish is said in the words of their note where these may be quoted, else as we name it.
    """
    language = locale.replace("_", "-").partition("-")[0].casefold()
    language = language if language in WHYS else "en"
    why = WHYS[language][entry.code]
    if entry.key == "slots":
        return FEWER[language].format(why=why)
    words = [clean_quote(part.strip()) for part in entry.quote.split(";")]
    said = [MARKS[language].format(word) for word in dict.fromkeys(words) if word] or [entry.name]
    return OPENINGS[language].format(wish=_list_alternatives(said, language), why=why)


def _list_alternatives(said: list[str], language: str) -> str:
    """List wishes of which one would have been enough: “a coat”, “a jacket” or “a cape”."""
    *first, last = said
    joint = "u" if language == "es" and last.strip("« ").casefold().startswith(("o", "ho")) else OR[language]
    return f"{', '.join(first)} {joint} {last}" if first else last
