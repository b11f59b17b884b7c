#!/usr/bin/python3
"""Measures `nonzero lint`: 5,000 Dockerfiles in a folder, and one from start to exit.  bench/run.py
has its tables among the others; by itself it needs no images:

    bench/lint.py [--nonzero PROGRAM] [--files N]
"""

import random

from sources import Sources


BASES = ["debian:12", "debian:bookworm-slim", "ubuntu:24.04", "alpine:3.20", "python:3.12-slim", "node:20-alpine",
         "golang:1.22", "scratch", "gcr.io/distroless/static-debian12", "registry.example.com/team/base:1.4"]
PACKAGES = ["ca-certificates", "curl", "git", "tini", "libpq5", "openssl", "tzdata", "build-essential", "sudo",
            "fuse3", "jq", "unzip"]
USERS = ["1000", "1000:1000", "app", "app:app", "${APP_UID:-1000}:${APP_GID:-1000}", "$APP_USER", "root", "0",
         "nonroot", '"1001"']
STEPS = [
    "RUN mkdir -p /srv/data && chown -R app:app /srv/data && chmod 750 /srv/data",
    "RUN set -eux; \\\n    for f in a b c; do \\\n        install -m 0755 \"bin/$f\" /usr/local/bin/; \\\n    done",
    "RUN --mount=type=cache,target=/root/.cache pip install --no-cache-dir -r requirements.txt",
    "RUN curl -fsSL https://example.com/v${VERSION}/app.tar.gz | tar -xz -C /opt && ln -s /opt/app /usr/bin/app",
    "RUN <<EOF\nset -e\nif [ -f /etc/app.conf ]; then\n  sed -i 's/^#port/port/' /etc/app.conf\nfi\nEOF",
    "COPY --chown=app:app --chmod=0755 . /srv/app/",
    "COPY <<-CONF /etc/app.conf\n\tport = 8080\n\tlog = \"stdout\"\nCONF",
    "ENV PATH=/opt/app/bin:$PATH LANG=C.UTF-8 \\\n    APP_HOME=/srv/app",
    "LABEL org.opencontainers.image.source=\"https://example.com/app\" maintainer=\"team@example.com\"",
    "RUN npm ci --omit=dev && npm cache clean --force",
    "RUN chmod u+s /usr/local/bin/helper",
    "# hadolint ignore=DL3008",
    "HEALTHCHECK --interval=30s CMD [\"curl\", \"-f\", \"http://localhost:8080/\"]",
    "VOLUME [\"/srv/data\"]",
    "EXPOSE 8080 80/tcp",
]


def stage(dice, name, base):
    """A stage's lines."""
    lines = [f"FROM {base}" + (f" AS {name}" if name else ""), "ARG VERSION=1.0", "ARG APP_UID=1000"]
    if base.startswith(("debian", "ubuntu", "python")):
        chosen = " ".join(sorted(dice.sample(PACKAGES, dice.randint(1, 5))))
        lines.append("RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
                     f"        {chosen} \\\n    && rm -rf /var/lib/apt/lists/*")
        lines.append("RUN groupadd -g 1000 app && useradd -u 1000 -g app -M app")
    elif "alpine" in base:
        lines.append(f"RUN apk add --no-cache {dice.choice(PACKAGES)} && addgroup -S app && adduser -S -G app app")
    lines.append("WORKDIR /srv/app")
    lines.extend(dice.sample(STEPS, dice.randint(2, 7)))
    return lines


def dockerfile(number):
    """One of as many different ones as are asked for; always the same."""
    dice = random.Random(number)
    lines = ["# syntax=docker/dockerfile:1", f"# service {number}", "ARG APP_USER=app", ""]
    for index in range(dice.choice([0, 0, 1, 1, 2])):
        lines += stage(dice, f"build{index}", dice.choice(BASES)) + [""]
    lines += stage(dice, "", dice.choice(BASES))
    if dice.random() < 0.8:
        lines.append(f"USER {dice.choice(USERS)}")
    lines.append(dice.choice(['ENTRYPOINT ["/srv/app/run"]', "CMD /srv/app/run --port 8080",
                              'CMD ["gosu", "app", "/srv/app/run"]']))
    return "\n".join(lines) + "\n"


SOURCES = Sources(key="lint", noun="Dockerfile", write=dockerfile, ending=".Dockerfile", word="USER", files=5000, holds="",
                  seconds=0.5, megabytes=24, one_ms=2, runs=10)


if __name__ == "__main__":
    SOURCES.main(__doc__)
