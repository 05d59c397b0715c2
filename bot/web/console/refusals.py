"""What the staff room and the customer store refuse, as HTTP says it."""

from functools import wraps

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.staff import errors
from bot.web.bodies import invalid
from bot.web.problems import Problem
from crm_adapter import port

_STATUS: dict[type[errors.StaffError], int] = {
    errors.SignInFailed: 401,
    errors.LockedOut: 429,
    errors.SignInBusy: 503,
    errors.LinkInvalid: 401,
    errors.WeakPassword: 422,
    # Not 401: the session is as good as before, and a client would throw it away.
    errors.WrongPassword: 422,
    errors.BadName: 422,
    errors.NameTaken: 409,
    errors.UnknownStaff: 404,
    errors.StaffInactive: 409,
    errors.LastAdministrator: 409,
    errors.OwnRoles: 409,
}


def refusing(handler: Handler) -> Handler:
    """The handler; what the staff room (a :class:`StaffError`) and the customer store refuse are problems."""

    @wraps(handler)
    async def refuse(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except port.UnknownRecord:
            raise Problem(404, "unknown_record") from None
        except port.VersionConflict as conflict:
            raise Problem(409, "version_conflict", actual=conflict.actual) from None
        except port.BadField as bad:
            raise invalid((bad.field, bad.code)) from None
        except port.Refused as refused:
            raise Problem(409, refused.code, **refused.values) from None
        except errors.UnknownRole:
            raise invalid(("roles", "not_allowed")) from None
        except errors.StaffError as refused:
            raise Problem(_STATUS[type(refused)], refused.code, **refused.values) from None

    return refuse
