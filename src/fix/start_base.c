/* SPDX-License-Identifier: Apache-2.0 */
/* What an image starts by its base image's ENTRYPOINT and CMD, and whether that is known to do
 * without root. */
#include <string.h>

#include "core/text.h"
#include "fix/fix_private.h"

/* Programs that are told what to do. */
static const char *const harmless[] = {"tini",
                                       "dumb-init",
                                       "catatonit",
                                       "sh",
                                       "bash",
                                       "dash",
                                       "ash",
                                       "env",
                                       "node",
                                       "bun",
                                       "deno",
                                       "python",
                                       "python3",
                                       "ruby",
                                       "irb",
                                       "perl",
                                       "php",
                                       "java",
                                       "jshell",
                                       "dotnet",
                                       "mvn",
                                       "gradle",
                                       "go",
                                       "cargo",
                                       "R",
                                       "lua",
                                       "julia",
                                       "erl",
                                       "iex",
                                       "elixir",
                                       "swift",
                                       "pwsh",
                                       "ghci",
                                       "__cacert_entrypoint.sh",
                                       "nvidia_entrypoint.sh",
                                       "docker-php-entrypoint",
                                       NULL};

/* Images of distributions and languages: they start a shell or an interpreter, or by a script that
 * only starts what it is told. */
static const char *const plain_images[] = {"almalinux",
                                           "alpine",
                                           "amazoncorretto",
                                           "amazonlinux",
                                           "archlinux",
                                           "aspnet",
                                           "base",
                                           "buildpack-deps",
                                           "bun",
                                           "busybox",
                                           "centos",
                                           "cuda",
                                           "debian",
                                           "deno",
                                           "eclipse-temurin",
                                           "elixir",
                                           "erlang",
                                           "fedora",
                                           "fedora-minimal",
                                           "gcc",
                                           "golang",
                                           "gradle",
                                           "haskell",
                                           "julia",
                                           "leap",
                                           "maven",
                                           "minideb",
                                           "node",
                                           "openjdk",
                                           "oraclelinux",
                                           "perl",
                                           "php",
                                           "pypy",
                                           "python",
                                           "rockylinux",
                                           "ruby",
                                           "runtime",
                                           "runtime-deps",
                                           "rust",
                                           "sdk",
                                           "tumbleweed",
                                           "ubi",
                                           "ubi-micro",
                                           "ubi-minimal",
                                           "ubi10",
                                           "ubi10-micro",
                                           "ubi10-minimal",
                                           "ubi8",
                                           "ubi8-micro",
                                           "ubi8-minimal",
                                           "ubi9",
                                           "ubi9-micro",
                                           "ubi9-minimal",
                                           "ubuntu",
                                           NULL};

static const char *
base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static gboolean
is_plain_image(const NzBuild *build)
{
  const char *name = base_name(build->base->name);
  g_autofree char *bare = g_strndup(name, strcspn(name, ":@"));
  /* Of PHP some start a server, unless they are told otherwise. */
  if (strcmp(bare, "php") == 0 && !build->cmd && (strstr(name, "apache") || strstr(name, "fpm")))
    return FALSE;
  return g_strv_contains(plain_images, bare);
}

/* Where the image itself was looked at, what it does not say is not there. */
static gboolean
is_start_known(const NzBuildBase *base)
{
  return base->entrypoint || base->cmd || base->accounts_whole ||
         base->family == NZ_FAMILY_DISTROLESS || base->family == NZ_FAMILY_SCRATCH;
}

char *
nz_mend_doubt_base_start(const NzMend *self)
{
  const NzBuild *build = self->build;
  const NzBuildBase *base = build->base;
  g_autoptr(NzUser) user = nz_accounts_resolve(build->state->accounts, base->user);
  if (build->entrypoint || is_plain_image(build) || (base->user && user->state == NZ_USER_NON_ROOT))
    return NULL;
  g_autofree char *name = nz_printable(base->name, -1);
  if (!is_start_known(base))
    return g_strdup_printf("it starts what the base image %s does, and whether that does without "
                           "root is not known",
                           name);
  char *const *start = base->entrypoint && base->entrypoint[0] ? base->entrypoint
                       : build->cmd                            ? NULL
                                                               : base->cmd;
  if (!start || !start[0] || g_strv_contains(harmless, base_name(start[0])))
    return NULL;
  g_autofree char *program = nz_printable(start[0], -1);
  return g_strdup_printf("it starts %s of the base image %s, and what that does as root is not "
                         "known",
                         program, name);
}
