"""What a store on the network says when something goes wrong, in plain sentences, and what is worth another try.

Libraries differ in their exceptions, so these are told apart by the status and the code that the store sent, and by
names; nothing of what a library prints is handed on, for it may hold credentials.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bgtool.errors import InputError, OutputError

T = TypeVar("T")

TRIES = 6
"""How often a request is made that fails for a reason that may pass; libraries below try some by themselves, too."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Seconds between tries; each is twice the one before, less a random part so that workers do not come together."""

_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "IncompleteBody"})
_CONTENDED = frozenset({"ConditionalRequestConflict", "OperationAborted"})  # S3, where two make one object at a time
_CUT = frozenset({
    "ClientConnectionError", "ClientOSError", "ClientPayloadError", "ConnectionClosedError", "ConnectionError",
    "HTTPClientError", "IncompleteReadError", "IncompleteRead", "ResponseParserError", "ServerDisconnectedError",
    "ServiceResponseError",
})  # fmt: skip
_LATE = frozenset({"ConnectTimeoutError", "FSTimeoutError", "ReadTimeoutError", "ServerTimeoutError", "TimeoutError"})
_UNREACHABLE = frozenset({"ClientConnectorError", "EndpointConnectionError", "ServiceRequestError", "gaierror"})

_SENTENCES = {
    "RequestTimeTooSkewed": "the clock of this machine is off the store's by more than it allows",
    "NoSuchBucket": "there is no such bucket",
    "InvalidAccessKeyId": "the store does not know these credentials",
    "SignatureDoesNotMatch": "the credentials are wrong",
    "ExpiredToken": "the credentials have expired",
    "InvalidToken": "the credentials are wrong",
    "NoCredentialsError": "there are no credentials for the store",
    "PartialCredentialsError": "the credentials are not complete",
    "DefaultCredentialsError": "there are no credentials for the store",
    "KeyTooLongError": "the name of its output is too long",
    "EntityTooLarge": "its output is larger than the store allows",
    "InvalidBucketName": "the bucket has a name that the store does not allow",
    "ParamValidationError": "the store does not allow such a name",
}
_OF_ONE_OUTPUT = frozenset({"KeyTooLongError", "EntityTooLarge", "UnicodeEncodeError"})


class Changed(Exception):
    """An object was to be made where there is one."""


def status_of(error: BaseException) -> int:
    """The HTTP status that a store answered with; 0 where there was no answer."""
    for each in _chain(error):
        response = getattr(each, "response", None)
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
        for value in (found, *(getattr(each, name, None) for name in ("status", "status_code", "code"))):
            if isinstance(value, int) and 100 <= value < 600:
                return value
    return 0


def code_of(error: BaseException) -> str:
    """The word by which a store, or the library that speaks to it, names a fault; empty where it has none."""
    for each in _chain(error):
        response = getattr(each, "response", None)
        told = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        code = told or getattr(each, "error_code", None)
        if isinstance(code, str) and not code.isdigit():
            return code
    names = _names(error)
    return next((name for name in _SENTENCES if name in names), "")


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a little later."""
    if is_missing(error) or is_conflict(error):
        return False
    if status := status_of(error):
        return status in _PASSING_STATUS or code_of(error) in _PASSING_CODES | _CONTENDED
    return bool(_names(error) & (_CUT | _LATE | _UNREACHABLE)) or isinstance(error, ConnectionError | TimeoutError)


def is_missing(error: BaseException) -> bool:
    """Whether there is no such object; of a missing bucket it is said otherwise."""
    return (isinstance(error, FileNotFoundError) or status_of(error) == 404) and code_of(error) != "NoSuchBucket"


def is_conflict(error: BaseException) -> bool:
    """Whether an object was to be made, and there is one."""
    is_there = status_of(error) == 409 and code_of(error) == "BlobAlreadyExists"  # Azure
    return is_there or isinstance(error, FileExistsError) or status_of(error) == 412


def is_beyond_end(error: BaseException) -> bool:
    """Whether a part was asked for that lies behind an object's end."""
    return status_of(error) == 416 or code_of(error) == "InvalidRange"


def sentence(error: BaseException) -> str:
    """What went wrong."""
    code, status, names = code_of(error), status_of(error), _names(error)
    if code in _SENTENCES:
        return _SENTENCES[code]
    if status in (401, 403) or isinstance(error, PermissionError):
        return f"access was denied ({status or 403}: the credentials are wrong, or do not allow it)"
    if is_missing(error):
        return "there is no such object"
    if status == 503 or code == "SlowDown":
        return f"the store asked to slow down (503), {TRIES} times in a row"
    if status:
        return f"the store answered {status}" + (f" ({code})" if code else "")
    if names & _LATE or isinstance(error, TimeoutError):
        return "the store did not answer in time"
    if names & _UNREACHABLE:
        return "the store cannot be reached"
    if names & _CUT or isinstance(error, ConnectionError):
        return "the connection was cut"
    if isinstance(error, UnicodeEncodeError):
        return "the name of its output is not allowed there"
    return f"the store could not be used ({type(error).__name__})"


def retried(request: Callable[[], T]) -> T:
    """What a request gives, tried again while its faults may pass.

    Raises:
        Exception: whatever the last try raised.
    """
    for attempt in range(TRIES - 1):
        try:
            return request()
        except Exception as error:
            if not may_pass(error):
                raise
            time.sleep(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1))
    return request()


@contextmanager
def reading_faults(url: str) -> Iterator[None]:
    """Turn whatever goes wrong with reading an object into one sentence. Raises InputError."""
    try:
        yield
    except (InputError, OutputError):
        raise
    except Exception as error:
        raise InputError(f"{url}: {sentence(error)}") from None


@contextmanager
def writing_faults(url: str) -> Iterator[None]:
    """Turn whatever goes wrong with writing an object into one sentence.

    Raises:
        InputError: only this output cannot be written.
        OutputError: nothing can be written there.
    """
    try:
        yield
    except (InputError, OutputError, Changed):
        raise
    except Exception as error:
        if code_of(error) in _OF_ONE_OUTPUT or isinstance(error, UnicodeEncodeError):
            raise InputError(sentence(error)) from None
        raise OutputError(f"cannot write {url}: {sentence(error)}") from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what brought it about."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def _names(error: BaseException) -> set[str]:
    """The names of the classes of an exception and of what brought it about."""
    return {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}
