/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of a report that compares two subjects: NzReport's diff is set. */
#pragma once

#include "report/report.h"

extern const NzReportFormat nz_format_diff_text, nz_format_diff_json;
