# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Registration of checks and the few assertions that they use."""
import dataclasses
import time
import typing

registered = []


@dataclasses.dataclass(frozen=True)
class Check:
    name: str
    function: typing.Callable
    arguments: tuple
    alone: bool  # not at the same time as other checks: it measures time or fills buffers


class Skipped(Exception):
    """The check could not be made on this machine."""


class Failed(Exception):
    """The gateway did something else than required."""


def check(name, *arguments, alone=False):
    """Registers a function of (context, *arguments) as one counted test."""

    def register(function):
        if any(name == other.name for other in registered):
            raise ValueError(f"two checks are named {name!r}")
        registered.append(Check(name, function, arguments, alone))
        return function

    return register


def skip(reason):
    raise Skipped(reason)


def shorten(value, limit=600):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def expect(condition, what):
    if not condition:
        raise Failed(shorten(what, 2000))


def expect_equal(actual, expected, what):
    if actual != expected:
        raise Failed(f"{what}: expected {shorten(expected)}, got {shorten(actual)}")


def expect_in(part, whole, what):
    if part not in whole:
        raise Failed(f"{what}: expected {shorten(part)} in {shorten(whole, 2000)}")


def expect_soon(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, f"did not happen within {seconds} s: {what}")
        time.sleep(0.02)
