# SPDX-License-Identifier: Apache-2.0
"""`nonzero checks`: every rule is listed and explained, by any tool's name for it."""

import json
import re

import pytest

from program import PASS, USAGE, run

RULES = json.loads(run("checks", "--json").out)["checks"]
NAMES = [rule["rule"] for rule in RULES]


def test_list_names_each_rule_once():
    lines = run("checks").out.decode().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert len(set(NAMES)) == len(NAMES) >= 21


def test_what_cbpp_0002_asks_for_is_marked():
    marked = {rule["rule"] for rule in RULES if rule.get("required")}
    assert marked == {"image-user", "setuid-root", "root-process"}
    for line in run("checks").out.decode().splitlines():
        assert ("required" in line.split()[2:3]) == (line.split()[0] in marked)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_explanation_has_why_fix_sources_and_names(rule):
    result = run("checks", rule["rule"])
    text = " ".join(result.out.decode().split())
    assert result.code == PASS
    assert text.startswith(f"{rule['rule']}: {rule['title']}")
    for part in [rule["why"], rule["remedy"], *rule["names"], *rule["sources"]]:
        assert part in text
    assert rule["sources"], "a rule goes by something"
    assert f"level {rule['level']}" in text and rule["level"].split(";")[0].split()[0] in ("fail", "warn", "info")


@pytest.mark.parametrize("name", ["DL3002", "dl3002", "CIS-DI-0001", "CKV_DOCKER_8", "AVD-DS-0002"])
def test_other_tools_names_work(name):
    assert run("checks", name).out.startswith(b"image-user: ")


def test_one_name_may_mean_several_rules():
    rules = re.findall(rb"^([a-z0-9-]+): ", run("checks", "CIS-DI-0008").out, re.M)
    assert b"setuid-root" in rules and len(rules) > 1


def test_unknown_rule_is_wrong_usage():
    result = run("checks", "setuid-rot\n")
    assert (result.code, result.out) == (USAGE, b"")
    assert b"setuid-rot\\x0a" in result.err and b"nonzero checks" in result.err

