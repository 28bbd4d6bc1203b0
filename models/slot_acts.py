"""What people may do about who answers a slot."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import Id, StrictInput


class SlotAct(StrictInput):
    """An act: of an algorithm, or `demote` of a slot. `share`: of the clients, for `split`; 0 ends it."""

    act: Literal["promote", "demote", "shadow", "unshadow", "split"]
    algorithm: Id | None = None
    slot: Annotated[str, Field(max_length=64)] | None = None
    share: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Self:
        if self.act == "demote":
            if self.slot is None:
                raise ValueError("slot: say which slot goes back")
        elif self.algorithm is None:
            raise ValueError("algorithm: say which one")
        return self
