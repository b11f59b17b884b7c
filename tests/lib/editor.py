# SPDX-License-Identifier: Apache-2.0
"""An editor that speaks the Language Server Protocol with `nonzero lsp` over pipes."""

import json
import os
import select
import subprocess
import time

import program

UTF16, UTF8 = "utf-16", "utf-8"

CAPABILITIES = {
    "general": {"positionEncodings": [UTF16]},
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {"codeActionLiteralSupport": {}, "disabledSupport": True},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


def frame(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def units(text, encoding):
    """How long TEXT is as positions count."""
    return len(text.encode(encoding)) if encoding == UTF8 else len(text.encode("utf-16-le")) // 2


def offset(text, position, encoding):
    """Where a position is in TEXT, in code points."""
    lines = text.split("\n")
    assert position["line"] < len(lines), position
    line = lines[position["line"]]
    for at in range(len(line) + 1):
        if units(line[:at], encoding) == position["character"]:
            return sum(len(one) + 1 for one in lines[: position["line"]]) + at
    raise AssertionError(f"{position} is within a character, or past the line {line!r}")


def applied(text, edits, encoding=UTF16):
    """TEXT with TextEdits, as an editor applies them: all are of the same text."""
    places = [
        (offset(text, edit["range"]["start"], encoding), offset(text, edit["range"]["end"], encoding))
        for edit in edits
    ]
    order = sorted(range(len(edits)), key=lambda i: (places[i], i), reverse=True)
    for i in order:
        start, end = places[i]
        text = text[:start] + edits[i]["newText"] + text[end:]
    return text


class Editor:
    def __init__(self, root, encoding=UTF16, env=None, initialize=True):
        self.root, self.encoding, self.waiting, self.last = root, encoding, [], 0
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": str(root / "no-config"),
            **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")},
            **(env or {}),
        }
        self.process = subprocess.Popen(
            [program.PROGRAM, "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd="/",
        )
        self.buffer = b""
        if initialize:
            capabilities = json.loads(json.dumps(CAPABILITIES))
            capabilities["general"]["positionEncodings"] = [encoding]
            self.server = self.ask(
                "initialize",
                processId=None,
                rootUri=root.as_uri(),
                capabilities=capabilities,
            )
            self.tell("initialized")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    # --- bytes ---

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def more(self, until):
        left = until - time.monotonic()
        ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
        assert ready, "the server says nothing"
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        self.buffer += data
        return data

    def receive(self):
        """The next message; None when there will be no more."""
        until = time.monotonic() + program.TIMEOUT
        while b"\r\n\r\n" not in self.buffer:
            if not self.more(until):
                assert not self.buffer, self.buffer
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        name, length = head.split(b": ")
        assert name == b"Content-Length"
        while len(self.buffer) < int(length):
            assert self.more(until)
        body, self.buffer = self.buffer[: int(length)], self.buffer[int(length) :]
        message = json.loads(body)
        assert message["jsonrpc"] == "2.0"
        return message

    # --- messages ---

    def request(self, method, **params):
        """The whole answer."""
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}
        self.send(frame(message))
        while True:
            message = self.receive()
            assert message is not None, "the server is gone"
            if message.get("id") == self.last:
                return message
            self.waiting.append(message)

    def ask(self, method, **params):
        answer = self.request(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def tell(self, method, **params):
        self.send(frame({"jsonrpc": "2.0", "method": method, "params": params}))

    def hang_up(self):
        """Says goodbye as editors do: the exit code."""
        assert self.ask("shutdown") is None
        self.tell("exit")
        return self.process.wait(program.TIMEOUT)

    # --- documents ---

    def diagnostics(self):
        """What is published next."""
        while True:
            message = self.waiting.pop(0) if self.waiting else self.receive()
            assert message is not None, "the server is gone"
            if message.get("method") == "textDocument/publishDiagnostics":
                return message["params"]["diagnostics"]

    def open(self, path, text=None, language="dockerfile"):
        """Opens a document with TEXT, or what is in its file: its diagnostics."""
        text = path.read_text() if text is None else text
        item = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=item)
        return self.diagnostics()

    def change(self, path, *changes, version=2):
        self.tell(
            "textDocument/didChange",
            textDocument={"uri": path.as_uri(), "version": version},
            contentChanges=list(changes),
        )
        return self.diagnostics()

    def save(self, path):
        self.tell("textDocument/didSave", textDocument={"uri": path.as_uri()})
        return self.diagnostics()

    def hover(self, path, line, character):
        answer = self.ask(
            "textDocument/hover",
            textDocument={"uri": path.as_uri()},
            position={"line": line, "character": character},
        )
        return answer and answer["contents"]["value"]

    def actions(self, path, its_range, *only):
        context = {"diagnostics": [], **({"only": list(only)} if only else {})}
        return self.ask(
            "textDocument/codeAction",
            textDocument={"uri": path.as_uri()},
            range=its_range,
            context=context,
        )


def edits_of(action, path):
    """The edits of a code action, which are all of one document."""
    (change,) = action["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == path.as_uri()
    return change["edits"]
