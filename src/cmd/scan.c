/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/output.h"
#include "cmd/scan_common.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

static char *opt_base, *opt_from;
static gboolean opt_all;

static const GOptionEntry options[] = {
    {"format", 'f', 0, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "How to report; the formats stand below", "FORMAT"},
    {"output", 'o', G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, nz_outputs_option,
     "Write the report to FILE; the Nth --output is of the Nth --format", "FILE"},
    {"all", 'a', 0, G_OPTION_ARG_NONE, &opt_all,
     "Judge all images of this host's engines, or of those named instead of images", NULL},
    {"from", 0, 0, G_OPTION_ARG_FILENAME, &opt_from,
     "Judge the images that FILE names, one a line; - is standard input", "FILE"},
    {"jobs", 'j', 0, G_OPTION_ARG_STRING, &nz_scan_args.jobs,
     "How many images at once; with --all and --from as many as there are processors", "N"},
    {"base", 0, 0, G_OPTION_ARG_FILENAME, &opt_base,
     "Say of each finding whether it came from this image, on which the others were built",
     "IMAGE"},
    NZ_SCAN_OPTIONS,
    {NULL},
};

static const char help[] =
    "IMAGE is one of\n"
    "  NAME                         an image of an engine of this host: nginx, app:1.2, an id\n"
    "  containers-storage:NAME      one of Podman, Buildah or CRI-O\n"
    "  docker-daemon:NAME           one of Docker\n"
    "  containerd:[NAMESPACE/]NAME  one of containerd\n"
    "  docker://NAME                one of a registry, as `docker pull` finds it\n"
    "  docker-archive:PATH[:REF]    an archive as `docker save` and `podman save` write it\n"
    "  oci-archive:PATH[:REF]       an OCI image layout in a tar file\n"
    "  oci:PATH[:REF]               an OCI image layout in a directory\n"
    "  dir:PATH                     a root filesystem in a directory\n"
    "  -                            any archive on standard input\n"
    "  PATH                         any of the files and directories, told by its content\n"
    "NAME is a name without its registry, tag or both, a digest, an id or its beginning. Where it "
    "is\n"
    "no file, the engines are asked in this order; with --pull its registry too. REF is a tag, or "
    "@N\n"
    "for the Nth image from 0, and may be left out: all images are judged.\n"
    "\n"
    "Examples:\n"
    "  nonzero scan app.tar\n"
    "  nonzero scan nginx:latest\n"
    "  nonzero scan docker://docker.io/library/nginx:latest\n"
    "  nonzero scan --all\n"
    "  nonzero scan --all docker-daemon --format ndjson\n"
    "  nonzero scan --from images.txt --jobs 4\n"
    "  podman save app | nonzero scan -\n"
    "  nonzero scan --platform linux/arm64 --format json oci:layout:latest\n"
    "  nonzero scan --user 1000 dir:/srv/rootfs\n"
    "  nonzero scan --base oci:debian:12 oci:app:latest\n"
    "  nonzero scan -f sarif -o app.sarif -f json -o app.json -f text app.tar\n";

static int
write_report(gconstpointer report, const char *format, FILE *out, unsigned flags, char **error)
{
  return nonzero_report_write(report, format, out, flags, error);
}

/* --- which images --- */

/* What the run may need, before it is confined; NULL with *CODE set. */
static GStrv
inputs_of(const char *const *images, int *code)
{
  *code = NZ_EXIT_USAGE;
  if (opt_all && opt_from)
    nz_complain("--all contradicts --from");
  else if (opt_all)
    return nz_inputs_engines(images);
  else if (opt_from && images[0])
    nz_complain("--from names the images; %s is one too many", images[0]);
  else if (opt_from) {
    *code = NZ_EXIT_ERROR;
    return nz_inputs_read(opt_from);
  } else if (images[0])
    return g_strdupv((char **)images);
  else
    nz_complain("no image named; `nonzero scan --help` shows how");
  return NULL;
}

static void
add_source(const nonzero_stored *stored, void *data)
{
  if (stored->source)
    g_strv_builder_add(data, stored->source);
}

/* All images of the engines ("ENGINE:"). */
static GStrv
list_all(NzScanRun *run, char **engines)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  for (guint i = 0; engines[i]; i++) {
    g_autofree char *name = g_strndup(engines[i], strlen(engines[i]) - 1);
    nonzero_scanner_images(run->scanner, name, add_source, builder);
  }
  return g_strv_builder_end(builder);
}

/* --- the run --- */

static int
finish(NzScanRun *run)
{
  nonzero_report *report = nonzero_scanner_finish(run->scanner);
  int code = nonzero_report_exit_code(report);
  /* When nothing could be judged there is no report to print. */
  if (nonzero_report_n_subjects(report) > 0 && !nz_scan_run_write(run, write_report, report))
    code = NZ_EXIT_ERROR;
  else if (nonzero_report_n_subjects(report) == 0 && code != NZ_EXIT_ERROR) {
    nz_complain("no image was found: nothing was judged");
    code = NZ_EXIT_ERROR;
  }
  nonzero_report_free(report);
  return code;
}

static int
run_scan(const char *const *images)
{
  int code;
  gboolean many = opt_all || opt_from;
  g_auto(GStrv) inputs = inputs_of(images, &code);
  if (!inputs)
    return code;
  g_autofree char *processors =
      many ? g_strdup_printf("%u", MIN(g_get_num_processors(), NZ_JOBS_MAX)) : NULL;
  if (many)
    nz_outputs_default("summary");
  if (many && !nz_scan_args.jobs)
    nz_scan_args.jobs = processors;
  g_auto(NzScanRun) run = {0};
  code = nz_scan_run_start(&run, (const char *const *)inputs, opt_base);
  if (code != NZ_EXIT_PASS)
    return code;
  g_auto(GStrv) all = opt_all ? list_all(&run, inputs) : g_strdupv(inputs);
  nz_scan_run_expect(&run, g_strv_length(all));
  nonzero_scanner_scan_all(run.scanner, (const char *const *)all);
  nz_scan_run_stop(&run);
  return finish(&run);
}

const NzCommand nz_cmd_scan = {
    .name = "scan",
    .synopsis = "IMAGE... | --all [ENGINE...] | --from FILE",
    .summary = "judge images: do their processes start as non-root, and can they become root?",
    .help = help,
    .add_help = nz_formats_add_help,
    .options = options,
    .run = run_scan,
};
