#!/bin/sh
# Builds the images that bench/run.py measures.  Run as root; needs Debian's package mirror once.
#
#   bench/make-images.sh [OUTDIR]        (default: build/bench)
#
# Idempotent: what is there is kept; delete a file to have it made again.  About 11 GB when done.
#
#   root.tar          a Debian root of about 1.2 GB and 25,000 entries
#   plain.tar         it as an old docker-archive, one uncompressed layer
#   six-plain.tar     the same files over six layers (source of six-gz.tar)
#   one-gz.tar        OCI archive, one gzip layer       one-gz.layer    that layer's blob
#   six-gz.tar        OCI archive, six gzip layers
#   one-zstd.tar      OCI archive, one zstd layer       one-zstd.layer  that layer's blob
#   one-gz.oci/       one-gz.tar unpacked, for umoci
#   tiny.tar          docker-archive of a few kilobytes
#   many.tar          docker-archive, one layer of 3,000,000 entries
#   many-gz.tar       the same as an OCI archive, gzip
#
# and the stores of engines and the registry that make_stores.py fills.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../build/bench}
entries=3000000
packages=build-essential,clang,openjdk-17-jdk-headless,postgresql,nginx-light,apache2,python3
packages=$packages,git,iputils-ping,sudo

missing=
for pair in mmdebstrap:mmdebstrap skopeo:skopeo zstd:zstd igzip:isal bsdtar:libarchive-tools \
    umoci:umoci time:time podman:podman /usr/sbin/dockerd:docker.io /usr/bin/docker:docker.io containerd:containerd \
    docker-registry:docker-registry ctr-remote:stargz-snapshotter; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ]; then
    echo "make-images: installing$missing" >&2
    # shellcheck disable=SC2086  # a list of package names
    apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $missing >/dev/null
fi

mkdir -p "$out"
cd "$out"
TMPDIR=$PWD/tmp
export TMPDIR
mkdir -p "$TMPDIR"
trap 'rm -rf "$TMPDIR" ./*.part' EXIT

wanted() {
    [ -e "$1" ] && return 1
    echo "make-images: $1" >&2
}

# The layer's blob out of an OCI archive with one layer: its largest blob.
extract_layer() {
    blob=$(tar -tvf "$1" | sort -k3 -n | awk 'END { print $NF }')
    tar -xOf "$1" "$blob" >"$2.part"
    mv "$2.part" "$2"
}

to_oci() { # FROM TO skopeo-options...
    from=$1 to=$2
    shift 2
    skopeo --insecure-policy copy --quiet "$@" "docker-archive:$from" "oci-archive:$to.part:latest"
    mv "$to.part" "$to"
}

if wanted root.tar; then
    mmdebstrap --quiet --mode=root --variant=minbase \
        --aptopt='APT::Install-Recommends "false"' --include="$packages" bookworm root.part.tar
    mv root.part.tar root.tar
fi
if wanted plain.tar; then /usr/bin/python3 "$here/images.py" plain root.tar plain.tar; fi
if wanted six-plain.tar; then /usr/bin/python3 "$here/images.py" split root.tar six-plain.tar 6; fi
if wanted one-gz.tar; then to_oci plain.tar one-gz.tar; fi
if wanted six-gz.tar; then to_oci six-plain.tar six-gz.tar; fi
if wanted one-zstd.tar; then to_oci plain.tar one-zstd.tar --dest-compress-format zstd; fi
if wanted one-gz.layer; then extract_layer one-gz.tar one-gz.layer; fi
if wanted one-zstd.layer; then extract_layer one-zstd.tar one-zstd.layer; fi
if wanted one-gz.oci; then
    mkdir one-gz.oci.part
    tar -xf one-gz.tar -C one-gz.oci.part
    mv one-gz.oci.part one-gz.oci
fi
if wanted tiny.tar; then /usr/bin/python3 "$here/images.py" tiny tiny.tar; fi
if wanted many.tar || wanted many-gz.tar; then
    /usr/bin/python3 "$here/images.py" many many.tar many-gz.tar "$entries"
fi
/usr/bin/python3 "$here/make_stores.py" .
