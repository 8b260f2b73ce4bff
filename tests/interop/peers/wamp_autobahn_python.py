"""Autobahn|Python against a WAMP router: runs the checks that its one argument, JSON, asks for."""

import asyncio
import ssl
import types as python_types
from urllib.parse import urlparse

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.asyncio.websocket import WampWebSocketClientFactory  # noqa: E402
from autobahn.wamp import auth  # noqa: E402
from autobahn.wamp import serializer as serializers  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallOptions,
    CallResult,
    ComponentConfig,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)
from wamp_scenario import Failure, arguments, run_peer, run_peer_logins  # noqa: E402

SERIALIZERS = {
    "json": serializers.JsonSerializer,
    "msgpack": serializers.MsgPackSerializer,
    "cbor": serializers.CBORSerializer,
    "ubjson": getattr(serializers, "UBJSONSerializer", None),
}


def serializer(name):
    format, _, batched = name.partition(".")
    return SERIALIZERS[format](batched=batched == "batched")


def authenticator(login):
    """What its components log in with."""
    method, secret = login["method"], login["secret"]
    names = {"ticket": "ticket", "wampcra": "secret", "scram": "password", "cryptosign": "privkey"}
    given = {"authid": login["authid"]} if "authid" in login else {}
    return auth.create_authenticator(method, **given, **{names[method]: secret})


class Session(ApplicationSession):
    def __init__(self, realm, login=None):
        super().__init__(ComponentConfig(realm, None))
        self._login_id = login and login.get("authid")
        method = login and login["method"]
        # Of a certificate it knows nothing but the method's name.
        self._methods = [method] if method and method != "anonymous" else None
        self._authenticator = authenticator(login) if method not in (None, "anonymous", "tls") else None
        self.joined = asyncio.get_running_loop().create_future()
        self.left = asyncio.get_running_loop().create_future()

    def onConnect(self):
        authextra = self._authenticator and self._authenticator.authextra
        self.join(self.config.realm, authmethods=self._methods, authid=self._login_id, authextra=authextra)

    def onChallenge(self, challenge):
        return self._authenticator.on_challenge(self, challenge)

    def onWelcome(self, welcome):
        return self._authenticator and self._authenticator.on_welcome(self, welcome.authextra)

    def onJoin(self, details):
        self.joined.set_result(details.session)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(Failure(details.reason))
        super().onLeave(details)

    def onDisconnect(self):
        if not self.left.done():
            self.left.set_result(None)


def payload(result):
    if isinstance(result, CallResult):
        return list(result.results or []), dict(result.kwresults or {})
    return ([] if result is None else [result]), {}


async def guarded(step):
    try:
        return await step
    except ApplicationError as error:
        raise Failure(error.error, error.args, error.kwargs) from error


class Party:
    def __init__(self, session, id):
        self._session = session
        self.id = id

    async def call(self, procedure, args, kwargs=None):
        options = CallOptions(details=True)
        return payload(await guarded(self._session.call(procedure, *args, **(kwargs or {}), options=options)))

    async def call_progressive(self, procedure, args, on_progress):
        # With `details` it fails on parts without keyword arguments.
        options = CallOptions(on_progress=lambda *args: on_progress(list(args)))
        return payload(await guarded(self._session.call(procedure, *args, options=options)))

    async def call_and_cancel(self, procedure, args, received):
        call = self._session.call(procedure, *args)
        await received()
        call.cancel()
        try:
            await guarded(call)
        except asyncio.CancelledError:
            # It says so at once, and takes the router's answer when it comes.
            raise Failure("wamp.error.canceled") from None

    async def publish(self, topic, args, kwargs, acknowledge=False, exclude_me=True):
        options = PublishOptions(acknowledge=acknowledge, exclude_me=exclude_me)
        publication = self._session.publish(topic, *args, **kwargs, options=options)
        if acknowledge:
            await guarded(publication)

    async def subscribe(self, topic, match, handler):
        async def take(*args, details, **kwargs):
            await handler(details.topic or topic, list(args), kwargs)

        options = SubscribeOptions(match=match, details_arg="details")
        subscription = await guarded(self._session.subscribe(take, topic, options))
        return subscription.unsubscribe

    async def register(self, procedure, match, handler, invoke="single"):
        async def answer(*args, details, **kwargs):
            progress = details.progress and (lambda args: details.progress(*args))
            called = python_types.SimpleNamespace(
                args=list(args), kwargs=kwargs, procedure=details.procedure or procedure, progress=progress
            )
            try:
                args, kwargs = await handler(called)
            except Failure as failure:
                args, kwargs = failure.payload
                raise ApplicationError(failure.uri, *args, **kwargs) from failure
            return CallResult(*args, **kwargs)

        options = RegisterOptions(match=match, invoke=invoke, details_arg="details")
        registration = await guarded(self._session.register(answer, procedure, options))
        return registration.unregister

    async def leave(self):
        self._session.leave()
        await self._session.left


def tls_context(files, client):
    context = ssl.create_default_context(cafile=files["ca"])
    context.load_cert_chain(files["clients"][client]["cert"], files["clients"][client]["key"])
    return context


async def main():
    given = arguments()
    url = urlparse(given["url"])
    txaio.config.loop = asyncio.get_running_loop()

    async def join(realm, login=None):
        session = Session(realm, login)
        chosen = serializer(given["serializer"])
        if url.scheme == "rs":
            factory = WampRawSocketClientFactory(lambda: session, serializer=chosen)
        else:
            factory = WampWebSocketClientFactory(lambda: session, url=given["url"], serializers=[chosen])
        options = {"ssl": tls_context(given["tls"], login["secret"])} if "tls" in given else {}
        await asyncio.get_running_loop().create_connection(factory, url.hostname, url.port, **options)
        return Party(session, await session.joined)

    await (run_peer_logins if "logins" in given else run_peer)(given, join)


asyncio.run(main())
