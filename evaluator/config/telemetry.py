"""`tracing` and `event_recorder`: what Alertmanager tells about itself. Checked here, and not acted on yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator

from evaluator.config.http import HttpModel
from evaluator.config.models import Model
from evaluator.config.scalars import Count, Flag, Hidden, HiddenUrl, Span, Text, WrongError, one_of, text
from evaluator.config.tls import TlsModel


def _needed(value: object) -> str:
    word = text(value)
    if not word:
        raise WrongError("cannot be empty")
    return word


def _fraction(value: object) -> float:
    word = text(value)
    try:
        number = float(word)
    except ValueError:
        raise WrongError(f'not a number: "{word}"') from None
    if not 0 <= number <= 1:
        raise WrongError(f"must lie between 0 and 1: {word}")
    return number


def _some(brokers: list[str]) -> list[str]:
    if not all(brokers) or not brokers:
        raise WrongError("expected one or more", "write them as [HOST:PORT, HOST:PORT]")
    return brokers


Needed = Annotated[str, PlainValidator(_needed)]


class TracingModel(Model):
    """`tracing`."""

    TITLE = "tracing"

    client_type: Annotated[str, PlainValidator(one_of("grpc", "http"))] = "grpc"
    endpoint: Needed
    sampling_fraction: Annotated[float, PlainValidator(_fraction)] = 0.0
    insecure: Flag = False
    tls_config: TlsModel = TlsModel()
    headers: dict[str, Hidden] = Field(default_factory=dict)
    compression: Annotated[str, PlainValidator(one_of("", "gzip"))] = ""
    timeout: Span = timedelta(0)


class FileOutputModel(Model):
    """An item of `file_outputs`."""

    TITLE = "file_outputs"

    path: Needed


class StdoutOutputModel(Model):
    """An item of `stdout_outputs`; there is nothing to set."""

    TITLE = "stdout_outputs"


class WebhookOutputModel(Model):
    """An item of `webhook_outputs`."""

    TITLE = "webhook_outputs"

    url: HiddenUrl
    http_config: HttpModel | None = None
    timeout: Span = timedelta(seconds=10)
    workers: Count = 4
    max_retries: Count = 3
    retry_backoff: Span = timedelta(milliseconds=500)
    batch: Flag = False
    batch_max_events: Count = 100
    batch_max_bytes: Count = 1024 * 1024
    batch_flush_interval: Span = timedelta(milliseconds=100)


class KafkaOutputModel(Model):
    """An item of `kafka_outputs`."""

    TITLE = "kafka_outputs"

    brokers: Annotated[list[Text], AfterValidator(_some)]
    topic: Needed
    client_id: Text = "alertmanager"
    format: Annotated[str, PlainValidator(one_of("json", "protobuf"))] = "json"
    acks: Annotated[str, PlainValidator(one_of("none", "leader", "all"))] = "all"
    compression: Text = ""
    buffer_size: Count = 1024
    tls_config: TlsModel | None = None


class EventRecorderModel(Model):
    """`event_recorder`."""

    TITLE = "event_recorder"

    file_outputs: list[FileOutputModel] = Field(default_factory=list)
    stdout_outputs: list[StdoutOutputModel] = Field(default_factory=list)
    webhook_outputs: list[WebhookOutputModel] = Field(default_factory=list)
    kafka_outputs: list[KafkaOutputModel] = Field(default_factory=list)
