/* SPDX-License-Identifier: Apache-2.0 */
#include "build/source.h"
