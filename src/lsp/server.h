/* SPDX-License-Identifier: Apache-2.0 */
/* A server of the Language Server Protocol 3.17 on two pipes: it judges what is open in an editor
 * as it is typed. One message is answered after the other; nothing is ever written but answers. */
#pragma once

#include <stdio.h>

#include "lsp/document.h"

/* As `nonzero lint --no-images` judges. */
extern const NzJudge nz_lsp_judge;

/* Serves until the editor is done. The exit code: 0 after "shutdown" and "exit", 1 when the editor
 * went away without, 2 when it could not be understood any more. */
int nz_lsp_serve(FILE *in, FILE *out, const NzJudge *judge);
