"""The brokers behind a queue, by URL: Redis or RabbitMQ. Their libraries are loaded when chosen."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from dramatiq import Broker, Message
from dramatiq.middleware import CurrentMessage, Middleware, TimeLimit

from orc.errors import Invalid, Unavailable
from orc.tasks.queues import FileCoupee

IN_PROCESS = "inprocess:"
KNOWN = f"{IN_PROCESS}, redis://hôte:6379/0, rediss://…, amqp://hôte:5672/orc ou amqps://…"
NAMESPACE = "orc"
# Out of a million commands, those that give back what dead processes held.
MAINTENANCE = 20_000
# Seconds.
CONNECT, ANSWER = 3, 10
_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")


class BrokerQueue(Protocol):
    """One queue on a broker; every method but close raises FileCoupee when it does not answer."""

    broker: Broker

    def send(self, message: "Message[Any]", delay: float | None) -> None:
        """Put a message, to be seen after `delay` seconds."""
        ...

    def count(self) -> int:
        """How many messages wait, those put off included; those in hand are not."""
        ...

    def give_back(self, messages: list["Message[Any]"]) -> None:
        """Let others have messages this process took and did not finish."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


def open_queue(url: str, name: str, *, veille: float, limite: float) -> BrokerQueue:
    """The queue of this name on the broker of this URL; nothing is connected yet.

    `veille`: seconds after which Redis gives back what a silent process held; `limite`: the
    longest a task may last. Raises Invalid on an unknown URL, Unavailable without the library.
    """
    middleware = [TimeLimit(time_limit=limite * 1000), CurrentMessage()]
    kind = urlsplit(url).scheme
    if kind in {"redis", "rediss"}:
        return RedisQueue(url, name, middleware, veille)
    if kind in {"amqp", "amqps"}:
        return RabbitQueue(url, name, middleware)
    raise Invalid(f"File de tâches inconnue : {mask(url)}. Attendu : {KNOWN}.")


def mask(url: str) -> str:
    """The URL without its password."""
    return _PASSWORD.sub("…", url)


def _load(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"La bibliothèque « {error.name} » manque : installez ORC avec l’option « grand » "
            "(pip install 'orc-archives[grand]'), ou gardez ORC_QUEUE=inprocess:."
        ) from error


class Quiet(logging.Filter):
    """A broker that is down is said once, by ourselves: not by each thread, every three seconds."""

    def __init__(self, faults: tuple[type[BaseException], ...]) -> None:
        super().__init__()
        self._faults = faults

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line of a library says something else."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, self._faults):
            return False
        return not str(record.msg).startswith("Consumer encountered a connection error")


def _hush(name: str, faults: tuple[type[BaseException], ...]) -> None:
    for queue in (name, f"{name}.DQ"):
        logger = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue})")
        if not any(isinstance(known, Quiet) for known in logger.filters):
            logger.addFilter(Quiet(faults))


class RedisQueue:
    """A queue on Redis."""

    def __init__(self, url: str, name: str, middleware: list[Middleware], veille: float) -> None:
        redis, adapter = _load("redis"), _load("dramatiq.brokers.redis")
        self._faults: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._name = name
        retry = _load("redis.retry").Retry(_load("redis.backoff").NoBackoff(), 1)
        try:
            self._client = redis.Redis.from_url(
                url, socket_connect_timeout=CONNECT, socket_timeout=ANSWER, retry=retry
            )
        except (ValueError, TypeError) as error:
            raise Invalid(f"L’adresse de la file se lit mal : {mask(url)}.") from error
        self.broker = adapter.RedisBroker(
            client=self._client,
            namespace=NAMESPACE,
            middleware=middleware,
            heartbeat_timeout=int(veille * 1000),
            maintenance_chance=MAINTENANCE,
        )
        _hush(name, self._faults)

    def send(self, message: "Message[Any]", delay: float | None) -> None:
        """Put a message, to be seen after `delay` seconds."""
        with self._said():
            self.broker.enqueue(message, delay=None if delay is None else int(delay * 1000))

    def count(self) -> int:
        """How many messages wait, those put off included."""
        with self._said():
            pipe = self._client.pipeline(transaction=False)
            pipe.llen(f"{NAMESPACE}:{self._name}").hlen(f"{NAMESPACE}:{self._name}.DQ.msgs")
            return sum(pipe.execute())

    def give_back(self, messages: list["Message[Any]"]) -> None:
        """Let others have messages this process took and did not finish."""
        with self._said():
            for message in messages:
                self.broker.do_requeue(message.queue_name, message.options["redis_message_id"])

    def close(self) -> None:
        """Give the connections back."""
        with suppress(*self._faults):
            self._client.close()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            raise FileCoupee(f"Redis ne répond pas ({_shorten(error)}).") from error


class RabbitQueue:
    """A queue on RabbitMQ; each thread has a connection of its own."""

    def __init__(self, url: str, name: str, middleware: list[Middleware]) -> None:
        adapter = _load("dramatiq.brokers.rabbitmq")
        faults = (_load("pika.exceptions").AMQPError, _load("dramatiq.errors").BrokerError)
        self._faults: tuple[type[Exception], ...] = (*faults, OSError)
        self._name = name
        try:
            self.broker = adapter.RabbitmqBroker(
                url=bound_waits(url), middleware=middleware, confirm_delivery=True
            )
        except (ValueError, TypeError) as error:
            raise Invalid(f"L’adresse de la file se lit mal : {mask(url)}.") from error
        _hush(name, self._faults)
        # It tells every connection that ends, those closed by us included.
        logging.getLogger("pika").setLevel(logging.CRITICAL)

    def send(self, message: "Message[Any]", delay: float | None) -> None:
        """Put a message, to be seen after `delay` seconds."""
        try:  # dramatiq tries again by itself on a new connection
            self.broker.enqueue(message, delay=None if delay is None else int(delay * 1000))
        except self._faults as error:
            raise self._say(error) from error

    def count(self) -> int:
        """How many messages wait, those put off included and not yet taken."""
        found: tuple[int, int, int] = self._do(
            lambda: self.broker.get_queue_message_counts(self._name)
        )
        return found[0] + found[1]

    def give_back(self, messages: list["Message[Any]"]) -> None:
        """RabbitMQ does it by itself when the connection ends."""

    def close(self) -> None:
        """Give the connections back."""
        self.broker.close()

    def _do(self, act: Callable[[], Any]) -> Any:
        """Do it; once more on a new connection, since the broker may have closed an idle one."""
        try:
            return act()
        except self._faults:
            self._forget_connection()
        try:
            return act()
        except self._faults as error:
            raise self._say(error) from error

    def _say(self, error: Exception) -> FileCoupee:
        self._forget_connection()
        return FileCoupee(f"RabbitMQ ne répond pas ({_shorten(error)}).")

    def _forget_connection(self) -> None:
        with suppress(*self._faults, KeyError):
            del self.broker.connection


def bound_waits(url: str) -> str:
    """The URL with short delays where it says none: a page must not wait for a dead broker."""
    parts = urlsplit(url)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    waits = {
        "socket_timeout": CONNECT, "stack_timeout": ANSWER, "connection_attempts": 1,
        "blocked_connection_timeout": ANSWER,
    }  # fmt: skip
    return urlunsplit(parts._replace(query=urlencode(waits | asked)))


def _shorten(error: BaseException) -> str:
    cause: BaseException = error.__cause__ or error
    return _PASSWORD.sub("…", (str(cause) or type(cause).__name__).partition("\n")[0][:150])
