"""The checks of ../wamp/scenario.ts in Python, for clients in Python. Keep both alike: either calls the other's."""

import asyncio
import itertools
import json
import sys

STEP = 10
LARGE = 300_000
MANY = 200
FAIL_ARGS = ["Must be at most 100", 130]
FAIL_KWARGS = {"field": "age"}
VALUES = [1, "text \u00e9 \U0001f600", None, True, False, 1.5, -7, 65_536, 2**40, [1, [2, []]], {"a": {"b": []}}, ""]
KEYWORDS = {"n": 1, "s": "x", "nested": {"list": [1, 2]}}

tags = itertools.count()


class Failure(Exception):
    """An ERROR, whatever class a client has for it."""

    def __init__(self, uri, args=(), kwargs=None):
        self.uri = uri
        self.payload = (list(args or []), dict(kwargs or {}))
        super().__init__(f"{uri} {self.payload}")


class Notes:
    """Holds what was recorded under tags until it is asked for."""

    def __init__(self):
        self._items = {}
        self._changed = asyncio.Condition()

    async def add(self, tag, item):
        async with self._changed:
            self._items.setdefault(tag, []).append(item)
            self._changed.notify_all()

    async def take(self, tag, count):
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._items.get(tag, [])) >= count)
            return list(self._items[tag])


async def within(step, what):
    try:
        return await asyncio.wait_for(step, STEP)
    except asyncio.TimeoutError:
        raise TimeoutError(f"{what} took longer than {STEP} s") from None


def plain(value):
    """Some clients give tuples for lists and views for bytes."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return value


def expect_same(actual, expected, what):
    actual, expected = plain(actual), plain(expected)
    # True equals 1 in Python, and not on the wire.
    if actual != expected or repr(actual) != repr(expected) and not isinstance(actual, dict):
        raise AssertionError(f"{what} must be {str(expected)[:300]}, received {str(actual)[:300]}")


async def provide(party, prefix):
    """Registers and subscribes what the checks call and publish to."""
    events, interrupts = Notes(), Notes()

    async def note(topic, args, kwargs):
        await events.add(str(args[0]), [topic, args, kwargs])

    async def echo(called):
        return called.args, called.kwargs

    async def fail(called):
        raise Failure("com.example.error.too_old", FAIL_ARGS, FAIL_KWARGS)

    async def stream(called):
        for i in range(called.args[0]):
            if called.progress is not None:
                called.progress([i, f"part {i}"])
        return ["end", called.progress is not None], {}

    async def hang(called):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await interrupts.add(str(called.args[0]), True)
            raise

    async def take_interrupts(called):
        return [len(await interrupts.take(str(called.args[0]), 1))], {}

    async def take_events(called):
        return [await events.take(str(called.args[0]), called.args[1])], {}

    async def name(called):
        return [called.procedure], {}

    await party.subscribe(f"{prefix}.topic", "exact", note)
    await party.subscribe(f"{prefix}.news", "prefix", note)
    await party.subscribe(f"{prefix}..here", "wildcard", note)
    await party.register(f"{prefix}.echo", "exact", echo)
    await party.register(f"{prefix}.fail", "exact", fail)
    await party.register(f"{prefix}.stream", "exact", stream)
    await party.register(f"{prefix}.hang", "exact", hang)
    await party.register(f"{prefix}.interrupts", "exact", take_interrupts)
    await party.register(f"{prefix}.events", "exact", take_events)
    await party.register(f"{prefix}.files", "prefix", name)
    await party.register(f"{prefix}..size", "wildcard", name)


async def expect_failure(step, uri, payload=None):
    uris = uri if isinstance(uri, tuple) else (uri,)
    try:
        result = await within(step, "Failing")
    except Failure as failure:
        if failure.uri not in uris:
            raise AssertionError(f"Call must fail with {uri}, received {failure}") from failure
        if payload is not None:
            expect_same(failure.payload, payload, "Error")
        return
    raise AssertionError(f"Call must fail with {uri}, received {result}")


async def publish_and_ask(party, prefix, topic, acknowledge):
    tag = f"event {party.id} {next(tags)}"
    await within(party.publish(topic, [tag, 1], {"n": 2}, acknowledge=acknowledge), "Publishing")
    args, _ = await within(party.call(f"{prefix}.events", [tag, 1]), "Asking for events")
    expect_same(args, [[[topic, [tag, 1], {"n": 2}]]], "Events")


async def cancel_call(party, prefix):
    tag = f"cancel {party.id} {next(tags)}"

    async def received():
        # What comes back through the callee says that it has the call that is cancelled.
        await party.call(f"{prefix}.echo", [])
        await party.call(f"{prefix}.echo", [])

    canceled = ("wamp.error.canceled", "wamp.error.cancelled")
    await expect_failure(party.call_and_cancel(f"{prefix}.hang", [tag], received), canceled)
    return tag


async def check_call(party, prefix):
    args, kwargs = await within(party.call(f"{prefix}.echo", VALUES, KEYWORDS), "Calling")
    expect_same(args, VALUES, "Result")
    expect_same(kwargs, KEYWORDS, "Result")
    expect_same(list(await within(party.call(f"{prefix}.echo", []), "Calling")), [[], {}], "Result")


async def check_binary(party, prefix):
    values = [bytes(range(256)), b""]
    args, _ = await within(party.call(f"{prefix}.echo", values), "Calling")
    expect_same(args, values, "Result")


async def check_large(party, prefix):
    text = "0123456789" * (LARGE // 10)
    args, _ = await within(party.call(f"{prefix}.echo", [text]), "Calling")
    expect_same(args, [text], "Result")


async def check_many(party, prefix):
    results = await within(asyncio.gather(*(party.call(f"{prefix}.echo", [i]) for i in range(MANY))), "Calling")
    expect_same([args[0] for args, _ in results], list(range(MANY)), "Results")


async def check_error(party, prefix):
    await expect_failure(party.call(f"{prefix}.fail", []), "com.example.error.too_old", [FAIL_ARGS, FAIL_KWARGS])


async def check_error_plain(party, prefix):
    await expect_failure(party.call(f"{prefix}.fail", []), "com.example.error.too_old", [FAIL_ARGS, {}])


async def check_missing(party, prefix):
    await expect_failure(party.call(f"{prefix}.missing", []), "wamp.error.no_such_procedure")


async def check_progressive(party, prefix):
    parts = []
    args, _ = await within(party.call_progressive(f"{prefix}.stream", [5], parts.append), "Calling")
    expect_same(args, ["end", True], "Result")
    expect_same(parts, [[i, f"part {i}"] for i in range(5)], "Progressive results")


async def check_unasked(party, prefix):
    args, _ = await within(party.call(f"{prefix}.stream", [5]), "Calling")
    expect_same(args, ["end", False], "Result")


async def check_cancel(party, prefix):
    await cancel_call(party, prefix)


async def check_interrupt(party, prefix):
    tag = await cancel_call(party, prefix)
    args, _ = await within(party.call(f"{prefix}.interrupts", [tag]), "Asking for interrupts")
    expect_same(args, [1], "Interrupts")


async def check_prefix_procedure(party, prefix):
    procedure = f"{prefix}.files.by.name"
    args, _ = await within(party.call(procedure, []), "Calling")
    expect_same(args, [procedure], "Procedure")


async def check_wildcard_procedure(party, prefix):
    procedure = f"{prefix}.anything.size"
    args, _ = await within(party.call(procedure, []), "Calling")
    expect_same(args, [procedure], "Procedure")


async def check_publish(party, prefix):
    await publish_and_ask(party, prefix, f"{prefix}.topic", True)


async def check_publish_plain(party, prefix):
    await publish_and_ask(party, prefix, f"{prefix}.topic", False)


async def check_prefix_topic(party, prefix):
    await publish_and_ask(party, prefix, f"{prefix}.news.of.today", True)


async def check_wildcard_topic(party, prefix):
    await publish_and_ask(party, prefix, f"{prefix}.anybody.here", True)


PAIR_CHECKS = {
    "call": check_call,
    "binary": check_binary,
    "large payload": check_large,
    "many calls": check_many,
    "error": check_error,
    "error without keywords": check_error_plain,
    "missing procedure": check_missing,
    "progressive results": check_progressive,
    "no progressive results unasked": check_unasked,
    "cancel": check_cancel,
    "interrupt": check_interrupt,
    "prefix procedure": check_prefix_procedure,
    "wildcard procedure": check_wildcard_procedure,
    "publish": check_publish,
    "publish without acknowledge": check_publish_plain,
    "prefix topic": check_prefix_topic,
    "wildcard topic": check_wildcard_topic,
}


class Alone:
    """What the checks of one client by itself need."""

    def __init__(self, join, party, other, realm, prefix):
        self.join, self.party, self.other, self.realm, self.prefix = join, party, other, realm, prefix


def answering(value):
    async def answer(called):
        return [value], {}

    return answer


async def check_refused(alone):
    try:
        await within(alone.join("com.example.nowhere"), "Joining")
    except Exception as error:
        if "no_such_realm" not in str(error):
            raise
        return
    raise AssertionError("Joining must be refused")


async def check_twice(alone):
    again = alone.party.register(f"{alone.prefix}.echo", "exact", answering(2))
    await expect_failure(again, "wamp.error.procedure_already_exists")


async def check_unregister(alone):
    procedure = f"{alone.prefix}.brief"
    unregister = await within(alone.other.register(procedure, "exact", answering(2)), "Registering")
    args, _ = await within(alone.party.call(procedure, []), "Calling")
    expect_same(args, [2], "Result")
    await within(unregister(), "Unregistering")
    await expect_failure(alone.party.call(procedure, []), "wamp.error.no_such_procedure")


async def check_unsubscribe(alone):
    events, received = Notes(), []
    ending, lasting = f"{alone.prefix}.ending", f"{alone.prefix}.lasting"

    async def take_ending(topic, args, kwargs):
        received.append(args[0])

    async def take_lasting(topic, args, kwargs):
        await events.add("last", args[0])

    stop = await within(alone.other.subscribe(ending, "exact", take_ending), "Subscribing")
    await within(alone.other.subscribe(lasting, "exact", take_lasting), "Subscribing")
    for round in (1, 2):
        await within(alone.party.publish(ending, [round], {}, acknowledge=True), "Publishing")
        await within(alone.party.publish(lasting, [round], {}, acknowledge=True), "Publishing")
        await within(events.take("last", round), "Receiving")
        if round == 1:
            await within(stop(), "Unsubscribing")
    expect_same(received, [1], "Events")


def recorder(events):
    async def take(topic, args, kwargs):
        await events.add("all", args[0])

    return take


async def check_exclusion(alone):
    events, topic = Notes(), f"{alone.prefix}.exclusion"
    await within(alone.party.subscribe(topic, "exact", recorder(events)), "Subscribing")
    await within(alone.party.publish(topic, ["its own"], {}, acknowledge=True), "Publishing")
    await within(alone.other.publish(topic, ["another's"], {}, acknowledge=True), "Publishing")
    expect_same(await within(events.take("all", 1), "Receiving"), ["another's"], "Events")


async def check_inclusion(alone):
    events, topic = Notes(), f"{alone.prefix}.inclusion"
    await within(alone.party.subscribe(topic, "exact", recorder(events)), "Subscribing")
    await within(alone.party.publish(topic, ["its own"], {}, acknowledge=True, exclude_me=False), "Publishing")
    expect_same(await within(events.take("all", 1), "Receiving"), ["its own"], "Events")


async def check_shared(alone):
    procedure = f"{alone.prefix}.shared"
    third = await within(alone.join(alone.realm), "Joining")
    await alone.other.register(procedure, "exact", answering("a"), invoke="roundrobin")
    await third.register(procedure, "exact", answering("b"), invoke="roundrobin")
    names = [(await within(alone.party.call(procedure, []), "Calling"))[0][0] for _ in range(4)]
    await within(third.leave(), "Leaving")
    expect_same(sorted(names), ["a", "a", "b", "b"], "Results, sorted,")
    if names[0] == names[1]:
        raise AssertionError(f"Calls must take turns, received {names}")


async def check_meta(alone):
    args, _ = await within(alone.party.call("wamp.session.list", []), "Calling")
    if alone.other.id not in args[0]:
        raise AssertionError(f"The list of sessions must have {alone.other.id}, received {args[0]}")
    args, _ = await within(alone.party.call("wamp.session.get", [alone.other.id]), "Calling")
    expect_same(args[0]["session"], alone.other.id, "Session")


async def check_leave(alone):
    guest = await within(alone.join(alone.realm), "Joining")
    await within(guest.leave(), "Leaving")
    await expect_failure(alone.party.call("wamp.session.get", [guest.id]), "wamp.error.no_such_session")


OWN_CHECKS = {
    "refused realm": check_refused,
    "registered twice": check_twice,
    "unregister": check_unregister,
    "unsubscribe": check_unsubscribe,
    "publisher exclusion": check_exclusion,
    "no publisher exclusion": check_inclusion,
    "shared registration": check_shared,
    "session meta API": check_meta,
    "leave": check_leave,
}


def prepare(name, alone, prefixes):
    check, who = name.split(": ")
    if who == "alone":
        return OWN_CHECKS[check](alone)
    return PAIR_CHECKS[check](alone.party, prefixes[who])


async def run_peer(given, join):
    """Runs what a peer's program does: its own checks, those against Viaduct, and then Viaduct's against it."""
    realm, prefix, targets = given["realm"], given["prefix"], given["targets"]
    other = await within(join(realm), "Joining")
    await within(provide(other, prefix), "Registering")
    party = await within(join(realm), "Joining")
    alone = Alone(join, party, other, realm, prefix)
    for name in given["checks"]:
        result = {"check": name}
        try:
            await prepare(name, alone, {**targets, "itself": prefix})
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(result), flush=True)
    # Viaduct's turn: it answers when it has run its checks.
    for target in targets.values():
        await party.call(f"{target}.check", [prefix])
    await within(other.leave(), "Leaving")
    await within(party.leave(), "Leaving")


async def check_login(login, realm, log_in):
    expected = login["expected"]
    if isinstance(expected, str):
        try:
            await within(log_in(realm, login["login"]), "Being refused")
        except Failure as failure:
            if failure.uri == expected:
                return
            raise
        raise AssertionError(f"Joining must be refused with {expected}")
    party = await within(log_in(realm, login["login"]), "Joining")
    args, _ = await within(party.call("wamp.session.get", [party.id]), "Asking who we are")
    for name, value in expected.items():
        expect_same(args[0].get(name), value, f"Session's {name}")
    await within(party.leave(), "Leaving")


async def run_peer_logins(given, log_in):
    """Tries every login, as ../wamp/logins.ts does."""
    for login in given["logins"]:
        result = {"check": login["check"]}
        try:
            await check_login(login, given["realm"], log_in)
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(result), flush=True)


def arguments():
    return json.loads(sys.argv[1])
