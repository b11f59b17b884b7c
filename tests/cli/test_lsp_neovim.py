# SPDX-License-Identifier: Apache-2.0
"""Neovim, as Debian has it, with the settings that docs/EDITORS.md says: what it shows, and what its
buffer holds when the fixes were applied."""

import json
import os
import re
import subprocess

import program
import pytest
from program import PROGRAM, ROOT, run

DOCKERFILE = "FROM debian:12\nRUN echo '\U0001f600' && chmod u+s /opt/tool\nUSER root\n"

DRIVE = """
local out = io.open(os.getenv('OUT'), 'w')
local function wait(what, is_so)
  if not vim.wait(20000, is_so, 10) then error('waited in vain for ' .. what) end
end
local function found() return vim.diagnostic.get(0) end
wait('diagnostics', function() return #found() > 0 end)
local result = { found = found() }
local client = vim.lsp.get_client_by_id(1)
result.encoding = client.offset_encoding
vim.api.nvim_win_set_cursor(0, { 3, 6 })
local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, 20000)
  return answers[1].result
end
result.hover = ask('textDocument/hover', vim.lsp.util.make_position_params()).contents.value
local params = vim.lsp.util.make_range_params()
params.context = { diagnostics = {}, only = { 'source.fixAll.nonzero' } }
local actions = ask('textDocument/codeAction', params)
vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
result.mended = vim.api.nvim_buf_get_lines(0, 0, -1, false)
vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'FROM debian:12', 'USER 65532:65532' })
wait('no diagnostics', function() return #found() == 0 end)
vim.api.nvim_buf_set_lines(0, -1, -1, false, { 'USER root' })
wait('diagnostics of what was typed', function() return #found() > 0 end)
result.typed = found()
client.stop()
wait('the end', function() return client.is_stopped() end)
out:write(vim.json.encode(result))
out:close()
vim.cmd('qa!')
"""


def settings():
    """The block of docs/EDITORS.md for Neovim before 0.11."""
    text = (ROOT / "docs" / "EDITORS.md").read_text()
    blocks = re.findall(r"```lua\n(.*?)```", text, re.S)
    (block,) = [one for one in blocks if "start_client" in one]
    return block


@pytest.fixture
def talk(tmp_path, tool):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nonzero").symlink_to(PROGRAM)
    (tmp_path / "init.lua").write_text(settings() + "vim.cmd('filetype on')\n")
    (tmp_path / "drive.lua").write_text(f"local ok, why = pcall(function() {DRIVE} end)\n"
                                        "if not ok then print(why); vim.cmd('cq!') end\n")
    work = tmp_path / "work"
    work.mkdir()
    (work / "Dockerfile").write_text(DOCKERFILE)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "OUT": str(tmp_path / "out.json"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [tool("nvim"), "--headless", "--clean", "-u", tmp_path / "init.lua"]
    result = subprocess.run(
        [*command, "-c", f"luafile {tmp_path / 'drive.lua'}", "Dockerfile"],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=program.TIMEOUT,
    )
    assert result.returncode == 0, result.stdout.decode()
    return work, json.loads((tmp_path / "out.json").read_text())


def test_neovim_shows_what_lint_finds_and_mends_as_it_does(talk):
    work, said = talk
    expected = run("lint", "--format", "json", "--no-images", "Dockerfile", cwd=work).subject
    places = [(one["rule"], one["line"] - 1) for one in expected["findings"]]
    assert [(one["code"], one["lnum"]) for one in said["found"]] == places
    line = DOCKERFILE.split("\n")[1]
    for one in said["found"]:
        if one["code"] == "setuid-root":
            # Neovim counts bytes.
            assert line.encode()[one["col"] :].startswith(b"/opt/tool")
    assert "starts as **root** 0" in said["hover"]
    assert "image-user" in [one["code"] for one in said["typed"]]
    run("lint", "--fix", "--no-images", "Dockerfile", cwd=work)
    assert "\n".join(said["mended"]) + "\n" == (work / "Dockerfile").read_text()
