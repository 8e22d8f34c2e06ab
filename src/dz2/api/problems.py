"""Every failure of the API in one shape: ``{"error", "error_id", "where", "next"}``."""

from __future__ import annotations

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dz.errors import UserError
from dz.log import get_logger

log = get_logger()

STATUS = {
    "project.not-found": 404,
    "job.not-found": 404,
    "api.no-such-page": 404,
    "project.name-taken": 409,
    "project.busy": 409,
    "job.too-late": 409,
    "job.ended": 409,
    "project.no-such-variable": 404,
    "release.not-found": 404,
    "release.none-live": 409,
    "release.no-older": 409,
    "release.is-live": 409,
    "release.same-code": 409,
    "release.pruned": 409,
    "project.rests": 409,
    "project.does-not-rest": 409,
    "run.too-many": 409,
    "data.no-backup": 404,
    "data.no-files": 404,
    "data.none": 409,
    "data.not-good": 409,
    "data.no-server": 503,
    "platform.away": 503,
    "push.none-here": 409,
    "push.other-source": 409,
    "api.not-signed-in": 401,
}


def install(api: NinjaAPI) -> None:
    """Make ``api`` answer so."""

    def answer(request: HttpRequest, error: UserError | type[UserError]) -> HttpResponse:
        assert isinstance(error, UserError)
        return api.create_response(request, shape(error), status=STATUS.get(error.id, 422))

    def validation(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
        assert isinstance(error, ValidationError)
        first: dict[str, Any] = error.errors[0]
        named = ".".join(str(part) for part in first["loc"][1:] if part != "data")
        field = named.removeprefix("body.") or "the request"
        return answer(request, UserError("api.input", field=field, detail=first["msg"].removeprefix("Value error, ")))

    def away(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        log.warning("api.zoomdb", error=str(error))
        return answer(request, UserError("platform.away"))

    api.add_exception_handler(UserError, answer)
    api.add_exception_handler(OperationalError, away)
    api.add_exception_handler(InterfaceError, away)
    api.add_exception_handler(ValidationError, validation)
    api.add_exception_handler(AuthenticationError, lambda r, _: answer(r, UserError("api.not-signed-in")))
    api.add_exception_handler(
        HttpError, lambda r, e: answer(r, UserError("api.input", field="the request", detail=str(e)))
    )


def shape(error: UserError) -> dict[str, str | None]:
    return {"error": error.brief, "error_id": error.id, "where": error.where or None, "next": error.next}
