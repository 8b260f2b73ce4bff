"""What docs/comparison.md says of Autobahn|Python.

autobahn_python.py FOLDER URL joins and provides com.example.hello; with `facts` in place of the URL it prints a line of
JSON for each other claim.
"""

import json
import sys
from importlib.metadata import requires

url = sys.argv[2]


def packages():
    """Those that CPython needs, by name."""
    wanted = [line for line in requires("autobahn") if "extra ==" not in line]
    needed = [line for line in wanted if not any(word in line for word in ("== 'PyPy'", "!= 'CPython'", "python_version"))]
    return {line.split(">")[0].split("=")[0] for line in needed}


if url == "facts":
    print(json.dumps({"check": f"needs {len(packages())} other packages"}))
else:
    from autobahn.asyncio.component import Component, run

    transport = {"type": "websocket", "url": url, "serializers": ["json"], "initial_retry_delay": 0.1}
    component = Component(transports=[transport], realm="realm1")

    # Once: the library's is to do it again.
    @component.register("com.example.hello")
    def hello():
        return "hello"

    run([component], log_level="warn")
