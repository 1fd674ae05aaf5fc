"""The default of a column."""

from __future__ import annotations

from dataclasses import dataclass

NOW, UUID, EMPTY_ARRAY = "now()", "uuid()", "[]"


@dataclass(frozen=True)
class Default:
    """What a row gets that does not name the column: the text of a literal or a call. `null`: DEFAULT NULL."""

    text: str | None = None
    call: str = ""
    null: bool = False

    @property
    def given(self) -> bool:
        return self.text is not None or bool(self.call)


NO_DEFAULT = Default()
