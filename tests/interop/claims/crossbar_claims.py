"""What docs/comparison.md says of Crossbar.io: crossbar_claims.py COMMAND. A line of JSON for each claim."""

import json
import os
import sys
from importlib.util import find_spec

MODULES = {
    "has MQTT": "crossbar.bridge.mqtt",
    "has HTTP long-poll": "crossbar.webservice.longpoll",
    "links routers": "crossbar.worker.rlink",
}

for check, module in MODULES.items():
    found = find_spec(module) is not None
    print(json.dumps({"check": check} if found else {"check": check, "error": f"There is no {module}"}))

check = "runs as a program of its own"
is_program = os.access(sys.argv[1], os.X_OK)
print(json.dumps({"check": check} if is_program else {"check": check, "error": "There is no command"}))
