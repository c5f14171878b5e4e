"""JSON bodies that are not FHIR, read as strictly: no doubled key, no U+0000, of a bounded size.

A doubled key is not harmless: the reader may obey one value and the writer mean the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.json import parse
from tasuki.shared.rest.bodies import JSON_TYPES, bounded_body, require_media_type

if TYPE_CHECKING:
    from fastapi import Request

MAX_BODY = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def json_form(request: Request, model: type[Model]) -> Model:
    """Return what a request says, as this model.

    Raises:
        Fault: MEDIA_TYPE, TOO_LARGE; INVALID for what is no JSON; STRUCTURE, place by place, for
            what the model does not allow.
    """
    require_media_type(request, JSON_TYPES)
    document = parse(await bounded_body(request, MAX_BODY))
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault(
                Category.STRUCTURE,
                "this part is missing or not allowed",
                at=(".".join(str(part) for part in one["loc"]),),
            )
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise Faults(tuple(faults)) from None
