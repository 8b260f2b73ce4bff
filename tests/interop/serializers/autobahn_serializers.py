"""Lets Autobahn's serializers read and write what each line of the standard input asks for.

A request is a line of JSON:
  serializer   json, msgpack, cbor or ubjson
  batched      whether in batches
  bytes        what Viaduct wrote, in base64
  list         the message as a list, its values tagged
  parse        whether Autobahn has to take it for a message too
The answer is a line of JSON for each: what was read and written, or the error.

Tagged values: null, true, "text", {"i": "5"}, {"f": "3ff8000000000000"}, {"b": "AQI="}, {"t": 1500} (milliseconds of
1970), {"T": [1, 500000000]} (seconds and nanoseconds), [values], {"d": [[key, value]]}.
"""

import base64
import datetime
import decimal
import json
import struct
import sys

import msgpack
import txaio

# Serializers take the time from the framework that is chosen when they are imported.
txaio.use_asyncio()

from autobahn.wamp import serializer as serializers  # noqa: E402

CLASSES = {
    "json": serializers.JsonSerializer,
    "msgpack": serializers.MsgPackSerializer,
    "cbor": serializers.CBORSerializer,
    "ubjson": serializers.UBJSONSerializer,
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def tag(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, decimal.Decimal):
        return {"i": str(int(value))}
    if isinstance(value, float):
        return {"f": struct.pack("!d", value).hex()}
    if isinstance(value, (bytes, bytearray)):
        return {"b": base64.b64encode(value).decode("ascii")}
    if isinstance(value, (list, tuple)):
        return [tag(element) for element in value]
    if isinstance(value, dict):
        return {"d": [[key, tag(element)] for key, element in value.items()]}
    if isinstance(value, msgpack.Timestamp):
        return {"t": value.to_unix_nano() // 1_000_000}
    if isinstance(value, datetime.datetime):
        return {"t": (value - EPOCH) // datetime.timedelta(milliseconds=1)}
    raise TypeError(f"Unexpected {type(value)}")


def untag(value, name):
    if isinstance(value, list):
        return [untag(element, name) for element in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "i":
        return int(content)
    if kind == "f":
        return struct.unpack("!d", bytes.fromhex(content))[0]
    if kind == "b":
        return base64.b64decode(content)
    if kind == "d":
        return {key: untag(element, name) for key, element in content}
    seconds, nanoseconds = (content // 1000, content % 1000 * 1_000_000) if kind == "t" else content
    if name == "msgpack":
        return msgpack.Timestamp(seconds, nanoseconds)
    return EPOCH + datetime.timedelta(seconds=seconds, microseconds=nanoseconds // 1000)


def single(messages):
    if len(messages) != 1:
        raise ValueError(f"{len(messages)} messages")
    return messages[0]


def attempt(act):
    try:
        return act()
    except Exception as error:  # whatever a library throws is the answer
        return {"error": f"{type(error).__name__}: {error}"}


def answer(request):
    name = request["serializer"]
    serializer = CLASSES[name](batched=request["batched"])
    objects = serializer._serializer
    sent = base64.b64decode(request["bytes"])
    values = untag(request["list"], name)
    result = {
        "read": attempt(lambda: tag(single(objects.unserialize(sent)))),
        "written": attempt(lambda: base64.b64encode(objects.serialize(values)).decode("ascii")),
    }
    if request["parse"]:
        result["parsed"] = attempt(lambda: tag(single(serializer.unserialize(sent)).marshal()))

        def write():
            message = serializer.MESSAGE_TYPE_MAP[values[0]].parse(values)
            return base64.b64encode(serializer.serialize(message)[0]).decode("ascii")

        result["serialized"] = attempt(write)
    return result


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
