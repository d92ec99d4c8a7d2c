#!/usr/bin/python3
"""fleet_page_test.py CLUSTER FLEET: opens `report fleet format=html` of a fleet in a real browser, and looks for words.

FLEET is a file for `cluster load`.  The browser is Chromium, spoken to in the W3C's protocol for drivers, without a
library.  With SHOTS=FOLDER in the environment the pictures that it makes stay there, for somebody to look at.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import xml.etree.ElementTree

CLUSTER, FLEET = sys.argv[1:3]
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Down": "\ue015", "Up": "\ue013", "Tab": "\ue004"}
HOSTILE = "</script><script>throw Error('bad')</script><!-- <b title=\"x'\"> & ü \u2028 \\u003c ]]>"
# They mean the same in the page as to `cluster`.
WORDS = """
n1 | n[1-2] | n[1-2],c1 | n? | n* | vm-container | compute | rack0 | rack1 | all | failing | free | vm | v%
@gpu | @new | groups=gpu* | site=Uni* | gpu_model=A100 | gpu_model=10de:26b9 | gpu_model=l40s | rack=0 | rack=[0-1]
n*!n1 | n*,!n[1-2] | vm-container&rack0 | n*^n1 | all !vm | !n1 | !rack0 !v* | n1 & all | project=a*c | appliance=vm-c*
""".replace("\n", " | ")
# What a page cannot know, and what `cluster` refuses, too.
REFUSED = ["nobody", "rack7", "n[9-010]", "n[", "n1!", "&", "x*", "@none", "^file", "-", "colour=red",
           "bmc_password=*", "n1 !n1", "'"]


def cluster(*words, status=0):
    done = subprocess.run([CLUSTER, *words], capture_output=True, text=True, check=False)
    if done.returncode != status:
        sys.exit(f"cluster {' '.join(words)}: {done.returncode}: {done.stderr}")
    return done.stdout


def hold(right, what):
    if not right:
        raise AssertionError(what)


class Browser:
    """A session with chromedriver."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
        )
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            if not line:
                raise AssertionError("chromedriver did not start")
            port = re.search(r"started successfully on port (\d+)", line)
        self.base = f"http://127.0.0.1:{port[1]}/session"
        arguments = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        wanted = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.send("", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/" + session["sessionId"]

    def send(self, path, body=None, method="POST"):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def tell(self, command, **parameters):
        return self.send("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, script, *arguments):
        return self.send("/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, keys):
        """To whatever has the focus, as a keyboard does."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def type(self, text):
        self.press([KEYS[text]] if text in KEYS else text)

    def size(self, width, height):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def shot(self, name):
        picture = base64.b64decode(self.send("/screenshot", method="GET"))
        hold(picture.startswith(b"\x89PNG") and len(picture) > 5000, f"{name}: no picture")
        if os.environ.get("SHOTS"):
            with open(os.path.join(os.environ["SHOTS"], name + ".png"), "wb") as file:
                file.write(picture)

    def said(self):
        return self.send("/se/log", {"type": "browser"})

    def end(self):
        try:
            self.send("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait()


SHOWN = """return [...document.querySelectorAll('.open')].filter((button) => button.checkVisibility())
           .map((button) => button.textContent)"""
ANSWER = "return document.getElementById('answer').textContent"
FOCUS = "return document.activeElement.textContent || document.activeElement.id"


def shown(browser):
    return sorted(browser.look(SHOWN))


def expanded(*words):
    return sorted(cluster("expand", "host", *words).split())


def look_at_page(browser, page):
    browser.size(1400, 1000)
    browser.send("/url", {"url": "file://" + page})
    everything = shown(browser)
    hold(everything == expanded("all", "!vm"), f"shown: {everything}")
    hold(browser.look(ANSWER).startswith(f"{len(everything)} hosts, "), browser.look(ANSWER))
    models = browser.look("return document.getElementById('models').textContent")
    hold(HOSTILE in models and "GA100 [A100 PCIe 40GB]" in models, f"models: {models}")
    browser.shot("wide")

    browser.type("/")
    hold(browser.look(FOCUS) == "words", "the key / does not go to the field")
    browser.type("rack1 !c1")
    hold(shown(browser) == expanded("rack1", "!c1"), f"typed rack1 !c1: {shown(browser)}")
    hold(browser.look("return location.hash") == "#q=rack1+%21c1", "the address does not tell what is shown")
    browser.type("Escape")
    hold(shown(browser) == everything, "Escape does not empty the field")
    browser.type("n2x")
    hold(shown(browser) == everything and "'n2x'" in browser.look(ANSWER), "what is not understood filters")
    hold("Not filtered" in browser.look(ANSWER), browser.look(ANSWER))
    browser.type("Escape")

    browser.type("Down")
    browser.type("Down")
    hold(browser.look(FOCUS) == "n2", "arrows do not go from host to host")
    browser.type("Up")
    browser.type("Enter")
    hold(browser.look("return document.activeElement.getAttribute('aria-expanded')") == "true", "Enter opens nothing")
    opened = browser.look("return document.querySelector('.full').textContent")
    for text in (HOSTILE, 'fallen off the "bus"', "v1 (10.2.0.1)", "by hand (libvirt alone)", 'Universität "Süd"'):
        hold(text in opened, f"not in the cards of n1: {text}")
    browser.shot("opened")
    browser.size(400, 1000)
    browser.shot("narrow")
    hold(browser.look("return document.documentElement.scrollWidth") <= 400, "400 pixels are not enough")

    browser.size(1400, 1000)
    browser.send("/url", {"url": f"file://{page}#q=v2&state=in-slices"})
    hold(shown(browser) == ["n1"], "the address of a VM does not lead to its host")
    bright = "return [...document.querySelectorAll('.cards li')].filter((card) => card.checkVisibility() && " \
             "!card.classList.contains('other')).map((card) => card.textContent)"
    hold(len(browser.look(bright)) == 2, f"cards of v2: {browser.look(bright)}")
    browser.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    ground = browser.look("return getComputedStyle(document.body).backgroundColor")
    hold(sum(map(int, re.findall(r"\d+", ground)[:3])) < 150, f"dark is {ground}")
    browser.shot("dark")
    browser.tell("Emulation.setEmulatedMedia", media="print")
    browser.shot("print")
    hold(browser.look("return document.getElementById('words').checkVisibility()"), "print hides its filter")
    browser.tell("Emulation.setEmulatedMedia", media="")


def look_at_reader(browser):
    """What a screen reader has of it: names of roles, and no table without its heads."""
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    hold("Hosts and VMs" in roles.get("searchbox", []), f"the field has no name: {roles.get('searchbox')}")
    hold(any(name.endswith("free") for name in roles["button"]), "the states have no names")
    hold("Host" in roles["columnheader"] and any("n1" in name for name in roles["rowheader"]), "a table without heads")
    hold(all(roles["button"]), "a button without a name")


def look_at_words(browser, page):
    browser.send("/url", {"url": "file://" + page})
    chosen = "try { return [...page.selection.chosen(arguments[0])].map((row) => row.name).sort() } " \
             "catch (error) { if (!(error instanceof Refusal)) throw error; return error.message }"
    for words in filter(None, map(str.strip, WORDS.split(" | "))):
        wanted = expanded(*(words.split() if "& " not in words else [words]))
        found = browser.look(chosen, words)
        hold(found == wanted, f"{words}: the page means {found}, cluster {wanted}")
    for words in REFUSED:
        found = browser.look(chosen, words)
        hold(isinstance(found, str) and found, f"{words}: the page takes it for {found}")


def look_at_part(browser, folder):
    page = write(folder, "part", "rack1", "!c1")
    browser.send("/url", {"url": "file://" + page})
    made = browser.look("return document.getElementById('made').textContent")
    hold("of what these words mean: rack1 !c1" in made, f"a part is taken for the whole: {made}")
    hold(shown(browser) == expanded("rack1", "!c1"), f"rack1 !c1: {shown(browser)}")
    hold(", of rack1 !c1" in cluster("report", "fleet", "rack1", "!c1", "format=svg"), "the same of a picture")


def look_at_empty(browser, folder):
    os.environ["CLUSTER_DB"] = os.path.join(folder, "empty.db")
    cluster("add", "host", "n1")
    page = write(folder, "empty")
    browser.send("/url", {"url": "file://" + page})
    hold(browser.look(ANSWER) == "1 host, 0 cards, 0 free", browser.look(ANSWER))


def write(folder, name, *words):
    page = os.path.join(folder, name + ".html")
    with open(page, "w", encoding="utf-8") as file:
        file.write(cluster("report", "fleet", *words, "format=html"))
    return page


def look_at_picture(browser, folder):
    picture = os.path.join(folder, "fleet.svg")
    text = cluster("report", "fleet", "format=svg")
    with open(picture, "w", encoding="utf-8") as file:
        file.write(text)
    words = " ".join(xml.etree.ElementTree.fromstring(text).itertext())
    for word in ("Rack 1", "n10", "gpupci1 in-vm v1", HOSTILE[:20]):
        hold(word in words, f"not in the picture: {word}")
    browser.size(1000, 400)
    browser.send("/url", {"url": "file://" + picture})
    browser.shot("picture")


def main():
    for program in ("chromedriver", "chromium"):
        if not shutil.which(program):
            print(f"skipped: no {program}")
            sys.exit(77)
    folder = tempfile.mkdtemp()
    os.environ["CLUSTER_DB"] = os.path.join(folder, "cluster.db")
    os.environ["HOME"] = folder  # the browser's own files, too
    browser = None
    try:
        cluster("load", FLEET)
        cluster("set", "host", "attr", "n1", "note", HOSTILE)
        rows = os.path.join(folder, "rows")
        with open(rows, "w", encoding="utf-8") as file:
            file.write("cluster add row gpu host=head name=gpupci1 pci=pci_0000_02_00_0 missing=1 model='%s'\n" %
                       HOSTILE.replace("'", "'\\''"))
        cluster("load", rows)
        page = write(folder, "fleet")
        browser = Browser(folder)
        look_at_page(browser, page)
        look_at_words(browser, page)
        look_at_reader(browser)
        look_at_picture(browser, folder)
        look_at_part(browser, folder)
        look_at_empty(browser, folder)
        hold(browser.said() == [], f"the console: {browser.said()}")
    finally:
        if browser:
            browser.end()
        shutil.rmtree(folder, ignore_errors=True)


main()
