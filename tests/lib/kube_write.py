"""The same manifest in many hands: an object as YAML or JSON of a random style, with comments.

`Writer(random).write(value)` gives text that reads as the value.
"""

import json

PLAIN = ("a", "web", "numeric", "named", "data", "/data", "v1", "Pod", "p", "Always", "example.com/x")


class Writer:
    def __init__(self, random):
        self.random = random
        self.step = random.choice((2, 2, 4, 3))
        self.dash = random.choice((0, 2))
        self.comments = random.random() < 0.5
        self.blank = random.random() < 0.3
        self.quote = random.choice(('"', "'", ""))
        self.eol = random.choice(("\n", "\n", "\n", "\r\n"))

    def write(self, value):
        kind = self.random.choice(("block", "block", "block", "flow", "json"))
        if kind == "json":
            indent = self.random.choice((None, 1, 2, 4, "\t"))
            separators = (",", ":") if indent is None and self.random.random() < 0.5 else None
            text = json.dumps(value, indent=indent, separators=separators)
        elif kind == "flow":
            text = "".join(f"{key}: {self.flow(one)}\n" for key, one in value.items())
        else:
            text = "".join(self.entry(key, one, 0) for key, one in value.items())
            text = self.random.choice(("", "---\n", "# top\n")) + text
        text = text.rstrip("\n") + self.random.choice(("\n", "\n", ""))
        return text.replace("\n", self.eol)

    def scalar(self, value):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if value in PLAIN and self.random.random() < 0.8:
            return f"{self.quote}{value}{self.quote}"
        return json.dumps(value)

    def flow(self, value):
        space = self.random.choice(("", "", " "))
        if isinstance(value, dict):
            inner = ", ".join(f"{key}: {self.flow(one)}" for key, one in value.items())
            return f"{{{space}{inner}{space}}}" if inner else "{}"
        if isinstance(value, list):
            return f"[{space}{', '.join(self.flow(one) for one in value)}{space}]" if value else "[]"
        return self.scalar(value)

    def comment(self, indent):
        above = ""
        if self.blank and self.random.random() < 0.2:
            above += "\n"
        if self.comments and self.random.random() < 0.2:
            above += " " * indent + "# why\n"
        return above

    def tail(self):
        return "  # so\n" if self.comments and self.random.random() < 0.2 else "\n"

    def entry(self, key, value, indent):
        head = self.comment(indent) + " " * indent + f"{key}:"
        if not value and value is not False and value != 0 and self.random.random() < 0.5:
            return head + (self.tail() if isinstance(value, dict) else f" {self.flow(value)}\n")
        if not isinstance(value, (dict, list)) or not value or self.random.random() < 0.15:
            return f"{head} {self.flow(value)}{self.tail()}"
        if isinstance(value, dict):
            return head + self.tail() + self.map(value, indent + self.step)
        return head + self.tail() + "".join(self.item(one, indent + self.dash) for one in value)

    def map(self, value, indent):
        return "".join(self.entry(key, one, indent) for key, one in value.items())

    def item(self, value, indent):
        above = self.comment(indent)
        if not isinstance(value, dict) or not value or self.random.random() < 0.1:
            return above + " " * indent + f"- {self.flow(value)}\n"
        body = self.map(value, indent + 2)
        # What stands above the first key cannot stand between the dash and it.
        while body.lstrip(" ").startswith(("#", "\n")):
            body = body.split("\n", 1)[1]
        return above + " " * indent + "- " + body[indent + 2 :]
