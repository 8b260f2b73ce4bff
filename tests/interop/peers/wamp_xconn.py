"""xconn against a WAMP router: runs the checks that its one argument, JSON, asks for."""

import asyncio
import types as python_types

from wamp_scenario import Failure, arguments, run_peer, run_peer_logins
from wampproto import auth
from xconn import AsyncClient, CBORSerializer, JSONSerializer, MsgPackSerializer
from wampproto.exception import ApplicationError as JoiningError
from xconn.exception import ApplicationError
from xconn.types import Result

SERIALIZERS = {"json": JSONSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}


async def guarded(step):
    try:
        return await step
    except ApplicationError as error:
        raise Failure(error.message, error.args, error.kwargs) from error


class Party:
    def __init__(self, session):
        self._session = session
        self.id = session._base_session.id

    async def call(self, procedure, args, kwargs=None):
        result = await guarded(self._session.call(procedure, args, kwargs or {}))
        return result.args or [], result.kwargs or {}

    async def publish(self, topic, args, kwargs, acknowledge=False, exclude_me=True):
        options = {"acknowledge": acknowledge, "exclude_me": exclude_me}
        await guarded(self._session.publish(topic, args, kwargs, options))

    async def subscribe(self, topic, match, handler):
        async def take(event):
            await handler((event.details or {}).get("topic", topic), event.args or [], event.kwargs or {})

        subscription = await guarded(self._session.subscribe(topic, take, {"match": match}))
        return subscription.unsubscribe

    async def register(self, procedure, match, handler, invoke="single"):
        async def answer(invocation):
            called = python_types.SimpleNamespace(
                args=invocation.args or [],
                kwargs=invocation.kwargs or {},
                procedure=(invocation.details or {}).get("procedure", procedure),
                progress=None,
            )
            try:
                args, kwargs = await handler(called)
            except Failure as failure:
                # It sends no keyword arguments of an error.
                raise ApplicationError(failure.uri, *failure.payload[0]) from failure
            return Result(args, kwargs)

        registration = await guarded(
            self._session.register(procedure, answer, {"match": match, "invoke": invoke})
        )
        return registration.unregister

    async def leave(self):
        await self._session.leave()


def authenticator(login):
    method, authid, secret = login["method"], login.get("authid", ""), login["secret"]
    if method == "anonymous":
        return auth.AnonymousAuthenticator(authid)
    classes = {
        "ticket": auth.TicketAuthenticator,
        "wampcra": auth.WAMPCRAAuthenticator,
        "cryptosign": auth.CryptoSignAuthenticator,
    }
    return classes[method](authid, secret)


ANONYMOUS = {"method": "anonymous", "secret": ""}


async def main():
    given = arguments()

    async def join(realm, login=ANONYMOUS):
        client = AsyncClient(authenticator(login), SERIALIZERS[given["serializer"]]())
        try:
            return Party(await client.connect(given["url"], realm))
        except JoiningError as error:
            raise Failure(error.message, error.args, error.kwargs) from error

    await (run_peer_logins if "logins" in given else run_peer)(given, join)


asyncio.run(main())
