/* SPDX-License-Identifier: Apache-2.0 */
#include "build/dockerfile.h"
