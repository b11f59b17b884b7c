/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rootfs/layer_log.h"

/* The entries of LOG, which was closed, one a line; NULL with its error. */
char *entry_list(NzLayerLog *log, GError **error);
