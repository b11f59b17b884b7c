/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON documents share. */
#pragma once

#include "report/jsonw.h"
#include "report/report.h"

void nz_json_write_user(NzJsonw *w, const NzUser *user);
void nz_json_write_finding(NzJsonw *w, const char *key, const NzFinding *f);
void nz_json_write_notes(NzJsonw *w, const GPtrArray *notes);
