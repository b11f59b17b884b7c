/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fyaml.h"

NZ_LIBRARY_DEFINE(nz_fyaml, "libfyaml.so.0", NZ_FYAML)
