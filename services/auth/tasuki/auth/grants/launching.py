"""`POST /launch`: an app of ours asks for a launch handle for another app, for its own user.

The asking app proves its key and shows the access token its user signed in for; so nobody is
launched into anything without having signed in here first.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.auth.clients import PROVEN
from tasuki.auth.grants.authlib_core import (
    InvalidGrantError,
    InvalidRequestError,
    UnauthorizedClientError,
)
from tasuki.auth.grants.own_tokens import open_own_token
from tasuki.auth.launches import LAUNCH_SECONDS, MAX_INTENT, Launch, reference, save_launch
from tasuki.shared.access.principal import STAFF

if TYPE_CHECKING:
    from tasuki.auth.clients import Client
    from tasuki.auth.grants.request import FormRequest
    from tasuki.auth.grants.server import OAuthServer
    from tasuki.shared.access.principal import Principal


def launch_answer(server: OAuthServer, request: FormRequest) -> dict[str, Any]:
    """Return the handle of a new launch.

    Raises:
        OAuth2Error: The app is not proven, its user not signed in with it, or what is to be
            launched not registered.
    """
    client: Client = server.authenticate_client(request, [PROVEN], "launch")
    form = request.form
    user = _user(server, client, form.get("subject_token", ""))
    patient = _checked(form, "patient") or _missing("patient")
    if user.patient not in (None, patient):  # a token for one patient launches no other
        raise InvalidGrantError()
    app = server.query_client(form.get("app", ""))
    if app is None or not app.check_grant_type("authorization_code"):
        raise UnauthorizedClientError("There is no such app to launch.")
    launch = Launch(
        account=user.subject,
        client_id=app.client_id,
        patient=patient,
        encounter=_checked(form, "encounter"),
        intent=_intent(form.get("intent")),
        banner=_banner(form.get("need_patient_banner", "true")),
    )
    now = server.context.clock.now()
    handle = save_launch(server.connection, server.context.box, launch, now=now)
    return {"launch": handle, "expires_in": LAUNCH_SECONDS}


def _user(server: OAuthServer, client: Client, token: str) -> Principal:
    own = open_own_token(server, token)
    if own is None or own.principal.client_id != client.client_id or own.principal.actor:
        raise InvalidGrantError()
    if own.principal.role not in STAFF:
        raise UnauthorizedClientError("Only staff launch apps.")
    return own.principal


def _missing(name: str) -> str:
    raise InvalidRequestError(f"The {name} is missing.")


def _checked(form: dict[str, str], name: str) -> str | None:
    text = form.get(name)
    if text is None:
        return None
    found = reference(name.capitalize(), text)
    if found is None:
        raise InvalidRequestError(f"The {name} is not a reference such as {name.capitalize()}/123.")
    return found


def _intent(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_INTENT:
        raise InvalidRequestError("The intent is too long.")
    return text


def _banner(text: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidRequestError("need_patient_banner is true or false.")
    return text == "true"
