"""Stands where Autobahn|Python looks for bjdata, so that its UBJSON is UBJSON: bjdata writes another format."""

from ubjson import dumpb, loadb  # noqa: F401
