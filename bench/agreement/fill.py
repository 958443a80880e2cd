#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Joins many members to many groups over HTTP: fill.py PORT MEMBERS GROUPS"""
import asyncio
import json
import sys

CONNECTIONS = 64


async def worker(port, numbers, groups):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        body = json.dumps({"address": f"10.0.{number // 250 % 250}.{number % 250}:8080",
                           "meta": {"zone": f"z{number % 3}", "version": "1.4.2"}})
        writer.write(f"PUT /v1/groups/service-{number % groups}/members/client-{number} HTTP/1.1\r\n"
                     f"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(None, 2)[1])
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length"))
        answer = await reader.readexactly(length)
        if status >= 300:
            sys.exit(f"fill.py: {status} {answer!r}")
    writer.close()


async def main(port, members, groups):
    await asyncio.gather(*(worker(port, range(first, members, CONNECTIONS), groups)
                           for first in range(CONNECTIONS)))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
