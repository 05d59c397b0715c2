"""What the desk refuses, and why.

DeskRefused
├── UnknownConversation    there is none of that id
├── NotYours
│   ├── TakenByAnother     it does not wait any more
│   └── SpeakerChanged     the fence has moved since the caller looked
├── StepReused             the id of the step belongs to another one
├── AlreadyKnown           what became of the line is no question any more
├── FileUnknown            a file is not this customer's, or was sent before
└── KeyLost                the customer's data key is gone: nothing can be written of them
"""

from uuid import UUID


class DeskRefused(Exception):
    """Nothing was written. ``code`` names the reason, for a text in any language."""

    code = "desk_refused"


class UnknownConversation(DeskRefused):
    code = "unknown_conversation"


class NotYours(DeskRefused):
    """Somebody else may speak: ``owner`` is who, ``agent_id`` the person if it is one; ``closed`` when it is over."""

    def __init__(self, owner: str, agent_id: UUID | None, closed: bool) -> None:
        super().__init__(self.code)
        self.owner = owner
        self.agent_id = agent_id
        self.closed = closed


class TakenByAnother(NotYours):
    code = "taken_by_another"


class SpeakerChanged(NotYours):
    code = "speaker_changed"


class StepReused(DeskRefused):
    code = "step_reused"


class AlreadyKnown(DeskRefused):
    code = "line_already_known"


class KeyLost(DeskRefused):
    code = "key_lost"


class FileUnknown(DeskRefused):
    code = "blob_unknown"
