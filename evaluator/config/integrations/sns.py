"""Amazon's notification service: `sns_configs`.

Alertmanager means to demand exactly one target, and lets all three together pass; here those are refused too.
"""

from __future__ import annotations

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.models import Model
from evaluator.config.scalars import Flag, Hidden, Text
from evaluator.core.receivers.general import Sigv4, SnsSettings


class Sigv4Model(Model):
    """Who signs the requests."""

    TITLE = "sigv4"

    region: Text = ""
    access_key: Text = ""
    secret_key: Hidden | None = None
    profile: Text = ""
    role_arn: Text = ""
    external_id: Text = ""
    use_fips_sts_endpoint: Flag = False


class SnsModel(HttpIntegrationModel):
    """An item of `sns_configs`."""

    TITLE = "sns_configs"

    api_url: Text = ""
    sigv4: Sigv4Model = Sigv4Model()
    topic_arn: Text = ""
    phone_number: Text = ""
    target_arn: Text = ""
    subject: Text = ""
    message: Text = ""
    attributes: dict[str, Text] = Field(default_factory=dict)
    use_aws_http_client: Flag = False


def settings(model: SnsModel, source: Source) -> SnsSettings:
    """The settings of one topic, phone or application."""
    targets = [name for name in ("topic_arn", "phone_number", "target_arn") if getattr(model, name)]
    if len(targets) != 1:
        message = "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"
        source.wrong(targets[-1] if targets else "topic_arn", message, "remove all but one" if targets else "add topic_arn")
    secret_key = model.sigv4.secret_key
    if bool(model.sigv4.access_key) != bool(secret_key is not None and secret_key.text):
        message = "must provide both access_key and secret_key in sigv4 if credentials are specified there"
        source.wrong("sigv4", message)
    return build(SnsSettings, model, sigv4=build(Sigv4, model.sigv4), http=source.http(model))
