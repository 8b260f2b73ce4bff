"""Starts AutobahnTestsuite from the folder that install.ts filled: wstest.py SITE [arguments of wstest].

A path in PYTHONPATH is not enough: zope.interface needs its .pth file. wstest listens on all interfaces;
here it listens on 127.0.0.1 only.
"""
import site
import sys

site.addsitedir(sys.argv.pop(1))

from twisted.internet import reactor  # noqa: E402

_listen_tcp = reactor.listenTCP


def _listen_locally(port, factory, backlog=1024, interface=""):
    return _listen_tcp(port, factory, backlog, interface or "127.0.0.1")


reactor.listenTCP = _listen_locally

from autobahntestsuite import wstest  # noqa: E402

sys.exit(wstest.run())
