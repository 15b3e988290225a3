"""WeChat Work: a token, then the message; codes of refusal come with 200."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.chat import WechatSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

SECRET = "s3cr3t-of-ops"
TOKEN = Reply(body=b'{"errcode":0,"errmsg":"ok","access_token":"acc3ss-1","expires_in":7200}')
SENT = Reply(body=b'{"errcode":0,"errmsg":"ok","msgid":"m1"}')


def settings(url: str, http: HttpSettings) -> WechatSettings:
    return WechatSettings(f"{url}/cgi-bin/", Secret(SECRET), "corp", http, to_user="@all")


def says(code: int) -> Reply:
    return Reply(body=b'{"errcode":%d,"errmsg":"said"}' % code)


CASES = (
    Case(
        "wechat",
        settings,
        taken=(TOKEN, SENT),
        receipt=(("msgid", "m1"),),
        secrets=(SECRET,),
        templates=("message", "to_user", "to_party", "to_tag", "agent_id"),
        alertmanager_retries=(400, 403, 408, 425, 429),
        whole=True,
        stumbles=(1,),
        outcomes={
            "no token, and no word why": Outcome(
                (Reply(body=b'{"access_token":["acc3ss-1"]}'),), error="answered without an access token"
            ),
            "no entry": Outcome((Reply(403),), error="answered 403", permanent=True),
            "down": Outcome((Reply(503, {"Retry-After": "8"}),), error="answered 503", retry_after=8.0),
            "silence": Outcome((Reply(raw=b""),), error="the connection"),
            "a wrong secret": Outcome((says(40013),), error="WeChat says 40013 said", permanent=True),
            "too busy for a token": Outcome((says(-1),), error="WeChat says -1 said"),
            "a fresh token that it does not take": Outcome((TOKEN, says(42001)), error="WeChat says 42001 said"),
            "nobody to tell": Outcome((TOKEN, says(81013)), error="WeChat says 81013 said", permanent=True),
            "too much": Outcome((TOKEN, says(45009)), error="WeChat says 45009 said"),
        },
    ),
)
