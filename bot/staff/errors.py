"""What staff accounts can refuse.

StaffError
├── SignInFailed        no such name, wrong password, no password yet or an inactive account: not told which
├── LockedOut           too many failures of a name or an address
├── SignInBusy          too many sign-ins wait for their turn
├── LinkInvalid         a one-time link that is unknown, used, replaced or expired
├── WeakPassword        the password breaks a rule; ``reason`` names it
├── WrongPassword       the current password given for a change is not right
├── BadName             the name breaks the rule for names
├── NameTaken           another account has the name
├── UnknownStaff        there is no such account
├── UnknownRole         there is no such role
├── StaffInactive       the account is switched off
├── LastAdministrator   nobody would be left to administer
└── OwnRoles            nobody gives themselves a role
"""

from typing import ClassVar


class StaffError(Exception):
    """``code`` is stable and part of the API; ``values`` fill its text."""

    code: ClassVar[str]

    def __init__(self, **values: str | int) -> None:
        super().__init__(self.code)
        self.values = values


class SignInFailed(StaffError):
    code = "sign_in_failed"


class LockedOut(StaffError):
    code = "locked_out"

    def __init__(self, retry_after: int) -> None:
        """``retry_after`` in seconds, at least 1."""
        super().__init__(retry_after=retry_after, minutes=-(-retry_after // 60))
        self.retry_after = retry_after


class SignInBusy(StaffError):
    code = "unavailable"

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class LinkInvalid(StaffError):
    code = "link_invalid"


class WeakPassword(StaffError):
    code = "weak_password"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class WrongPassword(StaffError):
    code = "wrong_password"


class BadName(StaffError):
    code = "bad_name"


class NameTaken(StaffError):
    code = "name_taken"


class UnknownStaff(StaffError):
    code = "unknown_staff"


class UnknownRole(StaffError):
    code = "unknown_role"


class StaffInactive(StaffError):
    code = "staff_inactive"


class LastAdministrator(StaffError):
    code = "last_administrator"


class OwnRoles(StaffError):
    code = "own_roles"
