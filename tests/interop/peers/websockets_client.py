"""An interoperability client on Python's websockets; README.md describes the paths."""

import argparse
import asyncio
import json
import os
import ssl

from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

parser = argparse.ArgumentParser()
parser.add_argument("--url", required=True)
parser.add_argument("--deflate", default="off")
parser.add_argument("--ca")
parser.add_argument("--unix")
options = parser.parse_args()

MIB = 1 << 20
TIMEOUT = 20
CHECKS = {}


def check(name):
    def add(function):
        CHECKS[name] = function
        return function

    return add


def extensions():
    if options.deflate == "off":
        return []
    stateless = options.deflate == "stateless"
    return [
        ClientPerMessageDeflateFactory(
            server_no_context_takeover=stateless, client_no_context_takeover=stateless
        )
    ]


def client(path, **more):
    shared = {"compression": None, "extensions": extensions(), "max_size": 64 << 20, **more}
    if options.unix:
        return unix_connect(options.unix, uri=options.url + path, **shared)
    tls = ssl.create_default_context(cafile=options.ca) if options.ca else None
    return connect(options.url + path, ssl=tls, proxy=None, **shared)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r:.100}, received {actual!r:.100}")


async def expect_echoes(*messages):
    async with client("/echo") as socket:
        async def send_all():
            for message in messages:
                await socket.send(message)

        sending = asyncio.create_task(send_all())
        for message in messages:
            equal(await socket.recv(), message)
        await sending


@check("text")
async def text():
    await expect_echoes("hello", "", "h\u00e9llo \u2603 \U0001f600")


@check("binary")
async def binary():
    await expect_echoes(bytes([0, 1, 254, 255]), b"", os.urandom(300))


@check("large")
async def large():
    await expect_echoes("\u2603" * (MIB // 2), os.urandom(MIB), os.urandom(3 * MIB + 1))


@check("order")
async def order():
    await expect_echoes(*[f"message {i} {'x' * i}" for i in range(1_000)])


@check("fragmented, sent")
async def fragmented_sent():
    async with client("/echo") as socket:
        await socket.send(["one ", "", "message"])
        equal(await socket.recv(), "one message")
        await socket.send([b"\x04", b"\x05", b"\x06"])
        equal(await socket.recv(), b"\x04\x05\x06")


@check("fragmented, received")
async def fragmented_received():
    async with client("/fragments") as socket:
        equal(await socket.recv(), "fragmented")
        equal(await socket.recv(), b"\x01\x02\x03")


@check("ping, sent")
async def ping_sent():
    async with client("/echo") as socket:
        await (await socket.ping("ping 1"))


@check("ping, received")
async def ping_received():
    async with client("/ping") as socket:
        equal(await socket.recv(), "are you there")


@check("close, sent")
async def close_sent():
    async with client("/record?id=code") as socket:
        await socket.close(4002, "bye from the client")
    async with client("/recorded?id=code") as socket:
        equal(json.loads(await socket.recv()), {"code": 4002, "reason": "bye from the client"})


@check("close, received")
async def close_received():
    async with client("/close") as socket:
        try:
            await socket.recv()
        except ConnectionClosed:
            pass
        equal((socket.close_code, socket.close_reason), (4001, "bye from the server"))


@check("subprotocol")
async def subprotocol():
    async with client("/echo", subprotocols=["chat.v1", "chat.v2"]) as socket:
        equal(socket.subprotocol, "chat.v2")
    async with client("/echo") as socket:
        equal(socket.subprotocol, None)


@check("headers")
async def headers():
    async with client("/headers", additional_headers={"x-client": "interop"}) as socket:
        equal(socket.response.headers.get("x-server"), "interop")
        equal(await socket.recv(), "interop")


@check("refused")
async def refused():
    try:
        async with client("/refuse"):
            raise AssertionError("the server let us in")
    except InvalidStatus as error:
        equal(error.response.status_code, 401)
        equal(error.response.headers.get("www-authenticate"), "Basic")
        equal(error.response.body, b"no entry")


@check("extensions")
async def extension_header():
    async with client("/echo") as socket:
        header = socket.response.headers.get("sec-websocket-extensions", "")
        equal(header.startswith("permessage-deflate"), options.deflate != "off")
        equal("server_no_context_takeover" in header, options.deflate == "stateless")
        equal("client_no_context_takeover" in header, options.deflate == "stateless")


async def main():
    for name, run in CHECKS.items():
        result = {"check": name}
        try:
            await asyncio.wait_for(run(), TIMEOUT)
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(result), flush=True)


asyncio.run(main())
