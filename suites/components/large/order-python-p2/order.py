"""Adds up an order, whatever version of wasi:http it came through."""

import json

PATH = "/order"


def answer_to(body):
    """Status, content type and body of the answer to the body of an order."""
    try:
        total = add_up(json.loads(body))
    except (ValueError, TypeError, KeyError):
        return 400, b"text/plain", b"not an order"
    encoded = json.dumps(total, separators=(",", ":"), ensure_ascii=False)
    return 200, b"application/json", encoded.encode()


def add_up(order):
    lines = order["lines"]
    # The first of those with the highest price; there is none without lines.
    dearest = max(lines, key=lambda line: line["cents"])
    return {
        "lines": len(lines),
        "units": sum(line["count"] for line in lines),
        "cents": sum(line["cents"] * line["count"] for line in lines),
        "dearest": dearest["name"],
    }
