"""What a case of the tables of mended manifests is.

Images: `numeric` starts as 1000, `named` as app, whom its passwd makes 1000:1001, `root` as root;
`unknown` is not at hand.
"""

from dataclasses import dataclass

from kube_images import IMAGES
from oddimage import oci_archive

POD = " apiVersion: v1\n kind: Pod\n metadata: {name: p}\n spec:\n"
CASES = {}


@dataclass(frozen=True)
class Case:
    """`refused` are words of what is told instead of done."""

    before: bytes
    after: bytes
    args: tuple
    refused: tuple

    @property
    def suffix(self):
        return ".json" if self.before.startswith(b"{") else ".yaml"


def case(name, lines, *, args=(), refused=(), eol="\n", end="\n", bom=False):
    """LINES begin with a blank, + (only after) or - (only before). END is that of the last line."""
    sides = []
    for sign in "-+":
        kept = [line[1:] for line in lines.splitlines() if line[0] in (" ", sign)]
        text = "\n".join(kept) + end
        sides.append(("\ufeff" * bom + text.replace("\n", eol)).encode())
    assert name not in CASES, name
    CASES[name] = Case(*sides, args, refused)


def image_args(place):
    """Writes the images; the arguments that join them."""
    named, root = (oci_archive(place / f"{name}.tar", IMAGES[name]) for name in ("app", "none"))
    return ("--images", "none", "--image", "numeric=1000", "--image", f"named=oci-archive:{named}",
            "--image", f"root=oci-archive:{root}")
