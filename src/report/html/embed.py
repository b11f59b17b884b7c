#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the html report's style and script into C: embed.py CSS JS HEADER.

Each becomes an array of bytes, and a string with its hash as a Content-Security-Policy names it. A
browser hashes exactly what stands between the tags, so that is what is written there."""
import base64
import hashlib
import pathlib
import sys


def embed(name, path):
    data = pathlib.Path(path).read_bytes()
    # What a browser would read as something else than it is, or end the element early.
    if not data.isascii() or b"\r" in data or b"\0" in data:
        sys.exit(f"{path}: only ASCII without carriage returns can be embedded")
    if b"</" in data or b"<!--" in data:
        sys.exit(f"{path}: </ and <!-- cannot stand inside an HTML element's text")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    rows = "\n".join(
        "  " + "".join(f"{byte}," for byte in data[at : at + 24]) for at in range(0, len(data), 24)
    )
    return (
        f"static const unsigned char html_{name}[] = {{\n{rows}\n}};\n"
        f'#define HTML_{name.upper()}_HASH "sha256-{digest}"\n'
    )


def main(style, script, header):
    text = (
        "/* Made by src/report/html/embed.py. */\n"
        + embed("style", style)
        + embed("script", script)
    )
    pathlib.Path(header).write_text(text)


main(*sys.argv[1:])
