"""The html report in a real browser: what a reader sees, finds, prints, and what a hostile name
cannot do."""

import re
import shutil
import unicodedata

import pytest
from browser import BINARIES, Browser
from conftest import unavailable
from oddimage import Image, Layer, docker_archive
from oddtar import archive, capability, directory, file
from program import ERROR, FAIL, PASS, run

PACKAGES = {
    "login": ["usr/bin/su", "usr/bin/newgrp"],
    "mount": ["bin/mount"],
    "iputils-ping": ["bin/ping"],
}


def dpkg():
    """The package database that says who owns what."""
    yield directory("var/lib/dpkg/info")
    for name, paths in PACKAGES.items():
        body = "".join(f"/{path}\n" for path in paths)
        yield file(f"var/lib/dpkg/info/{name}.list", 0o644, body=body)
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n" for name in PACKAGES
    )
    yield file("var/lib/dpkg/status", 0o644, body=status)


BASE = Layer(
    archive(
        file("usr/bin/su", 0o4755),
        file("usr/bin/newgrp", 0o4755),
        file("bin/mount", 0o4755),
        file("bin/ping", xattrs={"security.capability": capability(1 << 13)}),
        *dpkg(),
    ),
    created_by="ADD base in /",
)
OWN = Layer(
    archive(file("app/helper", 0o4755), file("app/group", 0o2755), file("app/inert", 0o4644)),
    created_by="COPY dist/ /app/",
)
FAILS = Image([BASE, OWN], user=None)
CLEAN = Image([archive(file("bin/app"))], user="65532:65532", tags=("example.com/clean:1",))
LOST = Image([archive(file("bin/app"))], user="nobody", tags=("example.com/lost:1",))
WARNED = Image([archive(file("bin/app", 0o2755))], tags=("example.com/warned:1",))

# The findings of FAILS: level, rule, path, package, layer.
FOUND = [
    ("fail", "image-user", "", "", None),
    ("fail", "setuid-root", "/app/helper", "", 1),
    ("fail", "setuid-root", "/bin/mount", "mount", 0),
    ("fail", "setuid-root", "/usr/bin/newgrp", "login", 0),
    ("fail", "setuid-root", "/usr/bin/su", "login", 0),
    ("warn", "file-capabilities", "/bin/ping", "iputils-ping", 0),
    ("warn", "setgid-root", "/app/group", "", 1),
    ("info", "setuid-inert", "/app/inert", "", 1),
]
PATHS = sorted(path for _, _, path, _, _ in FOUND if path)


def start(**knobs):
    for name in (*BINARIES, "pdftotext"):
        shutil.which(name) or unavailable(f"needs {name}")
    try:
        return Browser(**knobs)
    except ImportError:
        unavailable("needs python3-selenium")


@pytest.fixture(scope="module")
def browser():
    browser = start()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """pages(image, image, ...) is a report's path; one for each set of images."""
    made = {}
    place = tmp_path_factory.mktemp("pages")

    def pages(*images, code=FAIL):
        key = tuple(map(id, images))
        if key not in made:
            paths = [
                docker_archive(place / f"{len(made)}-{at}.tar", image)
                if isinstance(image, Image)
                else image
                for at, image in enumerate(images)
            ]
            made[key] = place / f"{len(made)}.html"
            result = run("scan", "--format", "html", "--output", made[key], *paths)
            assert result.code == code, result
        return made[key]

    return pages


@pytest.fixture
def page(browser, pages):
    """The report on FAILS, open."""
    browser.emulate()
    browser.open(pages(FAILS))
    return browser


def shown_rows(browser):
    """(level, rule, path) of each row that can be seen, in order."""
    return [
        tuple(row)
        for row in browser.run(
            """return [...document.querySelectorAll('table.found tbody tr:not(.g)')]
               .filter(tr => tr.checkVisibility())
               .map(tr => [tr.cells[0].textContent, tr.cells[1].textContent,
                           tr.cells[2].firstChild?.nodeType === 3
                             ? tr.cells[2].firstChild.textContent : ''])"""
        )
    ]


def shown_paths(browser):
    return sorted(path for _, _, path in shown_rows(browser) if path)


def groups(browser):
    """What each group that can be seen is called -> its number and the paths in it."""
    return {
        name: (int(count), [path for path in paths if path])
        for name, count, paths in browser.run(
            """const found = [];
               for (const tr of document.querySelectorAll('table.found tbody tr')) {
                 if (!tr.checkVisibility()) continue;
                 const cell = tr.cells[0];
                 if (tr.classList.contains('g'))
                   found.push([cell.firstChild.textContent.trim(),
                               cell.querySelector('span').textContent, []]);
                 else
                   found.at(-1)[2].push(tr.cells[2].firstChild?.nodeType === 3
                                        ? tr.cells[2].firstChild.textContent : '');
               }
               return found"""
        )
    }


def element(browser, css):
    return browser.driver.find_element("css selector", css)


def type_filter(browser, text):
    box = element(browser, "#text")
    box.clear()
    box.send_keys(text)
    settle(browser)


def settle(browser):
    """Until what was asked for is drawn."""
    browser.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
    )


def level_counts(browser):
    return browser.run(
        """return Object.fromEntries([...document.querySelectorAll('[name=level]')]
           .map(box => [box.value, +box.parentNode.querySelector('span').textContent]))"""
    )


# What a reader sees -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image, code, verdict, words",
    [
        (FAILS, FAIL, "fail", "starts as root"),
        (CLEAN, PASS, "pass", "starts as a user other than root"),
        (WARNED, PASS, "pass", "passes, with 1 warning"),
        (LOST, FAIL, "unknown", "could not be decided"),
    ],
    ids=["fail", "pass", "warned", "unknown"],
)
def test_verdict_comes_first(browser, pages, image, code, verdict, words):
    browser.emulate()
    browser.open(pages(image, code=code))
    heading = element(browser, "h1")
    assert heading.is_displayed() and heading.location["y"] < 200
    assert heading.text.lower().startswith(verdict)
    assert words in heading.text and image.tags[0] in heading.text
    assert browser.driver.title.startswith(verdict)


def test_every_finding_is_there_once(page):
    assert sorted(row[:3] for row in FOUND) == sorted(shown_rows(page))


def test_it_says_who_the_image_starts_as_and_why(page):
    text = element(page, "article header").text
    assert "root 0:0" in text and "the image names no user" in text


def test_what_to_do_first_names_what_decides_with_its_dockerfile_line(page):
    section = element(page, ".todo")
    assert [one.text for one in section.find_elements("css selector", "ol > li > h4")][:2] == [
        "FAIL image-user",
        "FAIL setuid-root 4",
    ]
    line = section.find_element("css selector", "pre code").text
    assert re.sub(r" \\\n\s*", " ", line) == (
        "RUN chmod a-s /app/helper /bin/mount /usr/bin/newgrp /usr/bin/su"
    )
    source = page.run("return document.querySelector('.meta code').textContent").split()[-1]
    text = run("scan", source).out.decode()
    assert [one.strip() for one in line.splitlines()] == [
        one.strip().removeprefix("as in  ")
        for one in text[text.index("as in  RUN chmod a-s") :].splitlines()[: line.count("\n") + 1]
    ], "as the text report has it"
    assert "USER 65532:65532" in section.text


def test_several_images_and_one_that_cannot_be_read(browser, pages, tmp_path):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"broken")
    browser.open(pages(FAILS, CLEAN, LOST, broken, code=ERROR))
    assert "3 images: 1 pass, 1 fail, 1 unknown; 1 input could not be read" in (
        element(browser, "h1").text
    )
    assert str(broken) in element(browser, ".errors").text
    names = [image.tags[0] for image in (FAILS, CLEAN, LOST)]
    links = browser.driver.find_elements("css selector", "nav a")
    assert [link.text for link in links] == names
    for link, name in zip(links, names):
        target = browser.run("return document.querySelector(arguments[0].hash).innerText", link)
        assert name in target.splitlines()[0] + target.splitlines()[1]
    assert browser.console() == []


def test_notes_are_shown(page):
    assert "diff_ids were not verified" in element(page, "article .notes").text


# Filters ------------------------------------------------------------------------------------------


def test_typing_hides_what_does_not_fit(page):
    type_filter(page, "usr/bin")
    assert shown_paths(page) == ["/usr/bin/newgrp", "/usr/bin/su"]
    assert element(page, "#shown").text == "2 of 8 findings"
    assert list(groups(page)) == ["login"], "a group without rows is hidden"
    type_filter(page, "MOUNT")
    assert shown_paths(page) == ["/bin/mount"], "packages and paths, in any case"
    type_filter(page, "setuid bin")
    assert shown_paths(page) == ["/bin/mount", "/usr/bin/newgrp", "/usr/bin/su"], "all words"
    type_filter(page, "nothing is called this")
    assert shown_rows(page) == []
    assert element(page, "article .filtered").is_displayed()
    element(page, "#reset").click()
    settle(page)
    assert shown_paths(page) == PATHS
    assert element(page, "#shown").text == "8 findings"


def test_levels_and_rules_filter_and_count(page):
    assert level_counts(page) == {"fail": 5, "warn": 2, "info": 1}
    element(page, "[name=level][value=fail]").click()
    assert shown_paths(page) == ["/app/group", "/app/inert", "/bin/ping"]
    element(page, "[name=level][value=fail]").click()
    page.run(
        "const s = document.getElementById('rule'); s.value = 'setuid-root';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert {rule for _, rule, _ in shown_rows(page)} == {"setuid-root"}
    assert level_counts(page) == {"fail": 4, "warn": 0, "info": 0}, "counts are live"
    type_filter(page, "login")
    assert level_counts(page)["fail"] == 2
    options = page.run("return [...document.getElementById('rule').options].map(o => o.text)")
    assert "setuid-root (2)" in options and "setgid-root (0)" in options


def test_keyboard_reaches_the_filter_and_leaves_it(page):
    element(page, "body").send_keys("/")
    assert page.run("return document.activeElement.id") == "text"
    page.driver.switch_to.active_element.send_keys("mount")
    settle(page)
    assert shown_paths(page) == ["/bin/mount"]
    page.driver.switch_to.active_element.send_keys("\ue00c")  # Escape
    settle(page)
    assert shown_paths(page) == PATHS


def test_first_tab_skips_to_the_findings(page):
    element(page, "body").send_keys("\ue004")
    link = page.driver.switch_to.active_element
    assert link.text == "Skip to the findings" and link.location["x"] >= 0
    link.send_keys("\ue007")
    assert page.run("return document.activeElement.id") == "main"


# Groups -------------------------------------------------------------------------------------------

BY_PACKAGE = {
    "The image itself": (1, []),
    "login": (2, ["/usr/bin/newgrp", "/usr/bin/su"]),
    "mount": (1, ["/bin/mount"]),
    "In no package": (3, ["/app/helper", "/app/group", "/app/inert"]),
    "iputils-ping": (1, ["/bin/ping"]),
}


def test_grouped_by_package_by_layer_and_back(page):
    assert groups(page) == BY_PACKAGE
    assert list(groups(page)) == list(BY_PACKAGE), "the worst first"
    element(page, "[name=group][value=layer]").click()
    by_layer = groups(page)
    assert list(by_layer) == [
        "The image itself",
        "Layer 0: ADD base in /",
        "Layer 1: COPY dist/ /app/",
    ]
    for at, name in enumerate(list(by_layer)[1:]):
        expected = [path for _, _, path, _, layer in FOUND if layer == at]
        assert by_layer[name] == (len(expected), by_layer[name][1])
        assert sorted(by_layer[name][1]) == sorted(expected)
    element(page, "[name=group][value=rule]").click()
    assert groups(page)["setuid-root"][0] == 4
    element(page, "[name=group][value=package]").click()
    assert {name: (n, sorted(paths)) for name, (n, paths) in groups(page).items()} == {
        name: (n, sorted(paths)) for name, (n, paths) in BY_PACKAGE.items()
    }
    assert page.console() == []


def test_grouping_keeps_the_filter(page):
    type_filter(page, "bin/")
    element(page, "[name=group][value=layer]").click()
    assert list(groups(page)) == ["Layer 0: ADD base in /"]
    assert groups(page)["Layer 0: ADD base in /"][0] == 4


def test_layer_of_a_finding_leads_to_its_line(page):
    link = element(page, "table.found tbody tr:not(.g) a")
    target = page.run("return document.querySelector(arguments[0].hash).innerText", link)
    assert "ADD base in /" in target and BASE.diff_id in target


# Colours, paper, small screens, no script ---------------------------------------------------------

# The lowest contrast of any text that can be seen against what is behind it (WCAG 2).
CONTRAST = """
const parse = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => {
  const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
  }
  return [255, 255, 255];
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !e.checkVisibility() ||
      ['SCRIPT', 'STYLE'].includes(e.tagName)) continue;
  const [a, b] = [light(parse(getComputedStyle(e).color).slice(0, 3)), light(behind(e))];
  found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), walker.currentNode.textContent]);
}
return [found.length, ...found.sort((x, y) => x[0] - y[0])[0]];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(browser, pages, scheme):
    browser.emulate(scheme)
    browser.open(pages(FAILS, CLEAN, LOST))
    texts, lowest, where = browser.run(CONTRAST)
    assert texts > 100
    assert lowest >= 4.5, where
    back = browser.run("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", back)[:3])) / 3
    assert brightness < 60 if scheme == "dark" else brightness > 200


def test_paper_has_every_finding_and_no_controls(page, tmp_path):
    type_filter(page, "mount")
    text = page.paper(tmp_path / "page.pdf")
    for path in PATHS:
        assert path in text, "whatever is filtered on the screen"
    assert "Group by" not in text and "Copy" not in text
    assert "Nothing here fits" not in text
    assert "RUN setcap -r" in text, "what was folded is unfolded"
    assert shown_paths(page) == ["/bin/mount"], "and the screen is as it was"


def test_small_screen_needs_no_sideways_scrolling(browser, pages):
    browser.emulate(width=360)
    browser.open(pages(FAILS, CLEAN, LOST))
    assert browser.run("return document.documentElement.scrollWidth") <= 360
    assert shown_paths(browser) == PATHS


def test_controls_have_names_and_tables_stay_tables(page):
    for control in page.driver.find_elements("css selector", "input, select, button"):
        if page.run("return arguments[0].checkVisibility()", control):
            assert control.accessible_name, control.get_attribute("outerHTML")
    cell = element(page, "table.found tbody tr:not(.g) td")
    assert cell.aria_role in ("cell", "gridcell")
    assert element(page, "table.found tbody tr:not(.g)").aria_role == "row"
    levels = page.run(
        "return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:])), "no level is left out"


def test_without_script_all_is_there_but_the_filter(pages):
    browser = start(scripts=False)
    try:
        browser.open(pages(FAILS))
        assert shown_paths(browser) == PATHS
        assert groups(browser) == BY_PACKAGE
        assert not element(browser, "#controls").is_displayed()
        assert not browser.driver.find_elements("css selector", "pre button"), "script did not run"
    finally:
        browser.close()


# It stands alone, and nothing breaks out ----------------------------------------------------------


def test_nothing_is_fetched_and_the_console_is_silent(browser, pages):
    path = pages(FAILS)
    browser.open(path)
    type_filter(browser, "x")
    element(browser, "[name=group][value=layer]").click()
    assert browser.requests() == [path.as_uri()]
    assert browser.console() == []
    assert not re.search(
        r"(?:src|href)=[\"']?(?![\"'#]|data:,)", path.read_text()
    ), "names no address"


def test_policy_lets_no_other_script_or_style_run(page):
    page.run(
        """const s = document.createElement('script');
           s.textContent = 'document.title = "owned"';
           document.body.append(s);
           const p = document.createElement('div');
           p.innerHTML = '<p id=x style="color: rgb(1, 2, 3)" onclick="document.title=1">x</p>';
           document.body.append(p);
           document.getElementById('x').click();"""
    )
    assert page.driver.title.startswith("fail")
    assert page.run("return getComputedStyle(document.getElementById('x')).color") != "rgb(1, 2, 3)"
    assert len([line for line in page.console() if "Content Security Policy" in line]) == 3
    policy = element(page, "meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy and "unsafe" not in policy


HOSTILE = [
    b"<script>document.title='owned'</script>",
    b"</script><img src=x onerror=document.title=1>",
    b"</td></tr></table><h1>owned</h1>",
    b"</code></pre></style><h1>owned</h1>",
    b'" onmouseover="document.title=1',
    b"' autofocus onfocus='document.title=1",
    b"a&lt;b&amp;c&#60;",
    b"\x1b[2J\x07",
    b"line\nbreak\rand\ttab",
    b"\xff\xfe\x80",
    "\u202egnp.exe\u2028\ufeff".encode(),
    "\u00e9toile \u65e5\u672c".encode(),
    b"<!--",
    b"`x`",
    b"${x} {{x}}",
]


def printable(name):
    """As names are shown: what is not seen, or is no UTF-8, as \\xNN."""
    text = name.decode("utf-8", "surrogateescape")
    return "".join(
        "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
        if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")
        else char
        for char in text
    )


def test_hostile_names_are_text_and_do_nothing(browser, pages):
    body = "".join(f"Package: {n}\nStatus: install ok installed\n\n" for n in ("<i>pkg</i>",))
    image = Image(
        [
            Layer(
                archive(
                    *[
                        file(b"d" + b"%d/" % at + name.replace(b"/", b"|"), 0o4755)
                        for at, name in enumerate(HOSTILE)
                    ],
                    directory("var/lib/dpkg/info"),
                    file("var/lib/dpkg/status", 0o644, body=body),
                ),
                created_by="RUN </code></ol><script>document.title=1</script>\x1b[31m'\"",
            )
        ],
        user="<script>document.title=1</script>\"'",
        tags=("</title><script>document.title=1</script>",),
    )
    path = pages(image)
    data = path.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data), "no raw control characters"
    data.decode("utf-8")
    browser.emulate()
    browser.open(path)
    expected = sorted(
        f"/d{at}/" + printable(name.replace(b"/", b"|")) for at, name in enumerate(HOSTILE)
    )
    for by in ("package", "layer", "rule"):
        element(browser, f"[name=group][value={by}]").click()
        assert shown_paths(browser) == expected
    type_filter(browser, "<script>")
    assert shown_paths(browser) == [one for one in expected if "<script>" in one]
    browser.run(
        "document.querySelectorAll('*').forEach(e => e.dispatchEvent(new Event('mouseover')))"
    )
    assert browser.driver.title.startswith("fail: </title><script>")
    assert len(browser.driver.find_elements("css selector", "h1")) == 1
    assert len(browser.driver.find_elements("css selector", "script")) == 1
    assert not browser.driver.find_elements("css selector", "img, [onmouseover], [onfocus]")
    assert "RUN </code></ol><script>" in element(browser, ".layers li").text
    assert "\\x1b[31m" in element(browser, ".layers li").text
    assert "USER <script>document.title=1</script>\"'" in element(browser, "article dl").text
    assert browser.console() == []
    assert browser.requests() == [path.as_uri()]
