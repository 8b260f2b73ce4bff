"""Reads metrics with prometheus_client, as Prometheus' own library does, and writes them as JSON."""

import json
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def main():
    with urllib.request.urlopen(sys.argv[1]) as response:
        content_type = response.headers["content-type"]
        text = response.read().decode("utf-8")
    families = [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
        }
        for family in text_string_to_metric_families(text)
    ]
    print(json.dumps({"contentType": content_type, "families": families}))


main()
