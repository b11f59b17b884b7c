"""The images of the tables of manifests: tiny OCI archives, each for one way to say who it runs as."""

from kube_case import image_name
from oddimage import Image, oci_archive
from oddtar import archive, file

ROOT = b"root:x:0:0:root:/root:/bin/sh\n"
GROUPS = b"root:x:0:\napp:x:1001:\ngrp:x:2000:\n"


def image(user, passwd=None):
    files = [file("bin/app")]
    if passwd is not None:
        files += [file("etc/passwd", body=ROOT + passwd), file("etc/group", body=GROUPS)]
    return Image([archive(*files)], user=user)


APP = b"app:x:1000:1001::/:/bin/sh\n"
TOOR = b"app:x:0:0::/:/bin/sh\n"

IMAGES = {
    "none": image(None),
    "empty": image(""),
    "zero": image("0"),
    "zeros": image("00"),
    "plus-zero": image("+0"),
    "hex-zero": image("0x0"),
    "zero-group": image("0:1000"),
    "only-group": image(":1000"),
    "colon": image(":"),
    "1000": image("1000"),
    "1000-passwd": image("1000", APP),
    "1000-group-0": image("1000:0"),
    "1000-group": image("1000:2000"),
    "1000-group-passwd": image("1000:2000", APP),
    "app": image("app", APP),
    "app-grp": image("app:grp", APP),
    "app-group-0": image("app:0", APP),
    "app-is-0": image("app", TOOR),
    "app-missing": image("app", b""),
    "app-no-passwd": image("app"),
    "root": image("root", b""),
    "root-no-passwd": image("root"),
    "root-renamed": Image([archive(file("etc/passwd", body=b"root:x:1000:1000::/:\n"))], user="root"),
    "largest": image("2147483647"),
    "too-large": image("2147483648"),
    "far-too-large": image("99999999999999999999"),
    "negative": image("-1"),
}

# Images of which only the user is told, as --image NAME=USER.
USERS = {
    "told-0": "0",
    "told-1000": "1000",
    "told-root": "root",
    "told-app": "app",
    "container-admin": "ContainerAdministrator",
    "container-user": "ContainerUser",
}


def image_args(place):
    """Writes the archives; the arguments that join them."""
    place.mkdir(exist_ok=True)
    args = ["--images", "none"]
    for name, one in IMAGES.items():
        archive_path = oci_archive(place / f"{name}.tar", one)
        args += ["--image", f"{image_name(name)}=oci-archive:{archive_path}"]
    for name, user in USERS.items():
        args += ["--image", f"{image_name(name)}={user}"]
    return tuple(args)
