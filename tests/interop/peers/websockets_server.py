"""An interoperability server on Python's websockets; README.md describes the paths."""

import argparse
import asyncio
import http
import json
import ssl
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve, unix_serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Response

parser = argparse.ArgumentParser()
parser.add_argument("--deflate", default="off")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--unix")
options = parser.parse_args()

records: dict[str, asyncio.Future] = {}


def extensions():
    if options.deflate == "off":
        return []
    stateless = options.deflate == "stateless"
    return [
        ServerPerMessageDeflateFactory(
            server_no_context_takeover=stateless, client_no_context_takeover=stateless
        )
    ]


def record(name):
    if name not in records:
        records[name] = asyncio.get_running_loop().create_future()
    return records[name]


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def handle(socket):
    url = urlsplit(socket.request.path)
    name = parse_qs(url.query).get("id", [""])[0]
    if url.path == "/echo":
        await echo(socket)
    elif url.path == "/ping":
        await (await socket.ping("are you there"))
        await socket.send("are you there")
    elif url.path == "/fragments":
        await socket.send(["frag", "ment", "ed"])
        await socket.send([b"\x01", b"\x02", b"\x03"])
    elif url.path == "/close":
        await socket.close(4001, "bye from the server")
    elif url.path == "/record":
        try:
            await echo(socket)
        except ConnectionClosed:
            pass
        code = 1005 if socket.close_code is None else socket.close_code
        record(name).set_result({"code": code, "reason": socket.close_reason or ""})
    elif url.path == "/recorded":
        await socket.send(json.dumps(await record(name)))
    elif url.path == "/headers":
        await socket.send(socket.request.headers.get("x-client", ""))
    else:
        await socket.close(4004, "unknown path")
    await socket.wait_closed()


def refuse(connection, request):
    if request.path != "/refuse":
        return None
    headers = Headers({"WWW-Authenticate": "Basic", "Content-Length": "8", "Connection": "close"})
    return Response(http.HTTPStatus.UNAUTHORIZED.value, "Unauthorized", headers, b"no entry")


def add_header(connection, request, response):
    response.headers["X-Server"] = "interop"


def select(connection, offered):
    return "chat.v2" if "chat.v2" in offered else None


async def main():
    tls = None
    if options.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.cert, options.key)
    shared = {
        "compression": None,
        "extensions": extensions(),
        "max_size": 64 << 20,
        "process_request": refuse,
        "process_response": add_header,
        "select_subprotocol": select,
        "ssl": tls,
    }
    if options.unix:
        server = await unix_serve(handle, options.unix, **shared)
        url = "ws://localhost"
    else:
        server = await serve(handle, "127.0.0.1", 0, **shared)
        port = server.sockets[0].getsockname()[1]
        url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
    print(f"listening {url}", flush=True)
    await server.serve_forever()


asyncio.run(main())
