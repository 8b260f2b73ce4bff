"""The service in Python, with Autobahn|Python: it knows prices. How many are left it asks the one in TypeScript.

    pip install autobahn==26.10.2
    python examples/microservices/pricing.py ws://127.0.0.1:8080/ws
"""

import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp import ApplicationError
from autobahn.wamp.types import RegisterOptions

REALM = "realm1"
# In cents. There is none for quinces, although there are quinces: see what becomes of that bug.
PRICES = {"pear": 120, "plum": 35}
# With fewer left than this, an item costs a fifth more.
SCARCE = 5

url = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8080/ws"
pricing = Component(
    transports=[{"type": "websocket", "url": url, "serializers": ["cbor", "msgpack", "json"]}],
    realm=REALM,
)
# Set while there is a session.
session = None


@pricing.on_join
async def joined(new_session, _details):
    global session
    session = new_session
    print("pricing: open", flush=True)


@pricing.register("shop.price.quote")
async def quote(item, count):
    """What so many of an item cost, in cents."""
    if not isinstance(count, int) or count < 1:
        raise ApplicationError("shop.error.invalid_count", count, least=1)
    # TypeScript answers. If it fails, its error goes on to the caller, as it is.
    left = await session.call("shop.stock.count", item)
    price = PRICES[item] * count
    return price * 6 // 5 if left < SCARCE else price


@pricing.register("shop.receipt.print", options=RegisterOptions(invoke="roundrobin"))
async def print_receipt(order):
    """A receipt. The service in TypeScript makes them as well: they take turns."""
    return f"{order['count']} × {order['item']}, {order['total'] / 100:.2f} € (receipt by Python)"


if __name__ == "__main__":
    run([pricing], log_level="error")
