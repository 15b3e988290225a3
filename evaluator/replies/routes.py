"""Where the doors are. A door that the configuration does not open answers like one that is not there."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from evaluator.replies.desk import Answerable, Desk, Way
from evaluator.replies.doors import door
from evaluator.replies.link_pages import LinkPages
from evaluator.replies.links import PATH
from evaluator.replies.mail import MailDoor
from evaluator.replies.pagerduty import PagerdutyDoor
from evaluator.replies.slack import SlackDoor
from evaluator.replies.telegram import TelegramDoor
from evaluator.replies.twilio import PATH as TWILIO_PATH
from evaluator.replies.twilio import TwilioDoor


def reply_routes(view: Answerable) -> list[BaseRoute]:
    """The routes by which people answer `view`."""
    desk = Desk(view)
    links = LinkPages(desk)
    doors = {
        "/replies/slack": (Way.SLACK, SlackDoor(desk).post),
        "/replies/pagerduty": (Way.PAGERDUTY, PagerdutyDoor(desk).post),
        TWILIO_PATH: (Way.SMS, TwilioDoor(desk).post),
        "/replies/telegram": (Way.TELEGRAM, TelegramDoor(desk).post),
        "/replies/mail": (Way.MAIL, MailDoor(desk).post),
    }
    return [
        Route(f"{PATH}/{{token}}", links.look, methods=["GET"]),
        Route(f"{PATH}/{{token}}", links.press, methods=["POST"]),
        *(Route(path, door(desk, way, endpoint), methods=["POST"]) for path, (way, endpoint) in doors.items()),
    ]
