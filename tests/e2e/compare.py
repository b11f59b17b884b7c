"""Findings of nonzero against the files of a judge's tree."""


def rules_for(file):
    """The rules under which one privileged file belongs, as execve(2) treats its mode."""
    mode, rules = int(file.mode, 8), set()
    if mode & 0o4000:
        runs = mode & 0o111
        rules.add("setuid-inert" if not runs else "setuid-root" if file.uid == 0 else "setuid-other")
    if mode & 0o2000:  # without group x the bit means mandatory locking
        runs = mode & 0o010
        rules.add("setuid-inert" if not runs else "setgid-root" if file.gid == 0 else "setgid-other")
    if file.capable:
        rules.add("file-capabilities")
    return rules


def problems(found, files):
    """Every difference, as text: found is kit.file_findings(), files a judge's {path: File}."""
    wrong = [f"{path}: not reported: {files[path]}" for path in sorted(files.keys() - found.keys())]
    wrong += [f"{path}: reported ({', '.join(sorted(found[path]))}) and not privileged in the tree"
              for path in sorted(found.keys() - files.keys())]
    for path in sorted(files.keys() & found.keys()):
        file, rules = files[path], found[path]
        for rule, finding in sorted(rules.items()):
            said = (finding.get("mode"), finding.get("uid"), finding.get("gid"))
            if said != (file.mode, file.uid, file.gid):
                wrong.append(f"{path}: {rule} says mode, uid, gid {said}; the tree has {file}")
        if rules.keys() != rules_for(file):
            wrong.append(f"{path}: {file} is reported as {sorted(rules)}; expected {sorted(rules_for(file))}")
    return wrong


def assert_same_files(found, files, about=""):
    wrong = problems(found, files)
    assert not wrong, f"{about}\n" + "\n".join(wrong)


def assert_same_trees(one, other, names=("umoci", "overlay")):
    """Judge against judge."""
    wrong = [f"{path}: {names[0]} {one.get(path)}, {names[1]} {other.get(path)}"
             for path in sorted(one.keys() | other.keys()) if one.get(path) != other.get(path)]
    assert not wrong, "the judges disagree:\n" + "\n".join(wrong)
