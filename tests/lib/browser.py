"""A real browser without a window, for pages that nonzero writes.

It keeps what a page says on its console and every address that is asked for, so that a test can
hold a page to saying nothing and fetching nothing."""

import base64
import json
import shutil
import subprocess

BINARIES = ("chromium", "chromedriver")


class Browser:
    def __init__(self, *flags, scripts=True):
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service

        options = Options()
        options.binary_location = shutil.which("chromium")
        # Its sandbox wants user namespaces, which root in a container has not; what it shows is our
        # own output.
        for flag in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--window-size=1280,1000",
            *flags,
        ):
            options.add_argument(flag)
        if not scripts:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2}
            )
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(
            service=Service(shutil.which("chromedriver")), options=options
        )

    def close(self):
        self.driver.quit()

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def command(self, name, **args):
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, args)

    def emulate(self, scheme="light", media="", width=1280, height=1000):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, path):
        """A file, after what former pages said and fetched is forgotten."""
        self.console(), self.requests()
        self.driver.get(path.as_uri())

    def console(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Every address that was asked for, but those that carry their data in them."""
        messages = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        urls = [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith("data:")]

    def paper(self, path):
        """The text of the page as printed."""
        path.write_bytes(base64.b64decode(self.command("Page.printToPDF")["data"]))
        return subprocess.run(
            ["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True
        ).stdout
