/* SPDX-License-Identifier: Apache-2.0 */
/* Judges images with libnonzero:
 *
 *   cc judge.c $(pkg-config --cflags --libs nonzero) -o judge && ./judge app.tar
 */
#include <nonzero.h>
#include <stdlib.h>

static void
print_subject(const nonzero_subject *subject)
{
  static const char *const verdicts[] = {"pass", "unknown", "fail"};
  printf("%s: %s, uid %lld\n", nonzero_subject_name(subject),
         verdicts[nonzero_subject_verdict(subject)], (long long)nonzero_subject_uid(subject));
  for (size_t i = 0; i < nonzero_subject_n_findings(subject); i++) {
    const nonzero_finding *finding = nonzero_subject_finding(subject, i);
    const char *path = nonzero_finding_path(finding);
    if (nonzero_finding_level(finding) == NONZERO_LEVEL_FAIL)
      printf("  %s %s: %s\n", nonzero_finding_rule(finding), path ? path : "",
             nonzero_finding_message(finding));
  }
}

int
main(int argc, char **argv)
{
  nonzero_scanner *scanner = nonzero_scanner_new();
  char *error = NULL;
  if (nonzero_scanner_set(scanner, "profile", "cbpp-0002", &error) < 0) {
    fprintf(stderr, "%s\n", error);
    free(error);
  }
  for (int i = 1; i < argc; i++)
    nonzero_scanner_scan(scanner, argv[i]);
  nonzero_report *report = nonzero_scanner_finish(scanner);
  nonzero_scanner_free(scanner);

  for (size_t i = 0; i < nonzero_report_n_subjects(report); i++)
    print_subject(nonzero_report_subject(report, i));
  for (size_t i = 0; nonzero_report_error(report, i); i++)
    fprintf(stderr, "%s: %s\n", nonzero_report_error_source(report, i),
            nonzero_report_error(report, i));
  int code = nonzero_report_exit_code(report);
  nonzero_report_free(report);
  return code;
}
