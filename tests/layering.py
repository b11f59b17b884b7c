#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds src/ to the table in docs/ARCHITECTURE.md: which folder may include which."""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "core": set(),
    "rootfs": {"core"},
    "image": {"core", "rootfs", "fetch"},  # fetch/protocol.h alone: see ONLY
    "fetch": {"core", "image", "confine"},
    "check": {"core", "rootfs"},
    "confine": {"core"},
    "store": {"core", "confine"},
    "scan": {"core", "rootfs", "image", "check", "store"},
    "build": {"core", "check"},
    "fix": {"core", "check", "build", "kube"},
    "kube": {"core", "check", "build"},
    "lint": {"core", "check", "build", "fix", "kube"},
    "policy": {"core", "check"},
    "runtime": {"core", "check", "image", "policy"},
    "report": {"core", "check"},
    "api": {"core", "image", "build", "check", "confine", "fix", "lint", "scan", "store", "policy", "report"},
    "lsp": {"core", "check", "confine", "build", "lint", "policy"},
    "cmd": {"core", "image", "check", "fix", "lsp", "policy", "report", "runtime", "store"},
    "watch": {"core", "check", "cmd", "policy", "report", "runtime"},  # cmd: its options: see ONLY
    "docs": {"core", "store", "image", "check", "policy", "report", "cmd"},
}

# Of some folders only these headers.
ONLY = {
    ("image", "fetch"): {"protocol.h"},
    ("watch", "cmd"): {"complain.h", "outlet_options.h", "policy_options.h", "watch_options.h"},
    ("cmd", "runtime"): {"container.h"},
    ("fetch", "image"): {"digest.h", "json.h", "reference.h", "toml.h"},
}


def main(root):
    wrong = []
    for path in sorted(pathlib.Path(root).glob("*/*.[ch]")):
        folder = path.parent.name
        if folder not in MAY_INCLUDE:
            wrong.append(f"{path}: {folder} is not in the table")
            continue
        for other, header in re.findall(r'^#include "(\w+)/([\w.]+)"', path.read_text(), re.M):
            if header not in ONLY.get((folder, other), {header}):
                wrong.append(f"{path}: {folder} may not include {other}/{header}")
            if other != folder and other not in MAY_INCLUDE[folder]:
                wrong.append(f"{path}: {folder} may not include {other}")
    print("\n".join(wrong) or "layering: as docs/ARCHITECTURE.md says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "src"))
