/* SPDX-License-Identifier: Apache-2.0 */
#include "build/expand.h"
